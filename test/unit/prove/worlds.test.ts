import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { CatalogColumn } from '../../../src/catalog/catalog.js';
import { nastyCells } from '../../../src/prove/mutate-values.js';
import { changeBehindMask, maskCell } from '../../../src/prove/slice-masks.js';
import {
  absent,
  both,
  either,
  foundIn,
  nameCell,
  owned,
  type RowRule,
  valued,
} from '../../../src/prove/slice-rules.js';
import type { Cell } from '../../../src/prove/world.js';
import { listWorlds } from '../../../src/prove/worlds/list-worlds.js';
import { printCell, printInserts } from '../../../src/prove/worlds/print-cell.js';
import { evaluationFolder } from '../../support/spider.js';

const column = (fields: Partial<CatalogColumn>): CatalogColumn => ({
  name: 'c',
  family: 'text',
  declaredType: 'varchar(20)',
  unsigned: false,
  nullable: true,
  generated: 'no',
  collation: null,
  characterSet: null,
  ...fields,
});

const place = { relation: 't', column: column({}), dialect: 'sqlite', hashKey: 'k'.repeat(32) } as const;

function holds(
  rule: RowRule,
  row: Record<string, Cell>,
  claim: string | number,
  others: readonly Record<string, Cell>[] = [],
) {
  const read = (cells: Record<string, Cell>) => (name: string) => cells[name] ?? null;
  return rule.holds(read(row), { claim: () => claim, rows: () => others.map(read), found: new Map() });
}

describe('row rules of the harness', () => {
  it.each([
    ['C7', 'C7', true],
    ['C7', 'c7', false],
    ['C7 ', 'C7', false],
    ['\u00c77', 'C\u03277', false],
    [7n, 7, true],
    [7n, '7', true],
    ['7', 7, true],
    [7, 7, false],
    [9007199254740993n, '9007199254740992', false],
    [new Uint8Array([0x43, 0x37]), 'C7', false],
    [null, 'C7', false],
  ] as const)('tells whether the cell %s is the claim %s: %s', (cell, claim, expected) => {
    expect(holds(owned('owner', 'owner'), { owner: cell }, claim)).toBe(expected);
  });

  it('joins rules, and finds rows through another table', () => {
    const rule = foundIn(
      'order_id',
      'orders',
      'id',
      both(owned('owner', 'owner'), either(valued('r', 1n), absent('r'))),
    );
    const orders = [
      { id: 1n, owner: 'a', r: 1n },
      { id: 2n, owner: 'a', r: 2n },
      { id: 3n, owner: 'b', r: 1n },
      { id: 4n, owner: 'a', r: null },
      { id: null, owner: 'a', r: 1n },
    ];
    const found = [1n, 2n, 3n, 4n, null].filter((order_id) => holds(rule, { order_id }, 'a', orders));
    expect(found).toEqual([1n, 4n]);
    expect(rule.readings).toMatchObject([{ relation: 'orders', columns: ['id', 'owner', 'r'] }]);
  });
});

describe('masks of the harness', () => {
  const cases = [
    ['1234567', { last: 4 }, '••••'],
    ['12345678', { last: 4 }, '••••5678'],
    [12345678n, { last: 4 }, '••••5678'],
    ['ann@example.org', 'email', 'a••••@example.org'],
    ['@x', 'email', '••••'],
    ['x@y@z', 'email', '••••'],
    ['2024-05-06 07:08:09', 'year', '2024'],
    ['soon', 'year', null],
    ['anything', 'null', null],
    [null, { last: 4 }, null],
  ] as const;

  it.each(cases)('shows %s under %o as %s', (cell, mask, shown) => {
    expect(maskCell(cell, mask, place)).toBe(shown);
  });

  it('changes what is behind a mask and nothing that shows', () => {
    const changed = cases.filter(([cell, mask, shown]) => {
      const other = changeBehindMask(cell, mask, place, 3);
      expect(maskCell(other, mask, place)).toBe(shown);
      return nameCell(other) !== nameCell(cell);
    });
    // NULL shows as NULL, and eight digits have no shorter number with as many to show.
    expect(changed.length).toBeGreaterThanOrEqual(7);
  });

  it('reads the year of a server without leading zeros', () => {
    expect(maskCell('0001-01-01', 'year', { ...place, dialect: 'mysql' })).toBe('1');
  });
});

describe('cells of the harness', () => {
  it.each([
    [null, 'NULL', 'NULL'],
    [-9223372036854775808n, '-9223372036854775808', '-9223372036854775808'],
    [1, '1.0', '1e0'],
    [-0, '-0.0', '-0e0'],
    [1e308, '1e+308', '1e+308'],
    [Number.POSITIVE_INFINITY, '9e999', '9e999'],
    ["it's \\", "'it''s \\'", "'it''s \\'"],
    ['a\0', "CAST(x'6100' AS TEXT)", "_utf8mb4 x'6100'"],
    [new Uint8Array([0, 255]), "x'00ff'", "x'00ff'"],
  ] as const)('prints %s as a literal', (cell, sqlite, server) => {
    expect([printCell(cell, 'sqlite'), printCell(cell, 'mysql')]).toEqual([sqlite, server]);
  });

  it('puts several rows into one statement, and no more than fit', () => {
    const rows = Array.from({ length: 1201 }, (_, index) => [BigInt(index)]);
    const statements = printInserts('t', ['a'], rows, 'mysql', 'ignore');
    expect(statements).toHaveLength(3);
    expect(statements[2]).toMatch(/^INSERT IGNORE INTO `t` \(`a`\) VALUES\n\(1000\),/);
  });

  it('knows cells at the edges of every family, NULL only where it may stand', () => {
    const tiny = column({ family: 'integer', declaredType: 'tinyint unsigned', unsigned: true, nullable: false });
    expect(nastyCells(tiny, 'mysql', false)).toEqual([0n, 1n, 0n, 255n, 254n]);
    const short = nastyCells(column({ declaredType: 'varchar(3)' }), 'mysql', false);
    expect(short).toContain(null);
    expect(Math.max(...short.map((cell) => (typeof cell === 'string' ? [...cell].length : 0)))).toBe(3);
    for (const family of [
      'integer',
      'decimal',
      'float',
      'text',
      'binary',
      'date',
      'datetime',
      'time',
      'year',
      'json',
      'bit',
    ] as const)
      expect(nastyCells(column({ family, declaredType: family }), 'mariadb', false).length).toBeGreaterThan(1);
  });
});

const folder = evaluationFolder();
describe.skipIf(folder === null)('published databases', () => {
  it.each([
    ['sqlite', 57],
    ['mariadb', 58],
    ['mysql', 58],
  ] as const)('are listed for %s', (dialect, count) => {
    const worlds = listWorlds({ dialect, serverUrl: null, dataDir: folder, scratch: tmpdir() });
    expect(worlds).toHaveLength(count);
    expect(new Set(worlds.map(({ name }) => name)).size).toBe(count);
  });
});
