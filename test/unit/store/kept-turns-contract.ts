import { expect, it } from 'vitest';
import { adoptRows } from '../../../src/identify/adopt-rows.js';
import { createKeptTurns, type KeptTurns } from '../../../src/store/kept-turns.js';
import { createKeyRing } from '../../../src/store/key-ring.js';
import { reseal } from '../../../src/store/reseal.js';
import { listQuestions } from '../../../src/store/reseal-questions.js';
import { MOST_CONVERSATIONS, MOST_QUESTIONS, MOST_TURNS, type NewTurn } from '../../../src/store/save-turn.js';
import type { Store } from '../../../src/store/store.js';
import { forgetQuestions, readQuestions } from '../../../src/store/turn-rows.js';
import { codeOfPromise } from '../../support/code-of-promise.js';

const OLD = 'o'.repeat(40);
const NEW = 'n'.repeat(40);
const NOON = Date.parse('2026-03-01T12:00:00Z');
const DAY_MS = 86_400_000;
const TTL_S = 3600;

/** A turn that was answered. */
const asked = (question: string, change: Partial<NewTurn> = {}): NewTurn => ({
  question,
  readAs: null,
  sql: `SELECT '${question}'`,
  status: 'answered',
  code: null,
  translator: 'offline',
  viewDigest: 'view',
  policyVersion: 'policy',
  ...change,
});

/**
 * What the store must do with questions and conversations, whichever engine it is on. Called inside a `describe`.
 *
 * @param store with its tables
 */
export function describeKeptTurnsContract(store: () => Store): void {
  const time = { now: NOON };
  let owners = 0;
  const newOwner = (tenant: string | null = null) => {
    owners += 1;
    return { tenant, subject: `customer:${owners}` };
  };
  const open = (change: Partial<Parameters<typeof createKeptTurns>[0]> = {}): KeptTurns =>
    createKeptTurns({
      store: store(),
      ring: createKeyRing({ current: OLD }),
      clock: () => time.now,
      conversationTtlS: TTL_S,
      historyDays: 90,
      ...change,
    });
  const questions = async (kept: KeptTurns, owner: { tenant: string | null; subject: string }) =>
    (await kept.listTurns(owner, { limit: 5000, before: null })).map(({ question }) => question);
  const begin = async (kept: KeptTurns, owner: { tenant: string | null; subject: string }, question: string) =>
    (await kept.save(owner, asked(question), 'new')) as string;

  it('keeps a conversation with its turns in order, and what it is called', async () => {
    const [kept, owner] = [open(), newOwner()];
    const id = await begin(kept, owner, 'first');
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    // All in one millisecond.
    for (const question of ['second', 'third', 'fourth'])
      expect(await kept.save(owner, asked(question, { readAs: `${question}, read` }), { id })).toBe(id);
    const turns = await kept.readTurns(owner, id, 50);
    expect(turns?.map(({ question }) => question)).toEqual(['first', 'second', 'third', 'fourth']);
    expect(turns?.[3]).toEqual({
      ...asked('fourth', { readAs: 'fourth, read' }),
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      conversationId: id,
      askedAt: NOON,
    });
    expect((await kept.readTurns(owner, id, 2))?.map(({ question }) => question)).toEqual(['third', 'fourth']);
    const found = { id, title: 'first', createdAt: NOON, lastUsedAt: NOON, expiresAt: NOON + TTL_S * 1000 };
    expect(await kept.readConversation(owner, id)).toEqual(found);
  });

  it('shows nobody the turns, conversations or questions of another account, or of another tenant', async () => {
    const [kept, owner] = [open(), newOwner('acme')];
    const id = await begin(kept, owner, 'secret');
    const others = [
      { ...owner, tenant: 'globex' },
      { ...owner, tenant: null },
      { ...owner, subject: `${owner.subject}0` },
      { ...owner, subject: owner.subject.toUpperCase() },
    ];
    for (const other of others) {
      expect(await kept.readTurns(other, id, 50)).toBeNull();
      expect(await kept.readConversation(other, id)).toBeNull();
      expect(await kept.listConversations(other, { limit: 50, before: null })).toEqual([]);
      expect(await questions(kept, other)).toEqual([]);
      expect(await kept.removeConversation(other, id)).toBe(false);
      await kept.removeConversations(other);
      await kept.removeAll(other);
      // It is nobody's conversation for them: a question by itself.
      expect(await kept.save(other, asked('a try'), { id })).toBeNull();
    }
    for (const like of [`${id} `, id.toUpperCase(), `${id}0`, '%', '', 'new'])
      expect(await kept.readTurns(owner, like, 50)).toBeNull();
    expect((await kept.readTurns(owner, id, 50))?.map(({ question }) => question)).toEqual(['secret']);
  });

  it('ends a conversation that nobody used, and keeps its questions for as long as any', async () => {
    const [kept, owner] = [open(), newOwner()];
    const start = time.now;
    const id = await begin(kept, owner, 'first');
    time.now += TTL_S * 1000 - 1;
    expect(await kept.save(owner, asked('in time'), { id })).toBe(id);
    time.now += TTL_S * 1000 - 1;
    expect(await kept.readTurns(owner, id, 50)).toHaveLength(2);
    time.now += 1;
    expect(await kept.readTurns(owner, id, 50)).toBeNull();
    expect(await kept.listConversations(owner, { limit: 50, before: null })).toEqual([]);
    expect(await kept.save(owner, asked('too late'), { id })).toBeNull();
    const later = await kept.listTurns(owner, { limit: 50, before: null });
    expect(later.map(({ question }) => question)).toEqual(['too late', 'in time', 'first']);
    time.now = start + 90 * DAY_MS - 1;
    expect(await questions(kept, owner)).toEqual(['too late', 'in time', 'first']);
    time.now = start + 90 * DAY_MS;
    expect(await questions(kept, owner)).toEqual(['too late', 'in time']);
    // Nothing is left of it in the tables once somebody asks again.
    await kept.save(newOwner(), asked('of another'), null);
    const left = await store().run((db) => readQuestions(db, createKeyRing({ current: OLD }), owner));
    expect(left.map(({ question, conversationId }) => [question, conversationId])).toEqual([
      ['in time', null],
      ['too late', null],
    ]);
    const rows = await store().run((db) => db.selectFrom('conversations').select('id').where('id', '=', id).execute());
    expect(rows).toEqual([]);
  });

  it('keeps no question by itself for 0 days, and those of a conversation as long as that lives', async () => {
    const [kept, owner] = [open({ historyDays: 0 }), newOwner()];
    expect(await kept.save(owner, asked('alone'), null)).toBeNull();
    const id = await begin(kept, owner, 'first');
    expect(await questions(kept, owner)).toEqual(['first']);
    time.now += TTL_S * 1000;
    expect(await questions(kept, owner)).toEqual([]);
    await kept.save(newOwner(), asked('of another'), 'new');
    const left = await store().run((db) =>
      db.selectFrom('turns').select('id').where('conversation_id', '=', id).execute(),
    );
    expect(left).toEqual([]);
    const none = open({ historyDays: 0, conversationTtlS: 0 });
    expect([none.keepsConversations, await none.save(owner, asked('x'), 'new')]).toEqual([false, null]);
  });

  it('bounds the turns of a conversation and the conversations of an account: the oldest go', async () => {
    const [kept, owner, other] = [open(), newOwner(), newOwner()];
    const long = await begin(kept, owner, 'turn 0');
    for (let each = 1; each <= MOST_TURNS; each += 1) await kept.save(owner, asked(`turn ${each}`), { id: long });
    const turns = (await kept.readTurns(owner, long, 1000)) ?? [];
    expect([turns.length, turns[0]?.question]).toEqual([MOST_TURNS, 'turn 1']);
    expect((await questions(kept, owner)).at(-1)).toBe('turn 0');
    const othersOne = await begin(kept, other, 'of another');
    for (let each = 1; each <= MOST_CONVERSATIONS; each += 1) {
      time.now += 1;
      await begin(kept, owner, `conversation ${each}`);
    }
    const all = await kept.listConversations(owner, { limit: 1000, before: null });
    expect([all.length, all[0]?.title, all.at(-1)?.title]).toEqual([
      MOST_CONVERSATIONS,
      `conversation ${MOST_CONVERSATIONS}`,
      'conversation 1',
    ]);
    expect(await kept.readTurns(owner, long, 1000)).toBeNull();
    expect(await kept.readTurns(other, othersOne, 10)).toHaveLength(1);
  }, 120_000);

  it('bounds the questions of an account: the oldest go', async () => {
    const [kept, owner, other] = [open(), newOwner(), newOwner()];
    await kept.save(other, asked('of another'), null);
    await kept.save(owner, asked('the first'), null);
    const ring = createKeyRing({ current: OLD });
    const { id: first, sealed } = await store().run((db) =>
      db.selectFrom('turns').select(['id', 'sealed']).where('subject', '=', owner.subject).executeTakeFirstOrThrow(),
    );
    const rows = Array.from({ length: MOST_QUESTIONS - 1 }, (_, at) => ({
      ...{ id: `f${String(at).padStart(31, '0')}`, tenant: '', subject: owner.subject, conversation_id: null, sealed },
      ...{ status: 'answered', code: null, translator: null, view_digest: '', policy_version: '', asked_at: time.now },
    }));
    for (let at = 0; at < rows.length; at += 200)
      await store().run((db) =>
        db
          .insertInto('turns')
          .values(rows.slice(at, at + 200))
          .execute(),
      );
    const count = async () => {
      const all = store().run((db) =>
        db.selectFrom('turns').select('id').where('subject', '=', owner.subject).execute(),
      );
      return (await all).map(({ id }) => id);
    };
    expect(await count()).toHaveLength(MOST_QUESTIONS);
    await kept.save(owner, asked('one more'), null);
    const left = await count();
    expect([left.length, left.includes(first)]).toEqual([MOST_QUESTIONS, false]);
    expect(left.filter((id) => !id.startsWith('f'))).toHaveLength(1);
    expect(await questions(kept, other)).toEqual(['of another']);
    await store().run((db) => forgetQuestions(db, owner));
    expect(await store().run((db) => readQuestions(db, ring, owner))).toEqual([]);
  }, 60_000);

  it('lists by pages, without a gap or a repetition', async () => {
    const [kept, owner] = [open(), newOwner()];
    for (let each = 0; each < 7; each += 1) {
      time.now += each % 2;
      await begin(kept, owner, `question ${each}`);
    }
    const seen: string[] = [];
    for (let before: { id: string; lastUsedAt: number } | null = null; ; ) {
      const page: Awaited<ReturnType<KeptTurns['listConversations']>> = await kept.listConversations(owner, {
        limit: 2,
        before,
      });
      seen.push(...page.map(({ title }) => title));
      before = page.at(-1) ?? null;
      if (page.length < 2) break;
    }
    expect([...seen].sort()).toEqual(Array.from({ length: 7 }, (_, each) => `question ${each}`));
    const told: string[] = [];
    for (let before: string | null = null; ; ) {
      const page: Awaited<ReturnType<KeptTurns['listTurns']>> = await kept.listTurns(owner, { limit: 3, before });
      told.push(...page.map(({ question }) => question));
      before = page.at(-1)?.id ?? null;
      if (page.length < 3) break;
    }
    expect(told).toEqual(Array.from({ length: 7 }, (_, each) => `question ${6 - each}`));
  });

  it('removes one conversation, all of them, or all questions, and nothing else', async () => {
    const [kept, owner, other] = [open(), newOwner(), newOwner()];
    const [one, two] = [await begin(kept, owner, 'one'), await begin(kept, owner, 'two')];
    await kept.save(owner, asked('alone'), null);
    await begin(kept, other, 'of another');
    expect([await kept.removeConversation(owner, one), await kept.removeConversation(owner, one)]).toEqual([
      true,
      false,
    ]);
    expect(await questions(kept, owner)).toEqual(['alone', 'two']);
    await kept.removeConversations(owner);
    expect([await questions(kept, owner), await kept.readTurns(owner, two, 5)]).toEqual([['alone'], null]);
    await begin(kept, owner, 'three');
    await kept.removeAll(owner);
    expect(await questions(kept, owner)).toEqual([]);
    expect(await kept.listConversations(owner, { limit: 5, before: null })).toEqual([]);
    expect(await questions(kept, other)).toEqual(['of another']);
  });

  it('holds nothing that was asked in the open, and opens no text in another place', async () => {
    const [kept, owner, thief] = [open(), newOwner(), newOwner()];
    const id = await begin(kept, owner, 'Is Wanjiru ill?');
    const dump = async () => {
      const [turns, conversations] = await store().run(async (db) => [
        await db.selectFrom('turns').selectAll().execute(),
        await db.selectFrom('conversations').selectAll().execute(),
      ]);
      return JSON.stringify([turns, conversations]);
    };
    expect(await dump()).not.toMatch(/Wanjiru|SELECT/);
    await store().run((db) =>
      db.updateTable('turns').set({ subject: thief.subject }).where('conversation_id', '=', id).execute(),
    );
    expect(await codeOfPromise(kept.listTurns(thief, { limit: 5, before: null }))).toBe('INTERNAL');
    await kept.removeAll(thief);
  });

  it('is sealed anew with the new key, text by text', async () => {
    const owner = newOwner();
    const id = await begin(open(), owner, 'What was it?');
    const ring = createKeyRing({ current: NEW, retired: [OLD] });
    for (const kind of listQuestions(store(), ring)) {
      const count = await reseal(kind);
      expect([count.name, count.sealed > 0, count.left]).toEqual([kind.name, true, 0]);
      expect(await reseal(kind)).toMatchObject({ sealed: 0, left: 0 });
    }
    const kept = open({ ring: createKeyRing({ current: NEW }) });
    expect((await kept.readConversation(owner, id))?.title).toBe('What was it?');
    expect((await kept.readTurns(owner, id, 5))?.[0]?.sql).toBe("SELECT 'What was it?'");
  });

  it('goes along where a tenant adopts the accounts of before there were tenants', async () => {
    const [kept, owner] = [open(), newOwner()];
    const id = await begin(kept, owner, 'of before');
    const tenant = { id: 'adopter', name: 'Adopter', status: 'active', created_at: NOON } as const;
    await store().run((db) => db.insertInto('tenants').values(tenant).execute());
    await adoptRows(store(), 'adopter');
    const adopted = { ...owner, tenant: 'adopter' };
    expect([await questions(kept, owner), await questions(kept, adopted)]).toEqual([[], ['of before']]);
    expect((await kept.readConversation(adopted, id))?.title).toBe('of before');
  });
}
