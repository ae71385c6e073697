import { describe, expect, it } from 'vitest';
import { hasOnlyKnownNumbers } from '../../../../src/answer/summary/check-numbers.js';
import type { ResultSet } from '../../../../src/domain/result-set.js';

const NAMES = ['month', 'sales_2025', 'orders'];
const RESULT: ResultSet = {
  types: ['text', 'decimal', 'integer'],
  rows: [
    ['2025-01', '1000.50', 4],
    ['2025-02', '2500.00', 11],
    ['Q3 of S10_1678', '499.50', null],
  ],
  truncated: false,
};
const check = (sentence: string, result = RESULT) => hasOnlyKnownNumbers(sentence, NAMES, result);

describe('numbers of a sentence that a model wrote about a result', () => {
  it.each([
    ['no number at all', 'Sales went up.'],
    ['a value', 'February had sales of 2500.'],
    ['a value with separators and a currency', 'February had KES 2,500.00.'],
    ['a value with other separators', 'February had 2’500.00 shillings.'],
    ['a rounded value', 'January had 1,001.'],
    ['a value that was cut off', 'January had 1000.'],
    ['a value with a word of size', 'February had 2.5 thousand.'],
    ['a value with a letter of size', 'February had 2.5k.'],
    ['a value in words', 'There were eleven orders in February and four in January.'],
    ['the number of rows', 'There are 3 months.'],
    ['the number of rows in words', 'There are three months.'],
    ['a total', 'In all, 4,000 was sold.'],
    ['a total of what is there', 'In all, 15 orders.'],
    ['an average', 'On average 1333.33 a month.'],
    ['an average, rounded', 'On average 1,333 a month.'],
    ['the difference of the most and the least', 'The months differ by 2,000.50.'],
    ['a share', 'February had 62.5% of the sales.'],
    ['a rounded share', 'February had 63 percent of the sales.'],
    ['a change from the first to the last', 'Sales fell by 50 %.'],
    ['digits within a value', 'In 2025, February was best.'],
    ['a value that is a name with digits', 'S10_1678 in Q3.'],
    ['a part of one', 'The best month is 2025-02.'],
    ['the name of a column', 'This is sales_2025.'],
    ['one as an article', 'One of the months stands out.'],
  ])('lets %s stand', (_what, sentence) => {
    expect(check(sentence)).toBe(true);
  });

  it.each([
    ['a number that is nowhere', 'February had sales of 2600.'],
    ['one digit more than is known', 'January had 1000.51.'],
    ['a wrong rounding', 'January had 1,002.'],
    ['a wrong sign', 'February had -2500.'],
    ['a wrong size', 'February had 2.5 million.'],
    ['a wrong letter of size', 'February had 2.5m.'],
    ['a number in words that is nowhere', 'There were seventeen orders.'],
    ['a number in two words', 'There were twenty-four orders.'],
    ['a wrong total', 'In all, 4,100 was sold.'],
    ['a share without its sign', 'February had 62.5 of the sales.'],
    ['a wrong share', 'February had 70% of the sales.'],
    ['nothing where there is something', 'January had 0.'],
    ['a date that is nowhere', 'The best month is 2025-07.'],
    ['a name with other digits', 'S10_1679 sold best.'],
    ['digits joined to a name', 'Q4 was best.'],
    ['a number that another one contains', 'February had 50.'],
    ['a vague number', 'February had twice as much.'],
    ['a fraction', 'February had half of it.'],
    ['dozens', 'There were dozens.'],
    ['an ordinal', 'February is the second month.'],
    ['a sign for a fraction', 'February had ½ of it.'],
    ['digits of another script', 'February had ٢٥٠٠.'],
    ['wide digits', 'February had ９９.'],
    ['circled digits', 'February had ⑨.'],
    ['Roman numbers', 'February had Ⅸ.'],
    ['arithmetic', 'February had 2500/3 a day.'],
    ['a time that is nowhere', 'At 11:45 it was best.'],
    ['an address', 'See 10.0.0.1 for more.'],
    ['a number glued to letters', 'February had KES9999.'],
    ['hundreds', 'Hundreds of orders came.'],
  ])('lets %s not stand', (_what, sentence) => {
    expect(check(sentence)).toBe(false);
  });

  it('believes no total, count, average or share of a result that was cut', () => {
    const cut = { ...RESULT, truncated: true };
    expect(check('February had 2500.', cut)).toBe(true);
    for (const sentence of ['In all, 4,000.', 'There are 3 months.', 'On average 1,333.33.', 'That is 62.5%.'])
      expect(check(sentence, cut), sentence).toBe(false);
  });

  it('keeps every digit of exact decimals and of large numbers', () => {
    const large: ResultSet = { types: ['decimal'], rows: [['90071992547409931234.55']], truncated: false };
    expect(hasOnlyKnownNumbers('It is 90,071,992,547,409,931,234.55.', ['n'], large)).toBe(true);
    expect(hasOnlyKnownNumbers('It is 90,071,992,547,409,931,234.54.', ['n'], large)).toBe(false);
    expect(hasOnlyKnownNumbers('It is 90,071,992,547,409,931,236.', ['n'], large)).toBe(false);
  });

  it('takes numbers that a double prints with an exponent', () => {
    const tiny: ResultSet = { types: ['float'], rows: [[1e-7], [2e21]], truncated: false };
    expect(hasOnlyKnownNumbers('From 0.0000001.', ['n'], tiny)).toBe(true);
    expect(hasOnlyKnownNumbers('From 0.0000002.', ['n'], tiny)).toBe(false);
  });

  it('has nothing to say of an empty result but that there are 0 rows', () => {
    const empty: ResultSet = { types: ['integer'], rows: [], truncated: false };
    expect(hasOnlyKnownNumbers('There are 0 orders.', ['n'], empty)).toBe(true);
    expect(hasOnlyKnownNumbers('There are 5 orders.', ['n'], empty)).toBe(false);
  });
});
