import { describe, expect, it } from 'vitest';
import { isBareProbe, readPath, standsAt, standsOutside } from '../../../src/seal/match-probe.js';
import { readPrinted } from '../../../src/seal/printed-tokens.js';

const tokensOf = (text: string) => readPrinted(text, 'mariadb') ?? [];

/** A statement around one enclosure, marked by `«` before its parenthesis and `»` behind its alias. */
function marked(text: string) {
  const [before = '', inside = '', after = ''] = text.split(/[«»]/);
  const [start, end] = [tokensOf(before).length, tokensOf(before + inside).length];
  return { tokens: tokensOf(before + inside + after), start, end };
}

const ENCLOSURE = '«(SELECT `b`.`id` AS `c1` FROM `orders` AS `b` WHERE `b`.`owner` = ?) AS `t2`»';
const isBare = (text: string) => {
  const { tokens, start, end } = marked(text.replace('FROM E', `FROM ${ENCLOSURE}`).replace(', E', `, ${ENCLOSURE}`));
  return isBareProbe(tokens, start, end);
};
const inside = (probe: string) => `SELECT (${probe}) AS \`c9\` FROM \`t1\``;

describe('a bare probe', () => {
  it.each([
    'SELECT `t2`.`c1` AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2`',
    'SELECT `t2`.`c1` AS `c3` FROM E WHERE `t1`.`c2` = `t2`.`c1`',
    'SELECT COUNT(*) AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2`',
    'SELECT COUNT(`t2`.`c1`) AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2` AND `t12`.`c12` = `t2`.`c1`',
    'SELECT MIN(`t2`.`c1`) AS `c33` FROM E WHERE `t2`.`c1` = `t1`.`c2`',
    'SELECT MAX(`t2`.`c1`) AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2`',
  ])('is %s', (probe) => {
    expect(isBare(inside(probe))).toBe(true);
  });

  it.each([
    ['with another list', 'SELECT `t2`.`c1`, `t2`.`c1` AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2`'],
    ['of another table’s column', 'SELECT `t1`.`c1` AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2`'],
    ['of another table’s maximum', 'SELECT MAX(`t1`.`c1`) AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2`'],
    ['of a sum', 'SELECT SUM(`t2`.`c1`) AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2`'],
    ['of something computed', 'SELECT 1 + COUNT(*) AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2`'],
    ['of values taken once', 'SELECT DISTINCT `t2`.`c1` AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2`'],
    ['under a name that is none of ours', 'SELECT `t2`.`c1` AS `x` FROM E WHERE `t2`.`c1` = `t1`.`c2`'],
    ['without a name', 'SELECT `t2`.`c1` FROM E WHERE `t2`.`c1` = `t1`.`c2`'],
    ['without WHERE', 'SELECT `t2`.`c1` AS `c3` FROM E ORDER BY `t2`.`c1`'],
    ['with another comparison', 'SELECT `t2`.`c1` AS `c3` FROM E WHERE `t2`.`c1` < `t1`.`c2`'],
    ['with a constant', 'SELECT `t2`.`c1` AS `c3` FROM E WHERE `t2`.`c1` = 5'],
    ['of its own columns', 'SELECT `t2`.`c1` AS `c3` FROM E WHERE `t2`.`c1` = `t2`.`c2`'],
    ['of others’ columns', 'SELECT `t2`.`c1` AS `c3` FROM E WHERE `t1`.`c1` = `t3`.`c2`'],
    ['with OR', 'SELECT `t2`.`c1` AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2` OR `t2`.`c1` = `t1`.`c3`'],
    ['with a second condition', 'SELECT `t2`.`c1` AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2` AND `t2`.`c1` < 5'],
    ['with LIMIT', 'SELECT `t2`.`c1` AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2` LIMIT 1'],
    ['beside another table', 'SELECT `t2`.`c1` AS `c3` FROM `t4`, E WHERE `t2`.`c1` = `t1`.`c2`'],
  ])('is none %s', (_name, probe) => {
    expect(isBare(inside(probe))).toBe(false);
  });

  it('stands in parentheses of its own', () => {
    expect(isBare('SELECT `t2`.`c1` AS `c3` FROM E WHERE `t2`.`c1` = `t1`.`c2`')).toBe(false);
  });
});

describe('a copied equality', () => {
  const link = { inner: { alias: 't2', column: 'c1' }, outer: { alias: 't1', column: 'c2' } };
  const stands = (text: string) => {
    const { tokens, end } = marked(`«(SELECT 1) AS \`t2\`»${text}`);
    return standsOutside(tokens, end, link);
  };

  it.each([
    [' WHERE `t2`.`c1` = `t1`.`c2`)', true],
    [' WHERE `t1`.`c2` = `t2`.`c1`)', true],
    [' WHERE `t1`.`c9` = 5 AND (`t3`.`c1` = `t1`.`c2`) AND `t2`.`c1` = `t1`.`c2` LIMIT 1)', true],
    [' WHERE `t2`.`c1` = `t1`.`c2`', false],
    [' WHERE (`t2`.`c1` = `t1`.`c2`))', false],
    [') WHERE `t2`.`c1` = `t1`.`c2`', false],
    [' WHERE `t2`.`c1` <> `t1`.`c2`)', false],
    [' WHERE `t2`.`c3` = `t1`.`c2`)', false],
    [' WHERE `t2`.`c1` = `t1`.`c3`)', false],
    [' WHERE `t3`.`c1` = `t1`.`c2`)', false],
    [' WHERE `t2`.`c1` = `t3`.`c2`)', false],
    [' WHERE `t2`.`c2` = `t1`.`c1`)', false],
    [' WHERE `t1`.`c2` = `t1`.`c2`)', false],
  ])('stands outside too in %s: %s', (text, expected) => {
    expect(stands(text)).toBe(expected);
  });

  it.each([
    ['SELECT 1 FROM `t3` JOIN («E» JOIN `t4` ON TRUE) ON TRUE WHERE `t2`.`c1` = `t1`.`c2`)', true],
    ['SELECT 1 FROM ((«E» JOIN `t4` ON TRUE) JOIN `t5` ON TRUE) WHERE `t2`.`c1` = `t1`.`c2`)', true],
    ['SELECT 1 FROM («E» JOIN `t4` ON TRUE) WHERE `t3`.`c1` = `t1`.`c2`)', false],
    ['SELECT 1 FROM (SELECT 1 FROM («E» JOIN `t4` ON TRUE)) AS `t6` WHERE `t2`.`c1` = `t1`.`c2`)', false],
    ['SELECT 1 FROM (WITH `t7` AS (SELECT 1) SELECT 1 FROM «E») WHERE `t2`.`c1` = `t1`.`c2`)', false],
  ])('is looked for behind parentheses of a join, not of a query: %s', (text, expected) => {
    const { tokens, end } = marked(`(${text.replace('«E»', '«(SELECT 1) AS `t2`»')}`);
    expect(standsOutside(tokens, end, link)).toBe(expected);
  });
});

it('reads a path of two names of ours, and no other', () => {
  expect(readPath(tokensOf('`t12`.`c34`'), 0)).toEqual({ alias: 't12', column: 'c34' });
  for (const text of [
    '`xt1`.`c1`',
    '`t1x`.`c1`',
    '`t1`.`xc1`',
    '`t1`.`c1x`',
    '`t1`, `c1`',
    't1.c1',
    '`t1`.',
    '`b`.`id`',
  ])
    expect(readPath(tokensOf(text), 0)).toBeNull();
  expect(readPath([], 0)).toBeNull();
});

it('compares texts token by token', () => {
  const tokens = tokensOf('SELECT 1 FROM `t`');
  expect(standsAt(tokens, 0, ['SELECT', '1'])).toBe(true);
  expect(standsAt(tokens, 2, ['FROM', '`t`'])).toBe(true);
  expect(standsAt(tokens, 2, ['FROM', '`u`'])).toBe(false);
  expect(standsAt(tokens, 3, ['`t`', 'x'])).toBe(false);
});
