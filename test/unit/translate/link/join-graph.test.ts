import { describe, expect, it } from 'vitest';
import { findWay } from '../../../../src/translate/link/join-graph.js';
import { indexView } from '../../../../src/translate/link/view-index.js';
import { shopView, viewOf } from '../short-view.js';

/** Names along a shortest way; undefined where there is none. */
function wayIn(view: ReturnType<typeof viewOf>, from: string, to: string, most = 4): readonly string[] | undefined {
  const index = indexView(view, []);
  const way = findWay(index.graph, index.place.get(from)!, index.place.get(to)!, most);
  return way?.map((edge) => index.relations[edge.to]!.relation.name);
}

describe('ways between relations', () => {
  it('follow declared keys in both directions, the shortest first', () => {
    expect(wayIn(shopView(), 'branches', 'products')).toEqual(['orders', 'order_items', 'products']);
    expect(wayIn(shopView(), 'products', 'branches')).toEqual(['order_items', 'orders', 'branches']);
    expect(wayIn(shopView(), 'branches', 'products', 2)).toBeUndefined();
  });

  it('need both sides of a key to be visible', () => {
    const view = shopView();
    const orders = view.relations.get('orders')!;
    const columns = new Map([...orders.columns].filter(([name]) => name !== 'branch_id'));
    const hidden = { ...view, relations: new Map(view.relations).set('orders', { ...orders, columns }) };
    expect(wayIn(hidden, 'orders', 'branches')).toBeUndefined();
    expect(wayIn(hidden, 'orders', 'customers')).toEqual(['customers']);
  });

  it('are inferred from equal names and types where a relation declares no key', () => {
    const view = viewOf(
      { name: 'drivers', columns: ['driver_number integer *', 'name text'] },
      { name: 'cars', columns: ['id integer *', 'plate text'] },
      { name: 'trips', columns: ['id integer *', 'driver_number integer', 'car_id integer'] },
      { name: 'fines', columns: ['id integer *', 'driver_number text', 'name text'] },
    );
    expect(wayIn(view, 'drivers', 'cars')).toEqual(['trips', 'cars']);
    expect(wayIn(view, 'fines', 'drivers')).toBeUndefined();
  });

  it('are not inferred from a name that many keys have', () => {
    const keys = Array.from({ length: 4 }, (_, at) => ({
      name: `k${at}`,
      columns: ['shared_key integer *', 'x text'],
    }));
    const view = viewOf(...keys, { name: 'holder', columns: ['id integer *', 'shared_key integer'] });
    expect(wayIn(view, 'holder', 'k0')).toBeUndefined();
  });
});
