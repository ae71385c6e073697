import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import { makeDemo } from '../../src/demo/make-demo.js';
import { EMPLOYEE_ROLES } from '../../src/domain/principal.js';
import { createExecute } from '../../src/execute/execute.js';
import { loadPolicy, readPolicy } from '../../src/policy/policy.js';
import { runPolicyCases } from '../../src/policy/policy-cases.js';
import { policyFileSchema } from '../../src/policy/policy-file.js';
import { createSeal } from '../../src/seal/index.js';
import { createJudges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import { callerSql } from '../support/seal-engine.js';
import { refusalOf, shopCatalog, someone } from '../unit/policy/policy-fixtures.js';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/policy.md'), 'utf8');

/** The YAML blocks of the page that carry a mark: ```` ```yaml complete ````. */
const blocks = [...page.matchAll(/^```yaml ?(\S*)\n([\s\S]*?)^```$/gm)].map(([, mark = '', text = '']) => ({
  mark,
  text,
}));
const marked = (mark: string) => blocks.filter((block) => block.mark === mark).map((block) => block.text);
const options = { source: 'shop', catalog: shopCatalog(), hashKey: 'k'.repeat(32) };

describe('docs/policy.md', () => {
  it('marks every example, so that none escapes the tests', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(7);
    expect(blocks.filter(({ mark }) => !['complete', 'faulty', 'cases'].includes(mark))).toEqual([]);
  });

  it.each(marked('complete'))('shows a file that loads: %#', (text) => {
    expect(readPolicy(text, 'shop.yaml', options).relations.size).toBeGreaterThan(0);
  });

  it('shows a whole file that loads over SQLite too, and opens what it says', () => {
    const text = marked('complete')[0]!;
    for (const dialect of ['mysql', 'mariadb', 'sqlite'] as const) {
      const policy = readPolicy(text, 'shop.yaml', { ...options, catalog: shopCatalog(dialect) });
      const seen = (...who: Parameters<typeof someone>) => [...policy.viewFor(someone(...who)).relations.keys()].sort();
      const business = ['customers', 'order_items', 'orders', 'products'];
      expect(seen('customer')).toEqual(business);
      expect(seen('admin')).toEqual([...business, 'salaries']);
      expect(EMPLOYEE_ROLES.filter((role) => seen('employee', { role }).includes('salaries'))).toEqual([
        'manager',
        'admin-delegate',
      ]);
      expect(seen('employee', { allowTables: [] })).toEqual([]);
    }
  });

  it.each(marked('faulty'))('shows a file with exactly the faults that it marks: %#', (text) => {
    const { code, detail } = refusalOf(() => readPolicy(text, 'shop.yaml', options));
    expect(code).toBe('POLICY_INVALID');
    const told = detail.split('\n').map((line) => /^shop\.yaml:(\d+): (.*)$/.exec(line)!.slice(1));
    const expected = text.split('\n').flatMap((line, index) => {
      const words = line.split('# fault: ')[1];
      return words === undefined ? [] : [[String(index + 1), words]];
    });
    expect(expected.length).toBeGreaterThan(1);
    expect(told.map(([line]) => line)).toEqual(expected.map(([line]) => line));
    for (const [index, [, words]] of expected.entries()) expect(told[index]![1]).toContain(words);
  });

  it('shows cases that hold for the demonstration', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swali-docs-'));
    const url = `sqlite:${join(folder, 'demo.sqlite')}`;
    await makeDemo({ target: url, scale: 0.1, seed: 1, today: '2026-03-01' });
    const source = await openSource({ url });
    const judges = createJudges({ timeoutMs: 10_000, threads: 1 });
    try {
      const catalog = await readCatalog(source);
      const policy = loadPolicy({ dir: join(root, 'sql-policies'), source: 'demo', catalog });
      const { seal } = createSeal({ catalog, judges });
      const execute = createExecute(source);
      const [text] = marked('cases');
      const results = await runPolicyCases(text!, 'demo.test.yaml', {
        viewFor: policy.viewFor,
        run: async (sql, principal) =>
          (await execute(await seal(callerSql(sql), principal, policy.viewFor(principal)))).rows,
      });
      expect(results.length).toBeGreaterThanOrEqual(3);
      expect(results.filter((result) => !result.passed)).toEqual([]);
    } finally {
      await judges.close();
      await source.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);

  it('explains every key of the format', () => {
    const keys = new Set<string>();
    const collect = (schema: unknown): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [name, value] of Object.entries(schema)) {
        if (name === 'properties') for (const key of Object.keys(value as object)) keys.add(key);
        collect(value);
      }
    };
    // Audiences and dialects are keys of maps and stand in the schema as names, not as properties.
    collect(z.toJSONSchema(policyFileSchema, { io: 'input', unrepresentable: 'any' }));
    expect(keys.size).toBeGreaterThan(30);
    const explained = (key: string) => page.includes(`\`${key}\``) || page.includes(`{ ${key}: `);
    expect([...keys].filter((key) => !explained(key))).toEqual([]);
  });
});
