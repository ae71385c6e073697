import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/eval/outcome.js';
import { scoreRun } from '../../../src/eval/score.js';
import { madeOutcome } from './made-outcome.js';

const declined = { answered: false, sql: null, verdict: 'refused', reason: 'declined' } as const;
const times = (count: number, fields: Partial<Outcome>) => Array.from({ length: count }, () => madeOutcome(fields));

describe('the figures of a run', () => {
  const outcomes = [
    ...times(4, {}),
    ...times(1, { verdict: 'wrong', reason: 'values', hardness: 'hard' }),
    ...times(2, declined),
    ...times(1, { answered: false, verdict: 'refused', reason: 'SEAL_SYNTAX', database: 'bank' }),
    ...times(2, { answered: false, verdict: 'failed', reason: 'EXECUTE_TIMEOUT', database: 'bank' }),
    ...times(3, { answered: false, verdict: 'skipped', reason: 'gold-empty' }),
  ];
  const score = scoreRun(outcomes, null);

  it('count each question once, and those that cannot be judged nowhere', () => {
    expect(score).toMatchObject({ questions: 10, answered: 5, refused: 3, failed: 2, right: 4 });
    expect(score.skipped).toEqual({ 'gold-empty': 3 });
  });

  it('set what is right against all questions, and against those that were answered', () => {
    expect(score.execution_accuracy).toBe(0.4);
    expect(score.precision).toBe(0.8);
  });

  it('set the statements that ran against those that were written', () => {
    expect(score.valid_sql_rate).toBe(5 / 8);
  });

  it('stand by hardness, by database and by translator', () => {
    expect(score.by_hardness).toMatchObject({ easy: { questions: 9, right: 4 }, hard: { questions: 1, right: 0 } });
    expect(score.by_database).toMatchObject({ bank: { questions: 3, failed: 2 }, shop: { questions: 7 } });
    expect(score.by_translator).toMatchObject({ offline: { questions: 10 } });
  });

  it('count failures by reason, most first', () => {
    expect(Object.entries(score.failures)).toEqual([
      ['declined', 2],
      ['EXECUTE_TIMEOUT', 2],
      ['values', 1],
      ['SEAL_SYNTAX', 1],
    ]);
  });

  it('are null where there is nothing to divide by', () => {
    expect(scoreRun([], null)).toMatchObject({
      questions: 0,
      execution_accuracy: null,
      precision: null,
      valid_sql_rate: null,
      latency_ms: { p50: null, p95: null },
    });
  });

  it('take a refusal for right where nothing can be answered', () => {
    const rightly = { ...declined, gold: null, verdict: 'right', reason: null } as const;
    const unanswerable = scoreRun(
      [...times(3, rightly), ...times(1, { gold: null, verdict: 'wrong' }), ...times(1, declined), ...times(1, {})],
      null,
    );
    expect(unanswerable).toMatchObject({ questions: 6, answered: 2, refused: 4, right: 4, precision: 0.5 });
    expect(unanswerable.refusals).toEqual({
      unanswerable: 4,
      unanswerable_refused: 3,
      precision: 0.75,
      recall: 0.75,
    });
  });

  it('have no precision of refusals where everything can be answered', () => {
    expect(score.refusals).toEqual({ unanswerable: 0, unanswerable_refused: 0, precision: null, recall: null });
  });

  it('cost what the tokens cost', () => {
    const paid = times(2, { prompt_tokens: 1_000_000, completion_tokens: 500_000 });
    expect(scoreRun(paid, { prompt: 0.15, completion: 0.6 })).toMatchObject({
      tokens: { prompt: 2_000_000, completion: 1_000_000, per_question: 1_500_000 },
      cost: { total: 0.9, per_question: 0.45 },
    });
    expect(scoreRun(paid, null).cost).toBeNull();
  });

  it('say how long half and nearly all questions took at most', () => {
    const timed = Array.from({ length: 100 }, (_, at) => madeOutcome({ ms: 100 - at }));
    expect(scoreRun(timed, null).latency_ms).toEqual({ p50: 50, p95: 95, mean: 50.5 });
  });
});
