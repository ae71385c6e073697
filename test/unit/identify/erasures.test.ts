import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listErasures, noteErasure, parseErasures, printErasure } from '../../../src/identify/erasures.js';
import { migrateStore, openStore, type Store } from '../../../src/store/store.js';

let store: Store;
beforeEach(async () => {
  store = await openStore('sqlite::memory:');
  await migrateStore(store);
});
afterEach(() => store.close());

const note = (subject: string, erasedAt: number, tenant: string | null = null) =>
  store.run((db) => noteErasure(db, { tenant, subject, erasedAt }, true));

describe('erasures', () => {
  it('are listed with their tenants, once each, also over many pages', async () => {
    for (let n = 1; n <= 1203; n += 1) await note(`customer:${n}`, n);
    await note('admin:1', 5, 'acme');
    await note('customer:7', 99);
    const all = await listErasures(store);
    expect(all).toHaveLength(1204);
    expect(new Set(all.map(({ tenant, subject }) => `${tenant} ${subject}`)).size).toBe(1204);
    expect(all.find(({ tenant }) => tenant === 'acme')).toEqual({ tenant: 'acme', subject: 'admin:1', erasedAt: 5 });
    expect(all.find(({ subject }) => subject === 'customer:7')?.erasedAt).toBe(7);
    expect(await listErasures(store, 1203)).toHaveLength(1);
  });

  it('are read again as they were printed', async () => {
    await note('customer:17', 1_700_000_000_123);
    await note('employee:2', 1_700_000_000_456, 'acme');
    const all = await listErasures(store);
    expect(parseErasures(`\n${all.map(printErasure).join('\n')}\n`)).toEqual(all);
  });

  it.each([
    'customer:17',
    '{}',
    '{"tenant":null,"subject":"customer:0","erasedAt":"2026-01-01T00:00:00.000Z"}',
    '{"tenant":null,"subject":"guest:1","erasedAt":"2026-01-01T00:00:00.000Z"}',
    '{"tenant":3,"subject":"customer:1","erasedAt":"2026-01-01T00:00:00.000Z"}',
    '{"tenant":null,"subject":"customer:1","erasedAt":"soon"}',
  ])('are nothing else: %s', (line) => {
    const good = '{"tenant":null,"subject":"customer:1","erasedAt":"2026-01-01T00:00:00.000Z"}';
    expect(() => parseErasures(`${good}\n${line}`)).toThrow(/line 2/);
  });
});
