import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNoteUse } from '../../../src/identify/note-use.js';
import { createPasswords, type Passwords } from '../../../src/identify/passwords.js';
import { openStore, type Store } from '../../../src/store/store.js';
import { type Identity, openIdentity, PASSWORD } from './identity-fixtures.js';

const CONTEXT = { requestId: 'r1', address: '203.0.113.9', tenant: null, userAgent: 'curl/8' };

let passwords: Passwords;
beforeAll(async () => {
  passwords = await createPasswords({ cost: 4, threads: 1 });
});
afterAll(() => passwords.close());

let identity: Identity;
let token: string;
beforeEach(async () => {
  identity = await openIdentity(passwords);
  await identity.add({ kind: 'customer', identifier: '103' });
  token = (await identity.login.login('customer', '103', PASSWORD, CONTEXT)).accessToken;
  // Counts what is written, past the code under test.
  await identity.store.run(async (db) => {
    await sql`create table written (at integer)`.execute(db);
    await sql`create trigger count_writes after update of last_used_at on sessions
      begin insert into written values (new.last_used_at); end`.execute(db);
  });
});
afterEach(() => identity.close());

const written = () =>
  identity.store.run(async (db) =>
    (await sql<{ at: number }>`select at from written`.execute(db)).rows.map((r) => r.at),
  );

describe('noting that a session was used', () => {
  it('writes once a minute at most, and once for requests that come together', async () => {
    const start = identity.clock.now;
    identity.clock.now = start + 59_999;
    await identity.authenticate(token);
    identity.clock.now = start + 60_000;
    await Promise.all(Array.from({ length: 20 }, () => identity.authenticate(token)));
    await expect.poll(written).toEqual([start + 60_000]);
    identity.clock.now = start + 119_999;
    await identity.authenticate(token);
    identity.clock.now = start + 120_000;
    await identity.authenticate(token);
    await expect.poll(written).toEqual([start + 60_000, start + 120_000]);
  });

  it('writes nothing more while it writes', async () => {
    let runs = 0;
    const counting: Store = {
      ...identity.store,
      run: (work) => {
        runs += 1;
        return identity.store.run(work);
      },
    };
    const noteUse = createNoteUse(counting);
    const start = identity.clock.now;
    for (let n = 0; n < 5; n += 1) noteUse('s1', start, start + 60_000);
    noteUse('s2', start, start + 60_000);
    expect(runs).toBe(2);
    await written();
    noteUse('s1', start, start + 60_000);
    expect(runs).toBe(3);
  });

  it('does not fail the request when the write fails, and tries again at the next', async () => {
    await identity.store.run((db) =>
      sql`create trigger full before update of last_used_at on sessions begin select raise(abort, 'full'); end`.execute(
        db,
      ),
    );
    identity.clock.now += 60_000;
    await identity.authenticate(token);
    await identity.authenticate(token);
    expect(await written()).toEqual([]);
    await identity.store.run((db) => sql`drop trigger full`.execute(db));
    await identity.authenticate(token);
    await expect.poll(written).toEqual([identity.clock.now]);
  });

  it('does not make the request wait for the write', async () => {
    const other = await openStore(`sqlite:${identity.path}`);
    identity.clock.now += 60_000;
    // While this transaction is open nobody else can write; reading goes on.
    await other.transaction(async () => {
      expect(await identity.authenticate(token)).toMatchObject({ subject: 'customer:1' });
    });
    await expect.poll(written).toEqual([identity.clock.now]);
    await other.close();
  });
});
