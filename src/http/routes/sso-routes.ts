import { z } from 'zod';
import type { Logger } from '../../domain/ports.js';
import { PRINCIPAL_KINDS } from '../../domain/principal.js';
import { SwaliError } from '../../errors/swali-error.js';
import { PROVIDER_NAME } from '../../identify/sso/provider-file.js';
import type { ProviderAnswer, SingleSignOn } from '../../identify/sso/single-sign-on.js';
import { type ApiPorts, type ApiRoute, createApiHandler, TENANT_INPUT } from '../create-api-handler.js';
import { type HandOutTokens, SESSION_FORM, SIGNED_IN } from '../hand-out-tokens.js';
import type { CallContext } from '../request-context.js';
import { createSsoCookieJar } from '../sso-cookies.js';

const provider = z.string().regex(PROVIDER_NAME, { error: 'expected the name of a provider' });
const text = z.string().max(4096);

/** What a callback may say (RFC 6749 §4.1.2, RFC 9207); anything else that a provider adds is passed over. */
const ANSWER_KEYS = ['code', 'state', 'iss', 'error', 'error_description'] as const;

const PROVIDERS = z.strictObject({
  providers: z.array(
    z.strictObject({
      name: z.string(),
      label: z.string(),
      protocol: z.enum(['oidc', 'saml']),
      kind: z.enum(PRINCIPAL_KINDS),
    }),
  ),
});

const NOTHING = z.strictObject({});

/** Characters of a reason that are logged. */
const REASON_MAX_CHARACTERS = 200;

/**
 * `/v1/auth/sso`: sign-in by the word of a provider. The browser comes and goes by redirects; what it is to know then
 * stands in the fragment, which no server sees, and tells no more than a code. Identify audits each answer and sign-in.
 */
export function createSsoRoutes(
  sso: SingleSignOn,
  handOut: HandOutTokens,
  { https, publicUrl, logger }: { readonly https: boolean; readonly publicUrl: string | null; readonly logger: Logger },
  ports: ApiPorts,
): readonly ApiRoute[] {
  const jar = createSsoCookieJar(https);
  const page = (fragment: string): string => `${publicUrl ?? ''}/#${fragment}`;

  /** Sends the browser back to the page, with a ticket or with why there is none. */
  async function goOn(name: string, answer: ProviderAnswer, context: CallContext) {
    try {
      const { ticket, wantsCode } = await sso.answer(name, answer, context);
      return { body: {}, redirect: page(wantsCode ? 'sso-code' : 'signed-in'), cookies: jar.setTicket(ticket) };
    } catch (error) {
      const code = error instanceof SwaliError ? error.code : 'INTERNAL';
      // Nobody is sent back for what is no sign-in at all.
      if (code === 'AUTH_SSO_UNKNOWN' || code === 'INTERNAL') throw error;
      const { requestId } = context;
      logger.info({ requestId, code, provider: name, reasons: reasonsOf(error) }, 'sign-in by a provider refused');
      return { body: {}, redirect: page(`sso-failed=${code}`), cookies: [] };
    }
  }

  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/auth/sso',
        access: 'public',
        tenant: 'named',
        input: z.strictObject(TENANT_INPUT),
        output: PROVIDERS,
        limit: 'read',
        audit: null,
        handle: async ({ context }) => ({ body: { providers: [...sso.list(context.tenant)] } }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/auth/sso/:provider/start',
        access: 'public',
        input: z.strictObject({ provider }),
        output: NOTHING,
        limit: 'login',
        // Nothing is known of anybody yet; what comes back is on record.
        audit: null,
        handle: async ({ input }) => {
          try {
            const { address, browser } = await sso.begin(input.provider);
            return { body: {}, redirect: address, cookies: jar.setBrowser(browser) };
          } catch (error) {
            // Somebody clicked on it, and is to see the page again rather than a problem document.
            if (!(error instanceof SwaliError) || error.code !== 'AUTH_SSO_UNAVAILABLE') throw error;
            return { body: {}, redirect: page(`sso-failed=${error.code}`), cookies: [] };
          }
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/auth/sso/:provider/callback',
        access: 'public',
        input: z.object({ provider }).catchall(text),
        output: NOTHING,
        limit: 'login',
        audit: 'single-sign-on',
        handle: async ({ input: { provider: name, ...said }, context }) => {
          const known = ANSWER_KEYS.filter((key) => Object.hasOwn(said, key)).map((key) => [key, said[key] as string]);
          const parameters: Record<string, string> = Object.fromEntries(known);
          const { browser } = jar.read(context.cookies);
          return goOn(name, { protocol: 'oidc', parameters, browser }, context);
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/sso/:provider/acs',
        access: 'public',
        form: true,
        input: z.strictObject({
          provider,
          SAMLResponse: z.string().min(1),
          RelayState: z.string().max(512).optional(),
        }),
        output: NOTHING,
        limit: 'login',
        audit: 'single-sign-on',
        handle: async ({ input, context }) => {
          const { SAMLResponse: response, RelayState: relayState = null } = input;
          return goOn(input.provider, { protocol: 'saml', response, relayState }, context);
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/sso/complete',
        access: 'public',
        input: z.strictObject({ totp: z.string().min(1).max(64).optional(), session: SESSION_FORM }),
        output: SIGNED_IN,
        limit: 'login',
        audit: 'login',
        handle: async ({ input, context }) => {
          const held = { ...jar.read(context.cookies), totp: input.totp ?? null };
          const answer = await handOut(input.session, context, () => sso.complete(held, context));
          return { ...answer, cookies: [...(answer.cookies ?? []), ...jar.clear()] };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/sso/:provider/backchannel-logout',
        access: 'public',
        form: true,
        input: z.object({ provider, logout_token: z.string().min(1).max(16_384) }).catchall(text),
        output: NOTHING,
        limit: 'session',
        audit: 'single-sign-on',
        handle: async ({ input, context }) => {
          await sso.logout(input.provider, input.logout_token, context);
          return { body: {} };
        },
      },
      ports,
    ),
  ];
}

/** Why, in the words of each error on the way, for the operator: what they carry besides may be a token. */
function reasonsOf(error: unknown): readonly string[] {
  const reasons: string[] = [];
  for (let each = error instanceof Error ? error.cause : null; each instanceof Error; each = each.cause)
    reasons.push(each.message.slice(0, REASON_MAX_CHARACTERS));
  return reasons;
}
