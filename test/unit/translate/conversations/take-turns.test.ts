import { describe, expect, it } from 'vitest';
import type { KeptTurn } from '../../../../src/store/turn-rows.js';
import {
  MOST_SHOWN_CHARACTERS,
  MOST_SHOWN_TURNS,
  takeTurns,
} from '../../../../src/translate/conversations/take-turns.js';

const NOW = { digest: 'view', policyVersion: 'policy' };

const kept = (question: string, change: Partial<KeptTurn> = {}): KeptTurn => ({
  id: 'f'.repeat(32),
  conversationId: 'c',
  question,
  readAs: null,
  sql: `SELECT '${question}'`,
  status: 'answered',
  code: null,
  translator: 'openai',
  viewDigest: 'view',
  policyVersion: 'policy',
  askedAt: 0,
  ...change,
});

describe('the turns that a translator is shown', () => {
  it('are the latest, oldest first, a follow-up as the whole question that it was', () => {
    const turns = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((each) => kept(each));
    expect(takeTurns(turns, NOW).map(({ question }) => question)).toEqual(['c', 'd', 'e', 'f', 'g', 'h']);
    expect(MOST_SHOWN_TURNS).toBe(6);
    const followed = kept('and last year?', { readAs: 'How many orders last year?' });
    expect(takeTurns([followed], NOW)).toEqual([
      { question: 'How many orders last year?', sql: "SELECT 'and last year?'", answered: true },
    ]);
  });

  it.each([
    ['the view is another', { viewDigest: 'view of then' }],
    ['the policy is another', { policyVersion: 'policy of then' }],
    ['nothing was answered', { sql: null, status: 'refused' as const }],
  ])('have no statement where %s', (_why, change) => {
    const [turn, next] = takeTurns([kept('a', change), kept('b')], NOW);
    expect([turn?.question, turn?.sql, next?.sql]).toEqual(['a', null, "SELECT 'b'"]);
    expect(turn?.answered).toBe(change !== undefined && !('status' in change));
  });

  it('find room: the latest first, a question without its statement where that is too long', () => {
    const long = 'x'.repeat(MOST_SHOWN_CHARACTERS / 2);
    const turns = [
      kept('too old', { question: `${long}!` }),
      kept('b', { sql: long }),
      kept('c', { sql: long }),
      kept('d'),
    ];
    const taken = takeTurns(turns, NOW);
    expect(taken.map(({ question, sql }) => [question, sql?.length ?? null])).toEqual([
      ['b', null],
      ['c', long.length],
      ['d', "SELECT 'd'".length],
    ]);
    const all = taken.map(({ question, sql }) => question + (sql ?? '')).join('');
    expect(all.length).toBeLessThanOrEqual(MOST_SHOWN_CHARACTERS);
  });
});
