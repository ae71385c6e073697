import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChainedAuditLog, openAuditLog } from '../../../src/audit/append-log.js';
import { readKeptEvent } from '../../../src/audit/chain.js';
import { joinEvent, splitEvent } from '../../../src/audit/personal-fields.js';
import type { AuditEvent } from '../../../src/audit/record.js';
import { createKeyRing } from '../../../src/store/key-ring.js';
import type { Store } from '../../../src/store/store.js';
import { destroySubjectKey } from '../../../src/store/subject-key-rows.js';
import { AUDIT_KEYS } from '../../support/audit-keys.js';
import { loginEvent, questionEvent } from './audit-fixtures.js';
import { dropTriggers, openAuditStore, tamper } from './audit-store.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-subjects-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SECRET_QUESTION = 'What did Amina Wanjiru of Kisumu pay?';

/** An admin changes a customer: what is said of both. */
const CHANGE: Extract<AuditEvent, { readonly event: 'account' }> = {
  event: 'account',
  requestId: 'r',
  address: '203.0.113.7',
  userAgent: null,
  tenant: null,
  subject: 'admin:1',
  kind: 'admin',
  action: 'change',
  target: 'customer:1',
  before: { customerNumber: 'C-4711' },
  after: { customerNumber: 'C-4712' },
  decision: 'accepted',
  code: null,
};

let count = 0;
let path: string;
let store: Store;
let log: ChainedAuditLog;

beforeEach(async () => {
  count += 1;
  path = join(folder, `${count}.sqlite`);
  ({ store, log } = await openAuditStore(`sqlite:${path}`, { value: 7 }));
});
afterEach(() => store.close());

const bodies = async () =>
  (await store.run((db) => db.selectFrom('audit_records').select('body').orderBy('id').execute())).map(
    (row) => row.body,
  );
const erase = (subject: string) =>
  store.transaction((db) => destroySubjectKey(db, 'sqlite', { subject, tenant: null, at: 9 }));
const events = async () => (await log.list({ limit: 10 })).map((record) => record.event);

describe('what the audit log keeps of people', () => {
  it('is encrypted in the store, and reads back whole', async () => {
    await log.append(questionEvent(SECRET_QUESTION));
    await log.append(CHANGE);
    const kept = (await bodies()).join();
    for (const word of ['Amina', '203.0.113.7', 'C-4711', 'C-4712']) expect(kept).not.toContain(word);
    for (const word of ['customer:1', 'admin:1', '"answered"', 'change', 'offline', 'orders'])
      expect(kept).toContain(word);
    expect(await events()).toEqual([CHANGE, questionEvent(SECRET_QUESTION)]);
  });

  it('stays in the open only by name, so that a new field is encrypted until it is listed', () => {
    const event = { ...loginEvent(1), shoeSize: 43 } as unknown as AuditEvent;
    const { open, personal } = splitEvent(event);
    expect(open).not.toHaveProperty('shoeSize');
    expect(personal.get('customer:1')).toEqual({ address: '127.0.0.1', shoeSize: 43 });
  });

  it('belongs to whom it is about: what was changed to its account, the rest to who did it', () => {
    const { personal } = splitEvent(CHANGE);
    expect([...personal.keys()].sort()).toEqual(['admin:1', 'customer:1']);
    expect(personal.get('customer:1')).toEqual({ before: CHANGE.before, after: CHANGE.after });
    const nobody = splitEvent({ ...loginEvent(1), subject: null } as AuditEvent);
    expect([...nobody.personal.keys()]).toEqual(['nobody']);
  });

  it('does not open in another record, or under another subject', async () => {
    await log.append(questionEvent(SECRET_QUESTION));
    await log.append({ ...questionEvent('another'), requestId: 'q2' });
    const [first, second] = (await bodies()).map(readKeptEvent);
    await dropTriggers(store);
    const moved = JSON.stringify(second?.sealed);
    await tamper(
      store,
      `update audit_records set body = json_set(body, '$.event.sealed', json('${moved}')) where sequence = 1`,
    );
    expect(first).not.toBeNull();
    expect((await events())[1]).toMatchObject({ requestId: 'q', withheld: ['customer:1'] });
  });

  it('cannot be read any more once the key is destroyed, and the chain verifies as before', async () => {
    await log.append(questionEvent(SECRET_QUESTION));
    await log.append(CHANGE);
    await log.checkpoint();
    await erase('customer:1');
    const [change, question] = await events();
    expect(question).toEqual({
      ...Object.fromEntries(
        Object.entries(questionEvent('')).filter(([name]) => !['question', 'address', 'reasons'].includes(name)),
      ),
      withheld: ['customer:1'],
    });
    expect(change).toMatchObject({ address: '203.0.113.7', withheld: ['customer:1'] });
    expect(change).not.toHaveProperty('before');
    expect(await log.verify()).toMatchObject({ intact: true, records: 2, checkpoints: 1 });
  });

  it('is not kept at all of somebody who was erased, and no new key is made for them', async () => {
    await log.append(questionEvent('before'));
    await erase('customer:1');
    const other = await openAuditLog({ store, clock: () => 8, writerId: 'other', ...AUDIT_KEYS });
    await other.append(questionEvent(SECRET_QUESTION));
    expect((await events())[0]).toMatchObject({ subject: 'customer:1', withheld: ['customer:1'] });
    expect(JSON.parse((await bodies())[1] ?? '').event.sealed).toEqual({ 'customer:1': null });
    expect(await log.verify()).toMatchObject({ intact: true, records: 2 });
  });

  it('leaves no copy of a destroyed key in the file', async () => {
    await log.append(loginEvent(1));
    const [row] = await store.run((db) => db.selectFrom('audit_subject_keys').selectAll().execute());
    await erase('customer:1');
    await store.close();
    const sealed = row?.sealed ?? '';
    expect(sealed).toMatch(/^v2\..{85,}/);
    // Nor a part of it: freed space is used again from its beginning.
    const parts = Array.from({ length: sealed.length - 16 }, (_, at) => sealed.slice(at, at + 16));
    expect(parts.filter((part) => readFileSync(path).includes(part))).toEqual([]);
    ({ store, log } = await openAuditStore(`sqlite:${path}`, { value: 9 }));
  });

  it('makes one key for each subject, whoever is first', async () => {
    const logs = await Promise.all(
      ['a', 'b', 'c'].map((writerId) => openAuditLog({ store, clock: () => 8, writerId, ...AUDIT_KEYS })),
    );
    await Promise.all(logs.flatMap((each) => [1, 2, 3].map((n) => each.append(loginEvent(n)))));
    const rows = await store.run((db) => db.selectFrom('audit_subject_keys').select('subject').execute());
    expect(rows.map((row) => row.subject).sort()).toEqual(['customer:1', 'customer:2', 'customer:3']);
    for (const event of await events()) expect(event).toMatchObject({ address: '127.0.0.1' });
  });

  it('is not readable, and nothing is appended of its subject, without the key of the store', async () => {
    await log.append(loginEvent(1));
    const strange = { ...AUDIT_KEYS, keyRing: createKeyRing({ current: 'x'.repeat(40) }) };
    const other = await openAuditLog({ store, clock: () => 8, writerId: 'other', ...strange });
    await expect(other.list({ limit: 1 })).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(other.append(loginEvent(1))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    await other.append(loginEvent(2));
    expect(await log.verify()).toMatchObject({ intact: true, records: 2 });
  });

  it('reads records of before there were keys as they are', () => {
    expect(joinEvent({ event: 'login', address: '::1' }, () => null)).toEqual({ event: 'login', address: '::1' });
  });
});
