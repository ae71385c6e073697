import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { matchParaphrase } from '../../../../src/translate/verified/match-paraphrase.js';
import type { Names } from '../../../../src/translate/verified/names.js';
import type { SlotType, VerifiedQuestion } from '../../../../src/translate/verified/verified-question.js';
import { matchVerified } from '../../../../src/translate/verified.js';

const TODAY = { year: 2026, month: 3, day: 15 };
/** What a policy calls its names too. */
const NAMES: Names = new Map([
  ['purchase', ['order']],
  ['client', ['customer']],
  ['worker', ['employee']],
  ['bill', ['invoice']],
  ['turnover', ['revenue']],
]);

interface Case {
  readonly verified: string;
  readonly slots: Readonly<Record<string, SlotType>>;
  readonly asked: string;
  /** Null where it is another question. */
  readonly takes: Readonly<Record<string, string | number>> | null;
}

const CASES = readFileSync('fixtures/cases/verified-paraphrases.jsonl', 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Case);
const ACCEPTED = CASES.filter(({ takes }) => takes !== null);
const REFUSED = CASES.filter(({ takes }) => takes === null);

function verified(question: string, slots: Readonly<Record<string, SlotType>> = {}, sql = question): VerifiedQuestion {
  return { question, slots: new Map(Object.entries(slots)), sql };
}

const ALL = [...new Map(CASES.map(({ verified: text, slots }) => [text, verified(text, slots)] as const)).values()];

function take(asked: string, from: readonly VerifiedQuestion[], names: Names = NAMES) {
  const found = matchParaphrase(asked, from, TODAY, names);
  if (found?.kind !== 'sql') return null;
  const { sql, answeredAs, slots } = found.candidate;
  return { sql, answeredAs, slots: Object.fromEntries(slots) };
}

describe('matchParaphrase', () => {
  it('has a table to be judged by', () => {
    expect(ACCEPTED.length).toBeGreaterThanOrEqual(60);
    expect(REFUSED.length).toBeGreaterThanOrEqual(120);
  });

  it.each(ACCEPTED)('takes "$verified" for: $asked', ({ verified: text, asked, takes }) => {
    expect(matchVerified(asked, [verified(text)], TODAY)).toBeNull();
    const answeredAs = text.replace(/\{(\w+)\}/g, (_, name: string) => String(takes?.[name]));
    expect(take(asked, ALL)).toEqual({ sql: text, answeredAs, slots: takes });
  });

  it.each(REFUSED)('takes nothing for: $asked (near "$verified")', ({ asked }) => {
    expect(take(asked, ALL)).toBeNull();
    // A text slot of the same words takes whatever stands in its place: there the owner's template is exact.
    const closed = ALL.filter(({ slots }) => ![...slots.values()].includes('text'));
    expect(matchVerified(asked, closed, TODAY)).toBeNull();
  });

  it('says which of the verified questions it took, and keeps values out of the SQL', () => {
    const found = matchParaphrase('In 2025, how many orders did I place?', ALL, TODAY, NAMES);
    expect(found).toEqual({
      kind: 'sql',
      candidate: {
        sql: 'How many orders did I place in {year}?',
        translator: 'verified',
        slots: new Map([['year', 2025]]),
        usage: { promptTokens: 0, completionTokens: 0 },
        answeredAs: 'How many orders did I place in 2025?',
      },
    });
  });

  it('takes none of two that fit', () => {
    const two = [verified('List customer names', {}, 'SELECT 1'), verified('Names of customers', {}, 'SELECT 2')];
    expect(take('Show the names of customers', two)).toBeNull();
    expect(take('Show the names of customers', two.slice(1))).not.toBeNull();
    const equal = [verified('List customer names', {}, 'SELECT 1'), verified('Names of customers', {}, 'SELECT 1')];
    expect(take('Show the names of customers', equal)).not.toBeNull();
  });

  it('takes none where values may stand in either of two places', () => {
    const template = verified('Customers who joined in {a_year} and left in {b_year}', {
      a_year: 'integer',
      b_year: 'integer',
    });
    expect(take('Which customers who joined in 2024 and left in 2025', [template])).toEqual({
      sql: template.question,
      answeredAs: 'Customers who joined in 2024 and left in 2025',
      slots: { a_year: 2024, b_year: 2025 },
    });
    const loose = verified('Orders in {a_year} {b_year}', { a_year: 'integer', b_year: 'integer' });
    expect(take('Show orders in 2024 in 2025', [loose])).toBeNull();
  });

  it('knows a synonym only where the principal sees the name that it stands for', () => {
    const [orders] = ALL;
    expect(take('How many purchases did I make in 2025?', [orders!])).not.toBeNull();
    expect(take('How many purchases did I make in 2025?', [orders!], new Map())).toBeNull();
  });

  it('takes nothing for what it cannot read, and soon', () => {
    const many = Array.from({ length: 55 }, (_, index) => `${1000 + index}`).join(' in ');
    expect(take(`orders in ${many}`, ALL)).toBeNull();
    expect(take('of the a an', ALL)).toBeNull();
    expect(take('山田 の 注文', ALL)).toBeNull();
    expect(take('x '.repeat(1000), ALL)).toBeNull();
    expect(take('of of of', [verified('of of')])).toBeNull();
  });
});
