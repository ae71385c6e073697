import { randomBytes } from 'node:crypto';
import type { Clock } from '../../domain/ports.js';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../../domain/principal.js';
import { toTenantColumn } from '../../domain/tenant.js';
import type { Store } from '../../store/store.js';
import { createSweep } from '../../store/sweep.js';
import { digestSecret } from '../digest.js';
import type { SessionOrigin } from '../sessions.js';
import type { Provider } from './provider.js';

/** How long a provider may take to answer, in milliseconds. */
export const FLOW_TTL_MS = 600_000;

/** How long a ticket waits for its tokens to be fetched, in milliseconds. */
export const TICKET_TTL_MS = 60_000;

/** The same, where a person must first type a code of the second factor. */
export const CODE_TICKET_TTL_MS = 300_000;

/** Random bytes of every id and secret: none can be guessed, so plain digests of them are kept. */
const SECRET_BYTES = 32;

/** A sign-in that was begun. */
export interface BegunFlow {
  /** What the provider gives back: an XML id too. */
  readonly id: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** Who the provider's answer proved, for the one who fetches the tokens. */
export interface ProvenFlow extends SessionOrigin {
  readonly kind: PrincipalKind;
  readonly accountId: number;
}

/** Sign-ins on their way over a provider and back, in the store, so that any replica can go on with them. */
export interface Flows {
  /** @returns the flow, and what the browser must hold to go on. @throws SwaliError `STORE_UNAVAILABLE` */
  begin(provider: Pick<Provider, 'name' | 'tenant'>): Promise<{ readonly flow: BegunFlow; readonly browser: string }>;
  /**
   * Takes a flow that was begun, once.
   *
   * @param browser what the browser holds; undefined where it cannot be asked for: then only {@link Flows.redeem} does
   * @returns null for one that is unknown, another provider's or browser's, was taken before or is too old
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  take(provider: string, id: string, browser: string | null | undefined): Promise<BegunFlow | null>;
  /** Says whom the answer proved. @returns the ticket, for the browser that brought the answer. @throws SwaliError `STORE_UNAVAILABLE` */
  prove(flow: BegunFlow, proven: ProvenFlow, ttlMs: number): Promise<string>;
  /** What a ticket stands for, for the browser that holds both secrets; null for any other. @throws SwaliError `STORE_UNAVAILABLE` */
  read(browser: string, ticket: string): Promise<(ProvenFlow & { readonly provider: string }) | null>;
  /** Uses a ticket up. @returns false where somebody was first. @throws SwaliError `STORE_UNAVAILABLE` */
  redeem(browser: string, ticket: string): Promise<boolean>;
  /** Forgets the tickets of an identity that has signed out at its provider. @throws SwaliError `STORE_UNAVAILABLE` */
  drop(origin: Partial<Pick<SessionOrigin, 'identityDigest' | 'providerSession'>>): Promise<void>;
}

/**
 * @param deps.randomBytes source of randomness
 * @remarks Two browsers are bound, and must be the same: the one that begins holds a secret from then on, the one that
 *   brings the answer gets the ticket, and tokens need both. So nobody can be signed in as the attacker by being sent the
 *   attacker's answer (they lack the first), and nobody's answer, lured out of them, serves the attacker (who lacks the
 *   second). That holds where the answer is posted by a foreign page (SAML), with which browsers send no `SameSite=Lax` cookie.
 */
export function createFlows(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly randomBytes?: (size: number) => Buffer;
}): Flows {
  const { store, clock } = deps;
  const random = deps.randomBytes ?? randomBytes;
  const makeSecret = (): string => random(SECRET_BYTES).toString('base64url');
  const sweep = createSweep(store, (db, now) => db.deleteFrom('sso_flows').where('expires_at', '<=', now).execute());

  return Object.freeze({
    async begin({ name, tenant }) {
      const now = clock();
      await sweep(now);
      // An XML id may not begin with a digit.
      const flow = { id: `_${makeSecret()}`, nonce: makeSecret(), verifier: makeSecret(), createdAt: now };
      const browser = makeSecret();
      await store.run((db) =>
        db
          .insertInto('sso_flows')
          .values({
            tenant: toTenantColumn(tenant),
            digest: digestSecret(flow.id),
            provider: name,
            browser_digest: digestSecret(browser),
            nonce: flow.nonce,
            verifier: flow.verifier,
            stage: 'begun',
            ticket_digest: null,
            kind: '',
            account_id: 0,
            identity_digest: '',
            provider_session: '',
            factor_met: 0,
            created_at: now,
            expires_at: now + FLOW_TTL_MS,
          })
          .execute(),
      );
      return { flow, browser };
    },

    async take(provider, id, browser) {
      if (browser === null) return null;
      return store.run(async (db) => {
        const digest = digestSecret(id);
        let mine = db
          .updateTable('sso_flows')
          .set({ stage: 'answered' })
          .where('digest', '=', digest)
          .where('provider', '=', provider)
          .where('stage', '=', 'begun')
          .where('expires_at', '>', clock());
        if (browser !== undefined) mine = mine.where('browser_digest', '=', digestSecret(browser));
        // Whoever marks it first has it; the count decides between two that come at once.
        if ((await mine.executeTakeFirst()).numUpdatedRows !== 1n) return null;
        const row = await db
          .selectFrom('sso_flows')
          .select(['nonce', 'verifier', 'created_at as createdAt'])
          .where('digest', '=', digest)
          .executeTakeFirst();
        return row ? { id, ...row } : null;
      });
    },

    async prove({ id }, { kind, accountId, identityDigest, providerSession, factorMet }, ttlMs) {
      const ticket = makeSecret();
      await store.run((db) =>
        db
          .updateTable('sso_flows')
          .set({
            stage: 'proven',
            ticket_digest: digestSecret(ticket),
            kind,
            account_id: accountId,
            identity_digest: identityDigest,
            provider_session: providerSession,
            factor_met: factorMet ? 1 : 0,
            expires_at: clock() + ttlMs,
          })
          .where('digest', '=', digestSecret(id))
          .where('stage', '=', 'answered')
          .execute(),
      );
      return ticket;
    },

    async read(browser, ticket) {
      const row = await store.run((db) =>
        db
          .selectFrom('sso_flows')
          .selectAll()
          .where('ticket_digest', '=', digestSecret(ticket))
          .where('browser_digest', '=', digestSecret(browser))
          .where('stage', '=', 'proven')
          .where('expires_at', '>', clock())
          .executeTakeFirst(),
      );
      const kind = PRINCIPAL_KINDS.find((each) => each === row?.kind);
      if (!row || !kind) return null;
      return {
        provider: row.provider,
        kind,
        accountId: row.account_id,
        identityDigest: row.identity_digest,
        providerSession: row.provider_session,
        factorMet: row.factor_met === 1,
      };
    },

    async redeem(browser, ticket) {
      const { numDeletedRows } = await store.run((db) =>
        db
          .deleteFrom('sso_flows')
          .where('ticket_digest', '=', digestSecret(ticket))
          .where('browser_digest', '=', digestSecret(browser))
          .where('stage', '=', 'proven')
          .where('expires_at', '>', clock())
          .executeTakeFirst(),
      );
      return numDeletedRows === 1n;
    },

    async drop({ identityDigest, providerSession }) {
      if (!identityDigest && !providerSession) return;
      await store.run((db) => {
        let mine = db.deleteFrom('sso_flows').where('stage', '=', 'proven');
        if (identityDigest) mine = mine.where('identity_digest', '=', identityDigest);
        if (providerSession) mine = mine.where('provider_session', '=', providerSession);
        return mine.execute();
      });
    },
  } satisfies Flows);
}
