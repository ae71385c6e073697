import type { Clock } from '../../domain/ports.js';
import type { PrincipalKind } from '../../domain/principal.js';
import type { Tenant } from '../../domain/tenant.js';
import { SwaliError } from '../../errors/swali-error.js';
import type { Store } from '../../store/store.js';
import type { AccessContext, AccessLog, SignInContext } from '../access-log.js';
import { digestParts } from '../digest.js';
import { digestIdentity, findLinked } from '../external-identities.js';
import { findAccount } from '../find-account.js';
import { createJudgeSecondFactor } from '../judge-second-factor.js';
import { type IssuedTokens, issueTokens } from '../login.js';
import type { Passwords } from '../passwords.js';
import { putOnRecord } from '../put-on-record.js';
import type { SecondFactors } from '../second-factor.js';
import type { Sessions } from '../sessions.js';
import type { Tenants } from '../tenants.js';
import type { Tokens } from '../tokens.js';
import { CODE_TICKET_TTL_MS, createFlows, type ProvenFlow, TICKET_TTL_MS } from './flows.js';
import { createOidcClient, type OidcClient } from './oidc.js';
import type { ProvenIdentity } from './proven-identity.js';
import type { Provider } from './provider.js';
import { createReplays } from './replays.js';
import { createResolveAccount, demandWelcome, type Resolved } from './resolve-account.js';
import { createSamlClient, type SamlClient } from './saml.js';

/** A provider as everybody may see it. */
export interface ListedProvider {
  readonly name: string;
  readonly label: string;
  readonly protocol: 'oidc' | 'saml';
  readonly kind: PrincipalKind;
}

/** What a browser brings back from a provider. */
export type ProviderAnswer =
  | {
      readonly protocol: 'oidc';
      readonly parameters: Readonly<Record<string, string>>;
      /** What {@link SingleSignOn.begin} gave the browser; null where it holds nothing. */
      readonly browser: string | null;
    }
  | { readonly protocol: 'saml'; readonly response: string; readonly relayState: string | null };

/**
 * Sign-in by somebody else's word. Three steps, each once: begin, the provider's answer, and the tokens; the store binds them
 * to one browser (see `flows.ts`). What the provider says is on record before anything is handed out.
 */
export interface SingleSignOn {
  /** Those that sign a tenant's people in. */
  list(tenant: Tenant): readonly ListedProvider[];
  /**
   * @returns where the browser goes, and what it must hold to come back
   * @throws SwaliError `AUTH_SSO_UNKNOWN`, `AUTH_SSO_UNAVAILABLE`, `STORE_UNAVAILABLE`
   */
  begin(provider: string): Promise<{ readonly address: string; readonly browser: string }>;
  /**
   * Judges a provider's answer and finds the account.
   *
   * @returns a ticket for the browser that brought the answer, and whether a code of the second factor is needed too
   * @throws SwaliError `AUTH_SSO_UNKNOWN`, `AUTH_SSO_NOT_BEGUN` (also for sign-ins that the provider began),
   *   `AUTH_SSO_REFUSED`, `AUTH_SSO_DENIED`, `AUTH_SSO_UNAVAILABLE`, `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`
   */
  answer(
    provider: string,
    answer: ProviderAnswer,
    context: AccessContext,
  ): Promise<{ readonly ticket: string; readonly wantsCode: boolean }>;
  /**
   * Signs in, for who holds what both steps handed out. A ticket whose code was wrong or missing may be tried again
   * until it runs out; wrong codes are counted as at any sign-in.
   *
   * @throws SwaliError `AUTH_SSO_NOT_BEGUN`, `AUTH_SSO_DENIED`, `AUTH_SECOND_FACTOR_REQUIRED`, `AUTH_CREDENTIALS_WRONG` for
   *   a wrong code, `RATE_LIMITED` after several, `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`
   */
  complete(
    held: { readonly browser: string | null; readonly ticket: string | null; readonly totp: string | null },
    context: SignInContext,
  ): Promise<IssuedTokens>;
  /**
   * Ends the sessions that a provider's word began, as it says that the person has signed out there.
   *
   * @param token a logout token (OpenID Connect Back-Channel Logout 1.0)
   * @throws SwaliError `AUTH_SSO_UNKNOWN`, `AUTH_SSO_LOGOUT_INVALID`, `AUTH_SSO_UNAVAILABLE`, `AUDIT_UNAVAILABLE`,
   *   `STORE_UNAVAILABLE`
   */
  logout(provider: string, token: string, context: AccessContext): Promise<void>;
}

type Connected = Provider &
  (
    | { readonly protocol: 'oidc'; readonly client: OidcClient }
    | { readonly protocol: 'saml'; readonly client: SamlClient }
  );

/** @param deps.audit where every answer and every sign-in is written before anything leaves */
export function createSingleSignOn(deps: {
  readonly providers: readonly Provider[];
  readonly store: Store;
  readonly clock: Clock;
  readonly tenants: Pick<Tenants, 'isOpen'>;
  readonly passwords: Passwords;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly secondFactors: SecondFactors;
  readonly audit: AccessLog;
}): SingleSignOn {
  const { store, clock, tenants, tokens, sessions, secondFactors, audit } = deps;
  const connected = new Map(deps.providers.map((provider) => [provider.name, connect(provider, clock)]));
  const flows = createFlows({ store, clock });
  const replays = createReplays({ store, clock });
  const resolveAccount = createResolveAccount(deps);
  const judgeSecondFactor = createJudgeSecondFactor({ secondFactors, audit });

  function demandProvider(name: string): Connected {
    const provider = connected.get(name);
    if (!provider) throw new SwaliError('AUTH_SSO_UNKNOWN');
    return provider;
  }

  /** @throws SwaliError `AUTH_SSO_DENIED` where the provider's tenant is closed */
  async function demandOpen({ tenant }: Provider): Promise<void> {
    if (await tenants.isOpen(tenant)) return;
    throw new SwaliError('AUTH_SSO_DENIED', { cause: new Error('its tenant is closed') });
  }

  /** Takes the flow that an answer belongs to, and judges the answer. */
  async function prove(provider: Connected, answer: ProviderAnswer) {
    const id = answer.protocol === 'oidc' ? (answer.parameters.state ?? null) : answer.relayState;
    const browser = answer.protocol === 'oidc' ? answer.browser : undefined;
    const flow = id === null ? null : await flows.take(provider.name, id, browser);
    if (!flow) throw new SwaliError('AUTH_SSO_NOT_BEGUN');
    if (provider.protocol === 'oidc' && answer.protocol === 'oidc')
      return { flow, identity: await provider.client.verify(flow, answer.parameters) };
    if (provider.protocol === 'oidc' || answer.protocol === 'oidc') throw new SwaliError('AUTH_SSO_UNKNOWN');
    const { identity, assertionId } = await provider.client.verify(flow, answer.response);
    if (!(await replays.takeOnce(provider.name, provider.issuer, assertionId))) {
      throw new SwaliError('AUTH_SSO_REFUSED', { cause: new Error('the assertion came before') });
    }
    return { flow, identity };
  }

  /** What of the sign-in the store must know until the tokens are fetched. */
  function describeProven(
    provider: Provider,
    { account, identityDigest }: Resolved,
    identity: ProvenIdentity,
  ): ProvenFlow {
    const { factorValues } = provider;
    return {
      kind: account.kind,
      accountId: account.id,
      identityDigest,
      providerSession: identity.session === null ? '' : digestSession(provider, identity.session),
      factorMet: factorValues !== null && identity.factors.some((each) => factorValues.has(each)),
    };
  }

  return Object.freeze({
    list: (tenant) =>
      [...connected.values()]
        .filter((each) => each.tenant === tenant)
        .map(({ name, label, protocol, kind }) => Object.freeze({ name, label, protocol, kind })),

    async begin(name) {
      const provider = demandProvider(name);
      const { flow, browser } = await flows.begin(provider);
      return { address: await provider.client.begin(flow), browser };
    },

    async answer(name, answer, { requestId, address, userAgent }) {
      const provider = demandProvider(name);
      if (provider.protocol !== answer.protocol) throw new SwaliError('AUTH_SSO_UNKNOWN');
      const { tenant, kind, protocol: method } = provider;
      const about = { requestId, address, userAgent, tenant, kind, method, provider: name };
      const attempt = { event: 'single-sign-on' as const, ...about, action: 'answer' as const };
      try {
        const { flow, identity } = await prove(provider, answer);
        await demandOpen(provider);
        const resolved = await resolveAccount(provider, identity);
        const proven = describeProven(provider, resolved, identity);
        const { account, found, before, after } = resolved;
        if (provider.factorValues && !proven.factorMet) {
          throw new SwaliError('AUTH_SSO_DENIED', { cause: new Error('the provider proved no second factor') });
        }
        const wantsCode = !proven.factorMet && (await secondFactors.isConfirmed(account));
        const ticket = await flows.prove(flow, proven, wantsCode ? CODE_TICKET_TTL_MS : TICKET_TTL_MS);
        const { subject } = account;
        await audit.append({ ...attempt, subject, account: found, before, after, decision: 'accepted', code: null });
        return { ticket, wantsCode };
      } catch (error) {
        const code = error instanceof SwaliError ? error.code : 'INTERNAL';
        const refused = { subject: null, decision: 'refused' as const, code };
        await audit.append({ ...attempt, ...refused, account: null, before: null, after: null });
        // Nobody is in by it either: whoever counts refused sign-ins counts this one.
        await audit.append({ event: 'login', ...about, ...refused });
        throw error;
      }
    },

    async complete({ browser, ticket, totp }, { requestId, address, userAgent }) {
      const proven = browser !== null && ticket !== null ? await flows.read(browser, ticket) : null;
      const provider = proven ? connected.get(proven.provider) : undefined;
      // Without a ticket there is nobody to put on record; that nothing was handed out is told by the code.
      if (!proven || !provider || browser === null || ticket === null) throw new SwaliError('AUTH_SSO_NOT_BEGUN');
      const { kind, accountId } = proven;
      const { tenant } = provider;
      const attempt = {
        event: 'login' as const,
        requestId,
        address,
        userAgent,
        tenant,
        subject: `${kind}:${accountId}`,
        kind,
        method: provider.protocol,
        provider: provider.name,
      };
      const { account, session, refreshToken } = await putOnRecord(audit, attempt, async () => {
        await demandOpen(provider);
        const welcome = demandWelcome(provider, await findAccount(store, kind, { id: accountId }));
        const fault = proven.factorMet
          ? null
          : await judgeSecondFactor(welcome, totp, { requestId, address, userAgent, tenant });
        if (fault) throw fault;
        if (!(await flows.redeem(browser, ticket))) throw new SwaliError('AUTH_SSO_NOT_BEGUN');
        const begun = await sessions.begin({ tenant, kind, accountId }, { address, userAgent }, proven);
        return { account: welcome, ...begun };
      });
      return issueTokens(tokens, session, account.role, refreshToken);
    },

    async logout(name, token, { requestId, address, userAgent }) {
      const provider = demandProvider(name);
      if (provider.protocol !== 'oidc') throw new SwaliError('AUTH_SSO_UNKNOWN');
      const { tenant, kind, protocol: method, issuer } = provider;
      const attempt = {
        event: 'single-sign-on' as const,
        requestId,
        address,
        userAgent,
        tenant,
        subject: null as string | null,
        kind,
        method,
        provider: name,
        action: 'logout' as const,
        account: null,
        before: null,
        after: null,
      };
      const signOut = async (): Promise<string | null> => {
        const notice = await provider.client.verifyLogout(token);
        if (!(await replays.takeOnce(name, issuer, notice.id))) throw new SwaliError('AUTH_SSO_LOGOUT_INVALID');
        const digest =
          notice.subject === null ? '' : digestIdentity({ provider: name, issuer, subject: notice.subject });
        const origin = {
          ...(digest && { identityDigest: digest }),
          ...(notice.session !== null && { providerSession: digestSession(provider, notice.session) }),
        };
        await flows.drop(origin);
        await sessions.endByProvider(origin);
        const linked = digest ? await store.run((db) => findLinked(db, tenant, digest)) : null;
        return linked ? `${linked.kind}:${linked.id}` : null;
      };
      await putOnRecord(audit, attempt, signOut, (subject) => ({ subject }));
    },
  } satisfies SingleSignOn);
}

function connect(provider: Provider, clock: Clock): Connected {
  return provider.protocol === 'oidc'
    ? { ...provider, client: createOidcClient(provider, { clock }) }
    : { ...provider, client: createSamlClient(provider) };
}

/** Of the provider's own session: names of different providers never meet. */
function digestSession({ name, issuer }: Provider, session: string): string {
  return digestParts('swali provider session', name, issuer, session);
}
