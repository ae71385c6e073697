import { describe, expect, it } from 'vitest';
import { singular, splitIdentifier, splitWords } from '../../../src/translate/words.js';

describe('splitWords', () => {
  it.each([
    [
      'customer\'s orders, "A b" and 1,200.50',
      ['customer', 'orders', 'A b', 'and', '1,200.50'],
      ['word', 'word', 'quoted', 'word', 'number'],
    ],
    ['since 2025-03-01?', ['since', '2025-03-01'], ['word', 'number']],
    ["don't say 'x y' or “z”", ["don't", 'say', 'x y', 'or', 'z'], ['word', 'word', 'quoted', 'word', 'quoted']],
    ['café 山田 -5 order_items', ['café', '山田', '-5', 'order_items'], ['word', 'word', 'number', 'word']],
  ])('cuts %s', (text, texts, kinds) => {
    const { words } = splitWords(text);
    expect(words.map((word) => word.text)).toEqual(texts);
    expect(words.map((word) => word.kind)).toEqual(kinds);
  });

  it('folds case and accents, and tells what stood before', () => {
    const { words } = splitWords('Café, Ångström. Zebra');
    expect(words.map((word) => word.folded)).toEqual(['cafe', 'angstrom', 'zebra']);
    expect(words.map((word) => word.afterComma)).toEqual([false, true, true]);
  });
});

describe('singular', () => {
  it.each([
    ['orders', 'order'],
    ['categories', 'category'],
    ['branches', 'branch'],
    ['addresses', 'address'],
    ['status', 'status'],
    ['people', 'person'],
    ['boss', 'boss'],
    ['analysis', 'analysis'],
    ['ids', 'id'],
    ['prices', 'price'],
  ])('%s is %s', (plural, expected) => {
    expect(singular(plural)).toBe(expected);
  });
});

describe('splitIdentifier', () => {
  it.each([
    ['customer_names', ['customer', 'name']],
    ['CustomerID', ['customer', 'id']],
    ['HTTPStatus', ['http', 'status']],
    ['order-items', ['order', 'item']],
  ])('%s', (name, words) => {
    expect(splitIdentifier(name)).toEqual(words);
  });
});
