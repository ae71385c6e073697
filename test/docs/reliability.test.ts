import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAULTS, type FaultId } from '../faults/faults.js';
import { type Run, writePage } from '../faults/page.js';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const run = JSON.parse(read('docs/reliability.json')) as Run;
const ids = Object.keys(FAULTS) as FaultId[];

describe('docs/reliability.md', () => {
  it('is what `npm run faults` writes from its figures', () => {
    expect(read('docs/reliability.md')).toBe(writePage(run));
  });

  it('has a row with figures for each fault, and no whole answer without a record in any', () => {
    expect(ids.length).toBeGreaterThanOrEqual(14);
    for (const id of ids) {
      const rows = run.rows.filter(({ fault }) => fault === id);
      expect(rows.length, id).toBeGreaterThan(0);
      for (const row of rows) expect([id, row.unaudited]).toEqual([id, 0]);
    }
  });

  it('has a test behind each fault', () => {
    const tests = readdirSync(join(ROOT, 'test/faults'))
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => read(join('test/faults', name)))
      .join('\n');
    expect(ids.filter((id) => !tests.includes(`'${id}'`))).toEqual([]);
  });
});
