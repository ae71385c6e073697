import { describe, expect, it } from 'vitest';
import { collectNames } from '../../../../src/translate/verified/names.js';
import { shopMetrics, shopView, viewOf } from '../short-view.js';

describe('collectNames', () => {
  it('knows synonyms of relations and metrics, and everyday words for what is there', () => {
    const names = collectNames(shopView(), shopMetrics('sqlite'));
    expect(Object.fromEntries(names)).toEqual({
      shop: ['branch'],
      turnover: ['revenue'],
      sale: ['revenue'],
      client: ['customer'],
      buyer: ['customer'],
      purchase: ['order'],
      bill: ['invoice'],
    });
  });

  it('knows nothing of what the principal does not see', () => {
    const names = collectNames(viewOf({ name: 'customers', columns: ['id integer *'] }), []);
    expect([...names.keys()]).toEqual(['client', 'buyer']);
  });

  it('leaves out what is a name itself, stands for two, or is a word of another meaning', () => {
    const view = viewOf(
      { name: 'orders', columns: ['id integer *', 'bill text'], synonyms: ['sales', 'total', 'paid things', 'deals'] },
      { name: 'invoices', columns: ['id integer *'], synonyms: ['bills', 'deals', 'not paid', 'a'] },
      { name: 'purchases', columns: ['id integer *'] },
    );
    expect(Object.fromEntries(collectNames(view, []))).toEqual({ sale: ['order'] });
  });
});
