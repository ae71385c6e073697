import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Turn } from '../../../../src/domain/conversation.js';
import { completeQuestion } from '../../../../src/translate/conversations/complete-question.js';
import { createMarker, translateOffline } from '../../../../src/translate/offline/translate-offline.js';
import { admin, customer } from '../../../support/principals.js';
import { shopMetrics, shopView } from '../short-view.js';

interface Case {
  /** Questions before, all answered. */
  readonly before: readonly string[];
  readonly question: string;
  readonly as?: 'customer';
  readonly whole: string;
}

const read = <T>(name: string): readonly T[] =>
  readFileSync(new URL(`../../../../fixtures/cases/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
const cases = read<Case>('follow-ups.jsonl');
const left = read<Omit<Case, 'whole'> & { readonly why: string }>('follow-ups-left.jsonl');

const sharedValues = new Map([
  ['orders.status', ['pending', 'shipped', 'cancelled']],
  ['payments.method', ['mpesa', 'card', 'bank_transfer']],
  ['branches.city', ['Nairobi', 'Kisumu']],
  ['customers.city', ['Nairobi', 'Mombasa']],
]);

function known(as?: 'customer') {
  return {
    view: shopView(as === 'customer'),
    metrics: shopMetrics('sqlite'),
    currency: 'KES',
    principal: as === 'customer' ? customer(7) : admin(),
    dialect: 'sqlite',
    today: { year: 2026, month: 3, day: 15 },
    sharedValues,
  } as const;
}

const translate = (question: string, as?: 'customer') => translateOffline({ question, ...known(as) });
const turn = (question: string): Turn => ({ question, sql: 'SELECT 1' });

function complete(question: string, turns: readonly Turn[], as?: 'customer'): string | null {
  const answers = (each: string) => translate(each, as).kind === 'sql';
  return completeQuestion({ question, turns, marker: createMarker(known(as)), answers });
}

describe('a follow-up', () => {
  it('has a table of some size', () => expect(cases.length).toBeGreaterThanOrEqual(50));

  it.each(cases)('$question ← $before', ({ before, question, as, whole }) => {
    expect(complete(question, before.map(turn), as)).toBe(whole);
    const found = translate(whole, as);
    expect(found, JSON.stringify(found)).toMatchObject({ kind: 'sql' });
  });

  it.each(left)('is taken as it stands: $question ← $before ($why)', ({ before, question, as }) => {
    expect(complete(question, before.map(turn), as)).toBeNull();
  });

  it('goes on from the last question that was answered, and from the last one where none was', () => {
    const answered = turn('How many orders were placed in 2025?');
    const refused: Turn = { question: 'How many unicorns were placed in 2025?', sql: null, answered: false };
    expect(complete('and 2024?', [answered, refused])).toBe('How many orders were placed in 2024?');
    expect(complete('and 2024?', [refused, answered])).toBe('How many orders were placed in 2024?');
    expect(complete('and 2024?', [refused])).toBe('How many unicorns were placed in 2024?');
    // Its statement is withheld under other rules than those of then; what was asked is not.
    const withheld: Turn = { question: 'How many customers joined in 2023?', sql: null, answered: true };
    expect(complete('and 2024?', [answered, withheld])).toBe('How many customers joined in 2024?');
  });

  it('is nothing that is complete by itself, whatever was asked before', () => {
    const questions = read<{ question: string; as?: 'customer' }>('offline-answered.jsonl');
    expect(questions.length).toBeGreaterThanOrEqual(70);
    for (const { question, as } of questions)
      for (const before of ['How many orders were placed in 2025?', 'List customers in Mombasa'])
        expect([question, complete(question, [turn(before)], as)]).toEqual([question, null]);
  });

  it('may be any words at all, behind any: it is read or left, and never fails', () => {
    const words = [...new Set(cases.flatMap(({ before, question }) => [...before, question].join(' ').split(' ')))];
    const text = fc.array(fc.constantFrom(...words, 'top', '7', 'not', '"x', '山田', '-'), {
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(text, text, (before, question) => {
        const whole = complete(question.join(' '), [turn(before.join(' '))]);
        if (whole !== null) expect(whole.length).toBeLessThan(400);
      }),
      { numRuns: 1000, seed: 6 },
    );
  });
});
