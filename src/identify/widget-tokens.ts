import { z } from 'zod';
import { describeSubject } from '../domain/access-event.js';
import type { Clock } from '../domain/ports.js';
import type { Principal } from '../domain/principal.js';
import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import type { AccessContext, AccessLog } from './access-log.js';
import { readAccountId } from './account-id.js';
import { type Account, findAccount } from './find-account.js';
import { parseCustomerNumber } from './identifiers.js';
import { readKeyPower } from './key-power.js';
import { principalOf } from './principal-of.js';
import { type Attempt, putOnRecord } from './put-on-record.js';
import { createSignedClaims, type SignedClaims } from './signed-claims.js';
import type { SigningKeys } from './signing-keys.js';
import type { Tenants } from './tenants.js';
import { parseStoredOrigins } from './widget-origins.js';

/** Longest life of a token, in seconds: fifteen minutes. */
export const WIDGET_TOKEN_MAX_TTL_S = 900;

/** What a token says beside who signed it and until when. */
interface WidgetClaims {
  /** `customer:17`. */
  readonly sub: string;
  readonly kind: 'customer';
  /** Id of the key that it was made with. */
  readonly key: string;
  /** Where it may be sent from. */
  readonly origins: readonly string[];
}

const claimsSchema = z.strictObject({
  sub: z.string().regex(/^customer:[1-9]\d{0,14}$/),
  kind: z.literal('customer'),
  key: z.string().min(1),
  origins: z.array(z.string()).min(1),
});

/** The kind of token that pages carry: no access token, and no access token is one. */
export function createWidgetClaims(options: {
  readonly keys: SigningKeys;
  readonly clock: Clock;
  readonly newId: () => string;
}): SignedClaims<WidgetClaims> {
  return createSignedClaims({ ...options, type: 'widget+jwt', audience: 'swali-widget', schema: claimsSchema });
}

/** Tokens for the pages of a company's own site. */
export interface WidgetTokens {
  /**
   * Makes a token for a customer whom the site's server vouches for. Makes no account.
   *
   * @param issuer the key of the site's server
   * @param wanted.origin the only one of the key's origins that it may be sent from; null for all of them
   * @param wanted.ttlS life in seconds, {@link WIDGET_TOKEN_MAX_TTL_S} at most
   * @throws SwaliError `AUTH_PERMISSION_MISSING` for who is no such key, `AUTH_CUSTOMER_UNKNOWN` alike for a number that no
   *   account has or that cannot be one, and for a disabled account, `AUTH_ORIGIN_REFUSED` for an origin that the key does
   *   not list; `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`
   */
  issue(
    issuer: Principal,
    wanted: { readonly customerNumber: string; readonly origin: string | null; readonly ttlS: number },
    context: AccessContext,
  ): Promise<{ readonly token: string; readonly expiresInS: number }>;
}

type IssueAttempt = Extract<Attempt, { readonly event: 'widget-token' }>;

/** @param deps.audit where every attempt is written before its answer leaves */
export function createWidgetTokens(deps: {
  readonly store: Store;
  readonly signed: SignedClaims<WidgetClaims>;
  readonly audit: AccessLog;
}): WidgetTokens {
  const { store, signed, audit } = deps;
  return Object.freeze({
    async issue(issuer, { customerNumber, origin, ttlS }, context) {
      const { widget } = issuer;
      const key = widget?.part === 'issuer' ? widget.key : null;
      const who = describeSubject(issuer, context);
      const attempt: IssueAttempt = { event: 'widget-token', ...who, key, target: null, origins: [] };
      const made = await putOnRecord(
        audit,
        attempt,
        async () => {
          if (widget?.part !== 'issuer') throw new SwaliError('AUTH_PERMISSION_MISSING');
          const origins = origin === null ? widget.origins : widget.origins.filter((each) => each === origin);
          if (origins.length === 0) throw new SwaliError('AUTH_ORIGIN_REFUSED');
          const { subject: target } = await demandCustomer(store, issuer.tenant, customerNumber);
          const life = Math.min(ttlS, WIDGET_TOKEN_MAX_TTL_S);
          const token = signed.sign({ sub: target, kind: 'customer', key: widget.key, origins }, life);
          return { token, expiresInS: life, target, origins };
        },
        ({ target, origins }) => ({ target, origins }),
      );
      return { token: made.token, expiresInS: made.expiresInS };
    },
  } satisfies WidgetTokens);
}

/** @throws SwaliError `AUTH_CUSTOMER_UNKNOWN` */
async function demandCustomer(store: Store, tenant: Tenant, text: string): Promise<Account> {
  const unknown = (cause?: unknown): never => {
    throw new SwaliError('AUTH_CUSTOMER_UNKNOWN', { cause });
  };
  let number: string;
  try {
    number = parseCustomerNumber(text);
  } catch (error) {
    return unknown(error);
  }
  const account = await findAccount(store, 'customer', { tenant, identifier: number });
  return account?.status === 'active' && account.customerNumber === number ? account : unknown();
}

/**
 * Makes the function that turns a page's token into the customer whom it is for. Read from the store at each request: a
 * revoked or expired key, one whose maker may no longer make tokens, and a disabled account end its tokens at once. The
 * site has signed the customer in, so no second factor is asked for.
 *
 * @returns a function that gives a principal without a session, who may ask and nothing else, from the token's origins; it
 *   throws SwaliError `AUTH_TOKEN_INVALID`, `STORE_UNAVAILABLE`
 */
export function createWidgetAuthenticate(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly tenants: Pick<Tenants, 'isOpen'>;
  readonly signed: SignedClaims<WidgetClaims>;
}): (token: string) => Promise<Principal> {
  const { store, clock, tenants, signed } = deps;
  const refuse = (why: string): never => {
    throw new SwaliError('AUTH_TOKEN_INVALID', { cause: new Error(`widget token: ${why}`) });
  };
  return async (token) => {
    const { key, sub, origins } = signed.verify(token).claims;
    const [row, account] = await Promise.all([
      store.run((db) => db.selectFrom('api_keys').selectAll().where('id', '=', key).executeTakeFirst()),
      findAccount(store, 'customer', { id: readAccountId('customer', sub) }),
    ]);
    if (!row) return refuse('its key is gone');
    const { scopes } = await readKeyPower({ store, tenants }, row, clock());
    if (!scopes.includes('widget:issue')) return refuse('its key makes no tokens');
    if (account?.status !== 'active') return refuse('its account is disabled or gone');
    if (toTenantColumn(account.tenant) !== row.tenant) return refuse('its key is of another tenant');
    const listed = new Set(parseStoredOrigins(row.origins));
    const customer = principalOf(account, null);
    return Object.freeze({
      ...customer,
      permissions: new Set([...customer.permissions].filter((permission) => permission === 'ask')),
      widget: { part: 'page' as const, key, origins: origins.filter((each) => listed.has(each)) },
    });
  };
}
