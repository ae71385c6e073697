import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPolicy } from '../../../src/policy/policy.js';
import { policyOf, refusalOf, shopCatalog } from './policy-fixtures.js';

const folder = join(import.meta.dirname, '../../../fixtures/policies/faults');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

/** Faults that the file says it has: `# fault: words` on the line where each stands. */
function expectedFaults(text: string): { line: number; words: string }[] {
  return text.split('\n').flatMap((content, index) =>
    content
      .split('# fault: ')
      .slice(1)
      .map((words) => ({ line: index + 1, words: words.trim() })),
  );
}

describe('a policy file with faults', () => {
  const files = ['format.yaml', 'yaml.yaml', 'names.yaml'];

  it.each(files)('tells every fault of %s at once, each with its line', (name) => {
    const text = read(name);
    const { code, detail } = refusalOf(() => readPolicy(text, name, { source: 'shop', catalog: shopCatalog() }));
    expect(code).toBe('POLICY_INVALID');
    const told = detail.split('\n').map((each) => /^[^:]+:(\d+): (.*)$/u.exec(each));
    expect(told.every(Boolean)).toBe(true);
    const lines = expectedFaults(text);
    expect(told.map((each) => Number(each![1]))).toEqual(lines.map((each) => each.line));
    for (const { line, words } of lines) {
      const messages = told.filter((each) => Number(each![1]) === line).map((each) => each![2]!.toLowerCase());
      expect(
        messages.some((message) => message.includes(words.toLowerCase())),
        `line ${line}: ${words}: ${messages.join(' | ')}`,
      ).toBe(true);
    }
  });

  it('has at least 40 kinds of fault in the files', () => {
    expect(files.flatMap((name) => expectedFaults(read(name))).length).toBeGreaterThanOrEqual(40);
  });

  it('is refused where it is empty, no YAML, no map, or too long', () => {
    for (const text of ['', '{', '- a', 'text', `# ${'x'.repeat(3 * 1024 * 1024)}`]) {
      const { code, detail } = refusalOf(() =>
        readPolicy(text, 'shop.yaml', { source: 'shop', catalog: shopCatalog() }),
      );
      expect(code).toBe('POLICY_INVALID');
      expect(detail).toMatch(/^shop\.yaml:1: /);
    }
  });
});

describe('a row rule', () => {
  const rules = read('rules.tsv')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t') as [string, string]);

  it('has at least 35 refused forms in the table', () => {
    expect(rules.length).toBeGreaterThanOrEqual(35);
  });

  it.each(rules)('is refused with its line: %s', (rule, words) => {
    const relation = `orders:\n  open_to: [customer]\n  rows:\n    customer: ${JSON.stringify(rule)}\n  columns: { id: {} }`;
    const { code, detail } = refusalOf(() => policyOf(relation));
    expect(code).toBe('POLICY_INVALID');
    expect(detail).toMatch(/^shop\.yaml:8: /);
    expect(detail.toLowerCase()).toContain(words.toLowerCase());
    expect(detail).not.toContain('\n');
  });

  const wrapped = [
    (rule: string) => `NOT (${rule})`,
    (rule: string) => `customer_number = 1 OR (${rule})`,
    (rule: string) => `customer_number = :customer_number AND (id = 1 OR NOT (${rule}))`,
    (rule: string) =>
      `EXISTS (SELECT 1 FROM order_items WHERE order_id = orders.id AND (${rule.replaceAll(/\bid\b/gu, 'orders.id')}))`,
  ];
  // A rule without columns is refused for itself alone; beside others it is a constant.
  const failing = rules.map(([rule]) => rule).filter((rule) => rule !== '1 = 1');

  it('is refused wherever a refused part stands in it', () => {
    for (const rule of failing)
      for (const wrap of wrapped) {
        const text = `orders:\n  open_to: [customer]\n  rows: { customer: ${JSON.stringify(wrap(rule))} }\n  columns: { id: {} }`;
        expect(refusalOf(() => policyOf(text)).code, wrap(rule)).toBe('POLICY_INVALID');
      }
  });
});
