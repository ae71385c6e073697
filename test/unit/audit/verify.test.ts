import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { openAuditLog } from '../../../src/audit/append-log.js';
import { GENESIS_HASH, hashRecord, printEnvelope } from '../../../src/audit/chain.js';
import { type VerifyReport, verifyChains } from '../../../src/audit/verify.js';
import { migrateStore, openStore, type Store } from '../../../src/store/store.js';
import { AUDIT_KEYS } from '../../support/audit-keys.js';
import { loginEvent } from './audit-fixtures.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-verify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** Writes six records, does what somebody with the store's password might, and verifies. */
async function verifyAfter(tamper: (store: Store) => Promise<void>, records = 6): Promise<VerifyReport> {
  count += 1;
  const store = await openStore(`sqlite:${join(folder, `${count}.sqlite`)}`);
  try {
    await migrateStore(store);
    const log = await openAuditLog({ store, clock: () => 5, writerId: 'w', ...AUDIT_KEYS });
    await Promise.all(Array.from({ length: records }, (_, n) => log.append(loginEvent(n + 1))));
    await store.run(async (db) => {
      await sql`drop trigger audit_records_no_update`.execute(db);
      await sql`drop trigger audit_records_no_delete`.execute(db);
    });
    await tamper(store);
    return await verifyChains(store, { verifier: AUDIT_KEYS.signer });
  } finally {
    await store.close();
  }
}

const run = (store: Store, text: string) => store.run((db) => sql.raw(text).execute(db));

/** Changes record 3's text and gives it a fitting hash, as somebody who knows the rule would. */
async function rehashThird(store: Store): Promise<void> {
  await store.run(async (db) => {
    const third = await db.selectFrom('audit_records').selectAll().where('sequence', '=', 3).executeTakeFirstOrThrow();
    const body = third.body.replace('customer:3', 'customer:9');
    const hash = hashRecord(third.previous_hash, body);
    await db.updateTable('audit_records').set({ body, hash }).where('sequence', '=', 3).execute();
  });
}

const NONE = { subject: null, target: null, kind: null, decision: null, code: null, request_id: null };

const COPY = `insert into audit_records (writer, sequence, at, event, body, previous_hash, hash)
  select writer, %s, at, event, body, previous_hash, hash from audit_records where sequence = 2`;

describe('verifying the audit chains', () => {
  it('finds nothing wrong with an untouched chain, over several pages', async () => {
    const report = await verifyAfter(async () => {}, 1203);
    expect(report).toMatchObject({ intact: true, records: 1203, writers: 1, faults: [], faultCount: 0 });
    expect(report.heads).toMatchObject([{ writer: 'w', sequence: 1203 }]);
  });

  it('takes records of before there were columns as they are', async () => {
    const report = await verifyAfter(async (store) => {
      const { at, writer } = { at: 5, writer: 'w' };
      const event = { event: 'login', requestId: 'old', subject: 'customer:1', tenant: null, address: '::1' };
      const body = printEnvelope({ writer, sequence: 1, at, event });
      const hash = hashRecord(GENESIS_HASH, body);
      await store.run((db) =>
        db
          .insertInto('audit_records')
          .values({
            writer,
            sequence: 1,
            at,
            event: 'login',
            tenant: '',
            body,
            previous_hash: GENESIS_HASH,
            hash,
            ...NONE,
          })
          .execute(),
      );
      await store.run((db) => db.updateTable('audit_heads').set({ sequence: 1, hash }).execute());
    }, 0);
    expect(report).toMatchObject({ intact: true, records: 1 });
  });

  it('finds nothing wrong with an empty log', async () => {
    expect(await verifyAfter(async () => {}, 0)).toMatchObject({ intact: true, records: 0 });
  });

  const cases: readonly [string, (store: Store) => Promise<unknown>, readonly unknown[]][] = [
    [
      'a changed text',
      (store) => run(store, `update audit_records set body = replace(body, 'r3', 'r4') where sequence = 3`),
      [{ kind: 'changed', sequence: 3 }],
    ],
    [
      'a changed text with a fitting hash, at the record that no longer follows it',
      rehashThird,
      [{ kind: 'changed', sequence: 4 }],
    ],
    [
      'a changed time column',
      (store) => run(store, 'update audit_records set at = 6 where sequence = 2'),
      [{ kind: 'changed', sequence: 2 }],
    ],
    [
      'a changed kind column',
      (store) => run(store, `update audit_records set event = 'sql' where sequence = 2`),
      [{ kind: 'changed', sequence: 2 }],
    ],
    [
      'a changed tenant column',
      (store) => run(store, `update audit_records set tenant = 'acme' where sequence = 2`),
      [{ kind: 'changed', sequence: 2 }],
    ],
    ...(['subject', 'target', 'kind', 'decision', 'code', 'request_id'] as const).map(
      (column): [string, (store: Store) => Promise<unknown>, readonly unknown[]] => [
        `a changed column ${column}`,
        (store) => run(store, `update audit_records set ${column} = 'other' where sequence = 2`),
        [{ kind: 'changed', sequence: 2 }],
      ],
    ),
    [
      'a column that was emptied, so that nobody finds the record by it',
      (store) => run(store, 'update audit_records set subject = null where sequence = 2'),
      [{ kind: 'changed', sequence: 2 }],
    ],
    [
      'a text that is no record',
      (store) => run(store, `update audit_records set body = 'null' where sequence = 2`),
      [{ kind: 'changed', sequence: 2 }],
    ],
    [
      'a changed link',
      (store) => run(store, `update audit_records set previous_hash = hash where sequence = 5`),
      [{ kind: 'changed', sequence: 5 }],
    ],
    [
      'a removed first record',
      (store) => run(store, 'delete from audit_records where sequence = 1'),
      [{ kind: 'removed', sequence: 1, until: 1 }],
    ],
    [
      'removed records in the middle',
      (store) => run(store, 'delete from audit_records where sequence in (3, 4)'),
      [{ kind: 'removed', sequence: 3, until: 4 }],
    ],
    [
      'removed records at the end',
      (store) => run(store, 'delete from audit_records where sequence >= 5'),
      [{ kind: 'removed', sequence: 5, until: 6 }],
    ],
    [
      'a removed record whose place the later ones took',
      async (store) => {
        await run(store, 'delete from audit_records where sequence = 5');
        await run(store, 'update audit_records set sequence = 5 where sequence = 6');
      },
      [
        { kind: 'reordered', sequence: 5 },
        { kind: 'removed', sequence: 6, until: 6 },
      ],
    ],
    [
      'all records removed',
      (store) => run(store, 'delete from audit_records'),
      [{ kind: 'removed', sequence: 1, until: 6 }],
    ],
    [
      'a record added at the end',
      (store) => run(store, COPY.replace('%s', '7')),
      [
        { kind: 'reordered', sequence: 7 },
        { kind: 'inserted', sequence: 7 },
      ],
    ],
    [
      'a record added before the first',
      (store) => run(store, COPY.replace('%s', '0')),
      [{ kind: 'inserted', sequence: 0 }],
    ],
    [
      'two records swapped',
      async (store) => {
        await run(store, 'update audit_records set sequence = 100 where sequence = 2');
        await run(store, 'update audit_records set sequence = 2 where sequence = 4');
        await run(store, 'update audit_records set sequence = 4 where sequence = 100');
      },
      [
        { kind: 'reordered', sequence: 2 },
        { kind: 'reordered', sequence: 4 },
      ],
    ],
    [
      'the order of arrival swapped',
      async (store) => {
        await run(store, 'update audit_records set id = 100 where sequence = 2');
        await run(store, 'update audit_records set id = 2 where sequence = 3');
        await run(store, 'update audit_records set id = 3 where sequence = 2');
      },
      [{ kind: 'reordered', sequence: 3 }],
    ],
    [
      'a record given to another writer',
      (store) => run(store, `update audit_records set writer = 'v', sequence = 1 where sequence = 6`),
      [
        { kind: 'changed', writer: 'v', sequence: 1 },
        { kind: 'head', writer: 'v', sequence: 1 },
        { kind: 'removed', writer: 'w', sequence: 6 },
      ],
    ],
    ['a head that is gone', (store) => run(store, 'delete from audit_heads'), [{ kind: 'head', sequence: 6 }]],
    [
      'a head with another hash',
      (store) => run(store, `update audit_heads set hash = '${'1'.repeat(64)}'`),
      [{ kind: 'head', sequence: 6 }],
    ],
    [
      'a head moved back',
      (store) => run(store, 'update audit_heads set sequence = 4'),
      [{ kind: 'inserted', sequence: 5, until: 6 }],
    ],
  ];

  it.each(cases)('finds %s and says where', async (_, tamper, expected) => {
    const report = await verifyAfter(async (store) => void (await tamper(store)));
    expect(report.intact).toBe(false);
    expect(report.faults).toMatchObject(expected);
    expect(report.faultCount).toBe(expected.length);
  });

  it('counts every fault and lists the first thousand', async () => {
    const report = await verifyAfter(async (store) => void (await run(store, 'update audit_records set at = 9')), 1100);
    expect(report.faultCount).toBe(1100);
    expect(report.faults).toHaveLength(1000);
  });
});
