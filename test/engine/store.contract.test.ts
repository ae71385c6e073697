import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAuditLog } from '../../src/audit/append-log.js';
import type { SwaliError } from '../../src/errors/swali-error.js';
import { findAccount } from '../../src/identify/find-account.js';
import { migrateStore, openStore, type Store } from '../../src/store/store.js';
import { describeEngines } from '../engines/engines.js';
import { AUDIT_KEYS } from '../support/audit-keys.js';
import { describeAlertStateContract } from '../unit/audit/alerts/alert-state-contract.js';
import { loginEvent, questionEvent } from '../unit/audit/audit-fixtures.js';
import { describeListing } from '../unit/audit/list-records-contract.js';
import { describeGroupsContract } from '../unit/identify/groups-contract.js';
import { type Identity, openIdentity, PASSWORD, REFRESH_TTL_S } from '../unit/identify/identity-fixtures.js';
import { describeMailedLinksContract } from '../unit/identify/mailed-links-contract.js';
import { describeMailedTokensContract } from '../unit/identify/mailed-tokens-contract.js';
import { describeModelBudgetContract } from '../unit/identify/model-budget-contract.js';
import { describeSecondFactorContract } from '../unit/identify/second-factor-contract.js';
import { describeSsoStoreContract } from '../unit/identify/sso/sso-store-contract.js';
import { describeWidgetContract } from '../unit/identify/widget-contract.js';
import { describeReportsContract } from '../unit/reports/reports-contract.js';
import { describeTurnsContract } from '../unit/store/backup/backup-turns-contract.js';
import { describeKeptTurnsContract } from '../unit/store/kept-turns-contract.js';
import { describeStoreContract } from '../unit/store/store-contract.js';
import { describePromotedContract } from '../unit/translate/promoted/promoted-contract.js';

const CONTEXT = { requestId: 'r1', address: '203.0.113.9', tenant: null, userAgent: 'curl/8' };

// SQLite has its own run of the contract, with what is special to files, in test/unit/store.
describeEngines('the store', 'select 1', (engine) => describeStoreContract(() => engine.url), ['mariadb', 'mysql']);

/** Runs contracts of identity over the servers; SQLite has its own runs of each in test/unit/identify. */
function describeOverIdentity(name: string, ...contracts: readonly ((open: () => Identity) => void)[]): void {
  describeEngines(
    name,
    'select 1',
    (engine) => {
      let identity: Identity;
      beforeAll(async () => {
        identity = await openIdentity(undefined, engine.url);
      });
      afterAll(() => identity.close());
      for (const contract of contracts) contract(() => identity);
    },
    ['mariadb', 'mysql'],
  );
}

describeOverIdentity(
  'identity',
  describeSecondFactorContract,
  describeGroupsContract,
  describeWidgetContract,
  describeMailedTokensContract,
  describeMailedLinksContract,
  describeSsoStoreContract,
);

/** Runs contracts of the store over the servers; SQLite has its own run of each in test/unit. */
function describeOverStore(name: string, ...contracts: readonly ((open: () => Store) => void)[]): void {
  describeEngines(
    name,
    'select 1',
    (engine) => {
      let store: Store;
      beforeAll(async () => {
        store = await openStore(engine.url);
        await migrateStore(store);
      });
      afterAll(() => store.close());
      for (const contract of contracts) contract(() => store);
    },
    ['mariadb', 'mysql'],
  );
}

describeOverStore(
  'what the store keeps',
  describeTurnsContract,
  describeModelBudgetContract,
  describePromotedContract,
  describeKeptTurnsContract,
  describeAlertStateContract,
  describeListing,
  describeReportsContract,
);

describeEngines(
  'identity and audit',
  'select 1',
  (engine) => {
    let identity: Identity;
    let store: Store;
    beforeAll(async () => {
      identity = await openIdentity(undefined, engine.url);
      store = identity.store;
      await identity.add({ kind: 'customer', identifier: 'cy@example.org', customerNumber: 'C7' });
      await identity.add({ kind: 'employee', identifier: 'eve@example.org', role: 'member', allowTables: ['orders'] });
    });
    afterAll(() => identity.close());

    it('knows which engine it is', () => {
      expect(store.dialect).toBe(engine.dialect);
    });

    it('signs in, refreshes once, ends the session on reuse', async () => {
      const first = await identity.login.login('customer', 'C7', PASSWORD, CONTEXT);
      const principal = await identity.authenticate(first.accessToken);
      expect(principal).toMatchObject({ subject: 'customer:1', allowTables: null });
      expect(principal.claims.get('customer_number')).toBe('C7');
      const outcomes = await Promise.allSettled([
        identity.login.refresh(first.refreshToken, CONTEXT),
        identity.login.refresh(first.refreshToken, CONTEXT),
      ]);
      expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
      await expect(identity.authenticate(first.accessToken)).rejects.toMatchObject({ code: 'AUTH_TOKEN_INVALID' });
    });

    it('finds the session of a refresh token, used or not, while it lives, and leaves both as they are', async () => {
      const { login, sessions } = identity;
      const first = await login.login('customer', 'C7', PASSWORD, CONTEXT);
      const found = { id: first.session, tenant: null, kind: 'customer', accountId: expect.any(Number) };
      for (const _ of [1, 2]) expect(await sessions.find(first.refreshToken)).toEqual(found);
      const next = await login.refresh(first.refreshToken, CONTEXT);
      expect([await sessions.find(first.refreshToken), await sessions.find(next.refreshToken)]).toEqual([found, found]);
      await login.logout(next.refreshToken, CONTEXT);
      expect(await sessions.find(next.refreshToken)).toBeNull();
      expect(await sessions.find('x'.repeat(43))).toBeNull();
    });

    it.each(['c7', 'C7\u200b', 'Ç7', 'C07', 'cy@example.org\u0020x'])('lets nobody in as %j', async (identifier) => {
      await expect(identity.login.login('customer', identifier, PASSWORD, CONTEXT)).rejects.toMatchObject({
        code: 'AUTH_CREDENTIALS_WRONG',
      });
    });

    it('lets one account sign in many times at once', async () => {
      for (const _ of [1, 2]) {
        const issued = await Promise.all(
          Array.from({ length: 12 }, () => identity.login.login('employee', 'eve@example.org', PASSWORD, CONTEXT)),
        );
        for (const { accessToken } of issued) await identity.authenticate(accessToken);
        // Past the life of the refresh tokens: the second round finds twelve dead sessions to forget.
        identity.clock.now += REFRESH_TTL_S * 1000;
      }
      const rows = await store.run((db) =>
        db.selectFrom('sessions').select('id').where('kind', '=', 'employee').execute(),
      );
      expect(rows).toHaveLength(12);
    });

    it('counts each of twenty wrong passwords that come together, and then lets one pass a wait', async () => {
      const twentyAtOnce = () =>
        Promise.all(
          Array.from({ length: 20 }, () =>
            identity.login
              .login('employee', 'nobody@example.org', PASSWORD, {
                requestId: 'r1',
                tenant: null,
                address: '192.0.2.77',
                userAgent: 'test',
              })
              .catch((error: SwaliError) => error.retryAfterS ?? error.code),
          ),
        );
      expect(new Set(await twentyAtOnce())).toEqual(new Set(['AUTH_CREDENTIALS_WRONG']));
      const failures = await store.run((db) =>
        db.selectFrom('sign_in_attempts').select('failures').where('failures', '>', 9).execute(),
      );
      expect(failures.map((row) => row.failures)).toEqual([20, 20, 20]);
      expect(new Set(await twentyAtOnce())).toEqual(new Set([900]));
      identity.clock.now += 900_000;
      const answers = await twentyAtOnce();
      expect(answers.filter((answer) => answer === 'AUTH_CREDENTIALS_WRONG')).toHaveLength(1);
      expect(answers.filter((answer) => answer === 900)).toHaveLength(19);
    });

    it('refuses an account that exists, and takes one that differs in case', async () => {
      await expect(
        identity.add({ kind: 'customer', identifier: 'x@example.org', customerNumber: 'C7' }),
      ).rejects.toMatchObject({ code: 'IDENTITY_EXISTS' });
      expect(await identity.add({ kind: 'customer', identifier: 'c7' })).toMatch(/^customer:\d+$/);
    });

    it('finds nobody by what only the server takes for equal', async () => {
      await store.run((db) =>
        sql`update customers set customer_number = 'C8 ', identifier = 'C8 ' where customer_number = 'c7'`.execute(db),
      );
      expect(await findAccount(store, 'customer', { tenant: null, identifier: 'C8' })).toBeNull();
    });

    it('continues one audit chain from several processes, and several chains side by side', async () => {
      const others = await Promise.all([openStore(engine.url), openStore(engine.url)]);
      const clock = () => 1_700_000_000_000;
      const logs = await Promise.all([
        openAuditLog({ store, clock, writerId: 'shared', ...AUDIT_KEYS }),
        ...others.map((other) => openAuditLog({ store: other, clock, writerId: 'shared', ...AUDIT_KEYS })),
        openAuditLog({ store, clock, writerId: 'own', ...AUDIT_KEYS }),
      ]);
      await Promise.all(
        Array.from({ length: 80 }, async (_, n) => {
          await new Promise((resolve) => setTimeout(resolve, n % 11));
          await logs[n % 4]?.append(n % 5 ? loginEvent(n) : questionEvent('Ħ 漢字 🜁 \u0000 \n " \\ \ud800'));
        }),
      );
      const report = await logs[0]?.verify();
      expect(report).toMatchObject({ intact: true, writers: 3 });
      const shared = await store.run((db) =>
        db.selectFrom('audit_records').select('sequence').where('writer', '=', 'shared').orderBy('sequence').execute(),
      );
      expect(shared.map((row) => row.sequence)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
      await Promise.all(others.map((other) => other.close()));
    });

    it('finds a record that was changed past the triggers', async () => {
      await store.run((db) => sql`drop trigger audit_records_no_update`.execute(db));
      await store.run((db) =>
        sql`update audit_records set body = replace(body, 'customer:1', 'customer:2') where writer = 'own' and sequence = 3`.execute(
          db,
        ),
      );
      expect((await identity.audit.verify()).faults).toMatchObject([{ kind: 'changed', writer: 'own', sequence: 3 }]);
    });
  },
  ['sqlite', 'mariadb', 'mysql'],
);

describe('a store on a server that is not there', () => {
  it('says so, and keeps the password of its address to itself', async () => {
    const error: unknown = await openStore('mariadb://root:hunter2@127.0.0.1:1/none').catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(String(error)).not.toContain('hunter2');
  });
});
