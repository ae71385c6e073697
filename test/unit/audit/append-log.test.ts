import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChainedAuditLog, openAuditLog } from '../../../src/audit/append-log.js';
import { GENESIS_HASH, hashRecord } from '../../../src/audit/chain.js';
import type { AuditEvent } from '../../../src/audit/record.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { migrateStore, openStore, type Store } from '../../../src/store/store.js';
import { AUDIT_KEYS } from '../../support/audit-keys.js';
import { loginEvent, questionEvent } from './audit-fixtures.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-audit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
let url: string;
let store: Store;
let log: ChainedAuditLog;
let now: number;
const clock = () => now;

beforeEach(async () => {
  count += 1;
  now = 1_700_000_000_000;
  url = `sqlite:${join(folder, `${count}.sqlite`)}`;
  store = await openStore(url);
  await migrateStore(store);
  log = await openAuditLog({ store, clock, writerId: 'gateway', ...AUDIT_KEYS });
});
afterEach(() => store.close());

const readRows = () => store.run((db) => db.selectFrom('audit_records').selectAll().orderBy('id').execute());

describe('appending to the audit log', () => {
  it('chains every record to the one before it, from the genesis hash on', async () => {
    await log.append(loginEvent(1));
    now += 5;
    await log.append(questionEvent('How many orders did I place?'));
    const [first, second] = await readRows();
    expect(first).toMatchObject({ writer: 'gateway', sequence: 1, at: 1_700_000_000_000, event: 'login' });
    expect(first?.previous_hash).toBe(GENESIS_HASH);
    expect(first?.hash).toBe(hashRecord(GENESIS_HASH, first?.body ?? ''));
    expect(second).toMatchObject({ sequence: 2, at: 1_700_000_000_005, event: 'question' });
    expect(second?.previous_hash).toBe(first?.hash);
    expect(await log.verify()).toMatchObject({ intact: true, records: 2, writers: 1, faults: [] });
  });

  it('has the record in the file before the promise resolves', async () => {
    await log.append(loginEvent(1));
    const other = await openStore(url);
    const rows = await other.run((db) => db.selectFrom('audit_records').select('sequence').execute());
    await other.close();
    expect(rows).toEqual([{ sequence: 1 }]);
  });

  it('writes appends made together in one transaction, in the order in which they were made', async () => {
    let transactions = 0;
    const counted: Store = {
      ...store,
      transaction: (work) => {
        transactions += 1;
        return store.transaction(work);
      },
    };
    const grouped = await openAuditLog({ store: counted, clock, writerId: 'grouped', ...AUDIT_KEYS });
    transactions = 0;
    await Promise.all(Array.from({ length: 600 }, (_, n) => grouped.append(loginEvent(n))));
    expect(transactions).toBe(3);
    const rows = await readRows();
    expect(rows.map((row) => JSON.parse(row.body).event.requestId)).toEqual(
      Array.from({ length: 600 }, (_, n) => `r${n}`),
    );
    expect(await grouped.verify()).toMatchObject({ intact: true, records: 600 });
  });

  it('keeps text of every script, line breaks and lone surrogates exactly', async () => {
    await log.append(questionEvent('Ħ 漢字 🜁 \u0000 \n \\ " \ud800 ’'));
    expect(await log.verify()).toMatchObject({ intact: true });
    expect((await log.list({ limit: 1 }))[0]?.event).toMatchObject({ question: 'Ħ 漢字 🜁 \u0000 \n \\ " \ud800 ’' });
  });

  it('writes the event as it was when it was appended, whatever happens to the object later', async () => {
    const event = { ...loginEvent(1) };
    const done = log.append(event as AuditEvent);
    Object.assign(event, { requestId: 'changed' });
    await done;
    expect((await log.list({ limit: 1 }))[0]?.event).toMatchObject({ requestId: 'r1' });
  });

  it('goes on from the head after a restart', async () => {
    await log.append(loginEvent(1));
    await store.close();
    store = await openStore(url);
    log = await openAuditLog({ store, clock, writerId: 'gateway', ...AUDIT_KEYS });
    await log.append(loginEvent(2));
    expect((await readRows()).map((row) => row.sequence)).toEqual([1, 2]);
    expect(await log.verify()).toMatchObject({ intact: true, records: 2 });
  });

  it('continues one chain, without a fork, from two connections with one writer name', async () => {
    const other = await openStore(url);
    const second = await openAuditLog({ store: other, clock, writerId: 'gateway', ...AUDIT_KEYS });
    await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        await new Promise((resolve) => setTimeout(resolve, n % 7));
        await (n % 2 ? log : second).append(loginEvent(n));
      }),
    );
    await other.close();
    expect(await log.verify()).toMatchObject({ intact: true, records: 60, writers: 1 });
  });

  it('keeps one chain per writer', async () => {
    const second = await openAuditLog({ store, clock, writerId: 'cli', ...AUDIT_KEYS });
    await Promise.all([log.append(loginEvent(1)), second.append(loginEvent(2)), log.append(loginEvent(3))]);
    expect(await log.verify()).toMatchObject({ intact: true, records: 3, writers: 2 });
    expect((await readRows()).filter((row) => row.writer === 'gateway').map((row) => row.sequence)).toEqual([1, 2]);
  });

  it('fails alone where an event cannot be written down', async () => {
    const broken = { ...loginEvent(1), requestId: Number.NaN } as unknown as AuditEvent;
    const [bad, good] = await Promise.allSettled([log.append(broken), log.append(loginEvent(2))]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'AUDIT_UNAVAILABLE' } });
    expect(good.status).toBe('fulfilled');
    expect(await log.verify()).toMatchObject({ intact: true, records: 1 });
  });

  it('refuses a record that is too large, and splits large ones over transactions', async () => {
    let transactions = 0;
    const counted: Store = {
      ...store,
      transaction: (work) => {
        transactions += 1;
        return store.transaction(work);
      },
    };
    const large = await openAuditLog({ store: counted, clock, writerId: 'large', ...AUDIT_KEYS });
    transactions = 0;
    await expect(large.append(questionEvent('x'.repeat(300_000)))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    await Promise.all(Array.from({ length: 10 }, () => large.append(questionEvent('x'.repeat(200_000)))));
    expect(transactions).toBe(2);
    expect(await large.verify()).toMatchObject({ intact: true, records: 10 });
  });

  it('fails with AUDIT_UNAVAILABLE while the store refuses, and goes on when it answers again', async () => {
    await store.run((db) =>
      sql`create trigger full before insert on audit_records begin select raise(abort, 'disk full'); end`.execute(db),
    );
    await expect(log.append(loginEvent(1))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE', status: 503 });
    await store.run((db) => sql`drop trigger full`.execute(db));
    await log.append(loginEvent(2));
    expect(await log.verify()).toMatchObject({ intact: true, records: 1 });
  });

  it('keeps nobody waiting twice for a store that is silent', async () => {
    let transactions = 0;
    let isSilent = true;
    const silent: Store = {
      ...store,
      transaction: async (work) => {
        transactions += 1;
        if (!isSilent) return store.transaction(work);
        await new Promise((resolve) => setTimeout(resolve, 2100));
        throw new SwaliError('STORE_UNAVAILABLE');
      },
    };
    isSilent = false;
    const waiting = await openAuditLog({ store: silent, clock, writerId: 'silent', ...AUDIT_KEYS });
    isSilent = true;
    transactions = 0;
    const first = waiting.append(loginEvent(1));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const outcomes = await Promise.allSettled([first, waiting.append(loginEvent(2)), waiting.append(loginEvent(3))]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(transactions).toBe(1);
    isSilent = false;
    await waiting.append(loginEvent(4));
    expect(await waiting.verify()).toMatchObject({ intact: true, records: 1 });
  });

  it('fails with AUDIT_UNAVAILABLE on a closed store', async () => {
    const other = await openStore(url);
    const closed = await openAuditLog({ store: other, clock, writerId: 'closed', ...AUDIT_KEYS });
    await other.close();
    await expect(closed.append(loginEvent(1))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    await expect(openAuditLog({ store: other, clock, writerId: 'again', ...AUDIT_KEYS })).rejects.toMatchObject({
      code: 'AUDIT_UNAVAILABLE',
    });
  });

  it('appends nothing after records were taken away under it', async () => {
    await log.append(loginEvent(1));
    await log.append(loginEvent(2));
    const first = (await readRows())[0];
    await store.run(async (db) => {
      await sql`drop trigger audit_records_no_delete`.execute(db);
      await sql`delete from audit_records where sequence = 2`.execute(db);
      await db
        .updateTable('audit_heads')
        .set({ sequence: 1, hash: first?.hash ?? '' })
        .execute();
    });
    await expect(log.append(loginEvent(3))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(await readRows()).toHaveLength(1);
  });

  it('refuses a writer name that is empty, long or odd', async () => {
    for (const writerId of ['', 'a b', 'x'.repeat(65), "a'b", '-a']) {
      await expect(openAuditLog({ store, clock, writerId, ...AUDIT_KEYS })).rejects.toMatchObject({
        code: 'SETTINGS_INVALID',
      });
    }
  });
});

describe('listing audit records', () => {
  it('gives the newest first, page by page', async () => {
    for (let n = 1; n <= 5; n += 1) await log.append(loginEvent(n));
    const page = await log.list({ limit: 2 });
    expect(page.map((record) => record.sequence)).toEqual([5, 4]);
    const next = await log.list({ limit: 10, before: page.at(-1)?.id ?? 0 });
    expect(next.map((record) => record.sequence)).toEqual([3, 2, 1]);
    expect(await log.list({ limit: 0 })).toHaveLength(1);
    expect(await log.list({ limit: Number.NaN })).toHaveLength(1);
  });
});
