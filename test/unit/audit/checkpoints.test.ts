import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChainedAuditLog } from '../../../src/audit/append-log.js';
import { openAuditLog } from '../../../src/audit/append-log.js';
import {
  type Checkpoint,
  parseCheckpoints,
  printCheckpoint,
  readCheckpointBody,
  signCheckpoint,
} from '../../../src/audit/checkpoints.js';
import { readSigner } from '../../../src/audit/ed25519.js';
import { openStore, type Store } from '../../../src/store/store.js';
import { AUDIT_KEYS } from '../../support/audit-keys.js';
import { codeOf } from '../../support/seal-steps.js';
import { appendLogins, dropTriggers, openAuditStore, rebuildChain, tamper } from './audit-store.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-checkpoints-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
let store: Store;
let log: ChainedAuditLog;
const now = { value: 0 };

beforeEach(async () => {
  count += 1;
  now.value = 1_700_000_000_000;
  ({ store, log } = await openAuditStore(`sqlite:${join(folder, `${count}.sqlite`)}`, now));
});
afterEach(() => store.close());

/** Six records with a checkpoint behind the third and the sixth. */
async function appendWithCheckpoints(): Promise<readonly Checkpoint[]> {
  await appendLogins(log, 1, 3);
  const first = await log.checkpoint();
  await appendLogins(log, 4, 6);
  const second = await log.checkpoint();
  if (!first || !second) throw new Error('there is no checkpoint');
  return [first, second];
}

describe('a checkpoint', () => {
  it('names the end of every writer’s chain, and the checkpoint before it', async () => {
    const other = await openAuditLog({ store, clock: () => now.value, writerId: 'a', ...AUDIT_KEYS });
    const idle = await openAuditLog({ store, clock: () => now.value, writerId: 'idle', ...AUDIT_KEYS });
    await appendLogins(log, 1, 2);
    await appendLogins(other, 3, 3);
    const first = await idle.checkpoint();
    await appendLogins(log, 4, 4);
    const second = await log.checkpoint();
    expect(readCheckpointBody(first?.body ?? '')).toMatchObject({
      at: 1_700_000_000_000,
      heads: [
        { writer: 'a', sequence: 1 },
        { writer: 'w', sequence: 2 },
      ],
      previous: '0'.repeat(64),
    });
    expect(readCheckpointBody(second?.body ?? '')).toMatchObject({
      heads: [
        { writer: 'a', sequence: 1 },
        { writer: 'w', sequence: 3 },
      ],
      previous: first?.hash,
    });
    expect(await log.verify()).toMatchObject({ intact: true, checkpoints: 2, records: 4, writers: 3 });
  });

  it('is not made where no chain has grown', async () => {
    expect(await log.checkpoint()).toBeNull();
    await appendLogins(log, 1, 1);
    expect(await log.checkpoint()).not.toBeNull();
    expect(await log.checkpoint()).toBeNull();
  });

  it('is one line, whoever makes them at the same time', async () => {
    const url = `sqlite:${join(folder, `${count}.sqlite`)}`;
    const stores = await Promise.all([openStore(url), openStore(url)]);
    const logs = await Promise.all(
      stores.map((each, n) => openAuditLog({ store: each, clock: () => n, writerId: `w${n}`, ...AUDIT_KEYS })),
    );
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(logs.map((each) => appendLogins(each, round, round)));
      await Promise.all(logs.map((each) => each.checkpoint()));
    }
    await Promise.all(stores.map((each) => each.close()));
    const report = await log.verify();
    expect(report).toMatchObject({ intact: true, records: 20 });
    expect(report.checkpoints).toBeGreaterThanOrEqual(10);
  });

  it('cannot be changed or removed past the triggers', async () => {
    await appendWithCheckpoints();
    await expect(tamper(store, 'delete from audit_checkpoints')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(tamper(store, 'update audit_checkpoints set at = 1')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });

  it('reads back from the line that is kept elsewhere, and says which line is none', async () => {
    const checkpoints = await appendWithCheckpoints();
    const text = checkpoints.map(printCheckpoint).join('\n');
    expect(parseCheckpoints(`${text}\r\n\n`)).toEqual(checkpoints);
    expect(codeOf(() => parseCheckpoints(`${text}\nnothing`))).toBe('AUDIT_INPUT_INVALID');
    expect(() => parseCheckpoints(`${text}\n{"body":"x"}`)).toThrow('line 3');
  });
});

describe('verifying against checkpoints', () => {
  it('finds a chain that was rebuilt as a whole, heads included', async () => {
    await appendWithCheckpoints();
    await dropTriggers(store);
    await rebuildChain(store, 2, 'customer:2', 'customer:9');
    expect(await log.verify()).toMatchObject({
      intact: false,
      faults: [{ kind: 'rewritten', writer: 'w', sequence: 3 }],
      faultCount: 1,
    });
  });

  it('finds records that were cut off the end together with the head', async () => {
    await appendWithCheckpoints();
    await dropTriggers(store);
    await tamper(
      store,
      'delete from audit_records where sequence > 4',
      'update audit_heads set sequence = 4, hash = (select hash from audit_records where sequence = 4)',
    );
    expect((await log.verify()).faults).toMatchObject([{ kind: 'removed', sequence: 5, until: 6 }]);
  });

  it('finds a whole chain that was taken away', async () => {
    await appendWithCheckpoints();
    await dropTriggers(store);
    await tamper(store, 'delete from audit_records', 'delete from audit_heads');
    expect((await log.verify()).faults).toMatchObject([{ kind: 'removed', writer: 'w', sequence: 1, until: 6 }]);
  });

  it('finds a checkpoint that was changed, removed, moved or signed by somebody else', async () => {
    const cases: readonly [string, number][] = [
      [`update audit_checkpoints set body = replace(body, '"sequence":3', '"sequence":2') where id = 1`, 1],
      [`update audit_checkpoints set signature = substr(signature, 2) || substr(signature, 1, 1) where id = 2`, 2],
      ['update audit_checkpoints set hash = previous_hash where id = 2', 2],
      ['delete from audit_checkpoints where id = 1', 1],
      ['update audit_checkpoints set id = 9 where id = 1', 1],
      [`update audit_checkpoints set previous_hash = 'x' where id = 2`, 2],
    ];
    await appendWithCheckpoints();
    await dropTriggers(store);
    for (const [statement, place] of cases) {
      await tamper(store, 'create table kept as select * from audit_checkpoints', statement);
      const found = (await log.verify()).faults.find((fault) => fault.kind === 'checkpoint');
      expect([statement, found?.sequence]).toEqual([statement, place]);
      await tamper(
        store,
        'delete from audit_checkpoints',
        'insert into audit_checkpoints select * from kept',
        'drop table kept',
      );
    }
    expect(await log.verify()).toMatchObject({ intact: true, checkpoints: 2 });
  });

  it('takes no checkpoint of another key, nor one that goes back', async () => {
    const [, second] = await appendWithCheckpoints();
    const word = readCheckpointBody(second?.body ?? '');
    const previous = second?.hash ?? '';
    const head = { writer: 'w', sequence: 3, hash: word?.heads[0]?.hash ?? '' };
    for (const [signer, message] of [
      [readSigner('KEY', 'b2'.repeat(32)), 'signed with a key that is not known'],
      [AUDIT_KEYS.signer, 'lies before the last one'],
    ] as const) {
      const forged = signCheckpoint({ at: 1, heads: [head], previous }, signer);
      const { body, hash, keyId: key_id, signature } = forged;
      await store.run((db) =>
        db
          .insertInto('audit_checkpoints')
          .values({ at: 1, body, hash, previous_hash: previous, key_id, signature })
          .execute(),
      );
      const fault = (await log.verify()).faults.find((each) => each.kind === 'checkpoint');
      expect(fault?.message).toContain(message);
      await dropTriggers(store).catch(() => undefined);
      await tamper(store, 'delete from audit_checkpoints where id > 2');
    }
  });

  it('finds a line of checkpoints that was made anew, by one that was kept elsewhere', async () => {
    const kept = await appendWithCheckpoints();
    await dropTriggers(store);
    await rebuildChain(store, 2, 'customer:2', 'customer:9');
    await tamper(store, 'delete from audit_checkpoints');
    // Whoever has the key as well as the store can do this.
    expect(await log.checkpoint()).not.toBeNull();
    expect(await log.verify()).toMatchObject({ intact: true });
    const report = await log.verify({ kept });
    expect(report.faults.map(({ kind, sequence }) => [kind, sequence])).toEqual([
      ['checkpoint', 1],
      ['checkpoint', 2],
      ['rewritten', 3],
    ]);
  });

  it('takes no kept checkpoint that is not signed, and none of it for true', async () => {
    const [first] = await appendWithCheckpoints();
    const foreign = signCheckpoint(
      { at: 1, heads: [{ writer: 'w', sequence: 2, hash: 'f'.repeat(64) }], previous: '0'.repeat(64) },
      readSigner('KEY', 'b2'.repeat(32)),
    );
    const report = await log.verify({ kept: first ? [first, foreign] : [] });
    expect(report.faults).toMatchObject([{ kind: 'checkpoint', sequence: 2 }]);
  });
});
