import { expect, it } from 'vitest';
import { nearestExamples } from '../../../src/translate/nearest-examples.js';

const EXAMPLES = [
  'How many orders did I place in {year}?',
  'Which invoices are overdue?',
  'What is the total of my orders by month?',
  'Which products are in the category {category}?',
  'Who are the customers of the branch {branch}?',
].map((question) => ({ question }));

const nearest = (question: string, most = 3) => nearestExamples(question, EXAMPLES, most).map((each) => each.question);

it.each([
  ['Show me overdue invoices', 'Which invoices are overdue?'],
  ['orders per month', 'What is the total of my orders by month?'],
  ['How many ORDERS were placed?', 'How many orders did I place in {year}?'],
  ['products of every category', 'Which products are in the category {category}?'],
  ['customer of our Nairobi branch', 'Who are the customers of the branch {branch}?'],
])('%s: %s', (question, first) => {
  expect(nearest(question)[0]).toBe(first);
});

it('gives none that shares no word but those that every question has', () => {
  expect(nearest('What is the weather, and who are you?')).toEqual([]);
  expect(nearestExamples('orders', [], 3)).toEqual([]);
});

it('does not count the names of slots', () => {
  expect(nearest('my best year')).toEqual([]);
});

it('gives as many as are wanted at most, equals in the given order', () => {
  expect(nearest('orders, invoices, products and customers', 2)).toHaveLength(2);
  const twins = [{ question: 'orders one' }, { question: 'orders two' }, { question: 'orders six' }];
  expect(nearestExamples('orders', twins, 3)).toEqual(twins);
});
