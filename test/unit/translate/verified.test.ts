import { describe, expect, it } from 'vitest';
import { matchVerified, type SlotType, type VerifiedQuestion } from '../../../src/translate/verified.js';

const TODAY = { year: 2026, month: 3, day: 15 };

function verified(question: string, slots: Readonly<Record<string, SlotType>> = {}): VerifiedQuestion {
  return { question, slots: new Map(Object.entries(slots)), sql: `-- ${question}` };
}

const QUESTIONS = [
  verified('How many orders did I place in {year}?', { year: 'integer' }),
  verified('What did customer {name} buy on {day}?', { name: 'text', day: 'date' }),
  verified("Which of my invoices aren't paid?"),
  verified('Products over {price}', { price: 'decimal' }),
  verified('Orders in {month} {year}', { month: 'integer', year: 'integer' }),
  verified('Wie groß ist die Straße?'),
  verified('Find {anything}', { anything: 'text' }),
  verified('Find my orders'),
  verified('From {a} to {a}', { a: 'integer' }),
  verified('Uses {undeclared}'),
];

function slotsOf(question: string): Readonly<Record<string, unknown>> | null {
  const found = matchVerified(question, QUESTIONS, TODAY);
  return found?.kind === 'sql' ? Object.fromEntries(found.candidate.slots) : null;
}

describe('matchVerified', () => {
  it.each([
    ['How many orders did I place in 2025?', { year: 2025 }],
    ['how many ORDERS did I place   in 2025', { year: 2025 }],
    ['Ｈｏｗ many orders did I place in ２０２５？', { year: 2025 }],
    ['How many orders did I place last year?', { year: 2025 }],
    ['How many orders did I place in the last year?', { year: 2025 }],
    ['How many orders did I place this year', { year: 2026 }],
    ['How many orders did I place in the year 2019?', { year: 2019 }],
    ['What did customer Amina Otieno buy on 2026-03-01?', { name: 'Amina Otieno', day: '2026-03-01' }],
    ['What did customer "O\'Brien & Sons; Ltd." buy yesterday?', { name: "O'Brien & Sons; Ltd.", day: '2026-03-14' }],
    ['What did customer 山田 buy on 5 March 2026?', { name: '山田', day: '2026-03-05' }],
    ['Which of my invoices aren’t paid', {}],
    ['products over 1,250.50!', { price: 1250.5 }],
    ['Orders in March 2024', { month: 3, year: 2024 }],
    ['wie gross ist die straße', null],
    ['WIE GROß IST DIE STRASSE', null],
    ['Wie groß ist die Straße', {}],
    ['From 3 to 3', { a: 3 }],
    ['Find "last year"', { anything: 'last year' }],
    ["Find Today's special", { anything: "Today's special" }],
    ['Find 2024 calendar', { anything: '2024 calendar' }],
  ])('reads %s', (question, slots) => {
    expect(slotsOf(question)).toEqual(slots);
  });

  it.each([
    ['another question', 'How many invoices did I place in 2025?'],
    ['more words', 'How many orders did I place in 2025 in Nairobi?'],
    ['fewer words', 'How many orders did I place?'],
    ['a word for a number', 'How many orders did I place in Nairobi?'],
    ['a decimal for an integer', 'How many orders did I place in 2025.5?'],
    ['a number beyond a double', 'Products over 12345678901234567890'],
    ['a day that does not exist', 'What did customer X buy on 2026-02-30?'],
    ['two values for one slot', 'From 3 to 4'],
    ['a slot that the file does not declare', 'Uses anything'],
    ['a value of more than eight words', 'Find a b c d e f g h i'],
    ['a time for a text', 'Find last year'],
    ['a time for a text, with what is behind it', 'Find March 2025 in Nairobi'],
  ])('does not match %s', (_name, question) => {
    expect(slotsOf(question)).toBeNull();
  });

  it('prefers the question with more fixed words', () => {
    const found = matchVerified('Find my orders', QUESTIONS, TODAY);
    expect(found).toMatchObject({ candidate: { sql: '-- Find my orders', translator: 'verified' } });
  });

  it('keeps hostile values out of the text', () => {
    const found = matchVerified("Find x'; DROP TABLE orders", QUESTIONS, TODAY);
    expect(found).toMatchObject({ candidate: { sql: '-- Find {anything}' } });
  });

  it('comes to an end where several text slots stand side by side', () => {
    const many = [
      verified('{a} {b} {c} {d} {e} {f} end', { a: 'text', b: 'text', c: 'text', d: 'text', e: 'text', f: 'text' }),
    ];
    expect(matchVerified('word '.repeat(400), many, TODAY)).toBeNull();
  });
});
