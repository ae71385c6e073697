import { expect, it } from 'vitest';
import { nearestNames } from '../../../src/translate/nearest-names.js';

const COLUMNS = ['id', 'customer_number', 'ordered_at', 'shipped_on', 'status', 'total', 'branch_id'];
const ANY = { most: 3, least: 0 };

it.each([
  ['totl', 'total'],
  ['Total_', 'total'],
  ['sttaus', 'status'],
  ['cust_no', 'customer_number'],
  ['customerNumber', 'customer_number'],
  ['order_date', 'ordered_at'],
  ['branch', 'branch_id'],
  ['branches_id', 'branch_id'],
  ['ship_date', 'shipped_on'],
])('%s is nearest to %s', (wanted, nearest) => {
  expect(nearestNames(wanted, COLUMNS, ANY)[0]).toBe(nearest);
});

it('gives no more than are wanted, and none that is less like than asked', () => {
  expect(nearestNames('total', COLUMNS, ANY)).toHaveLength(3);
  expect(nearestNames('readfile', COLUMNS, { most: 3, least: 0.6 })).toEqual([]);
  expect(nearestNames('total', [], ANY)).toEqual([]);
});

it('keeps the given order between equals, and each name once', () => {
  expect(nearestNames('x', ['b', 'a', 'b'], ANY)).toEqual(['b', 'a']);
});

it('compares very long names by their beginning', () => {
  const long = 'a'.repeat(100_000);
  expect(nearestNames(long, ['b', long], { most: 1, least: 0.9 })).toEqual([long]);
});

it('counts neighbours that changed places as one step', () => {
  expect(nearestNames('pirce', ['prince', 'price'], ANY)[0]).toBe('price');
});
