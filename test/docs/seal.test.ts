import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSealedCases } from '../support/sealed-cases.js';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/seal.md'), 'utf8');

/** Words of every construct that the reader refuses by name; a part that is computed stands as `…`. */
function refusedConstructs(): ReadonlySet<string> {
  const folder = join(root, 'src/sql');
  const found = new Set<string>();
  for (const file of readdirSync(folder).filter((name) => /^(parse|lex)/.test(name))) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, first = ''] of text.matchAll(/(?:\.unsupported|refuseConstruct)\(((?:'[^']*'|`[^`]*`|[^'`,)])*)/g))
      for (const [, plain, template] of first.replace(/=== '[^']*'/g, '').matchAll(/'([^']*)'|`([^`]*)`/g))
        found.add(plain ?? (template ?? '').replace(/\$\{[^}]*\}/g, '…'));
  }
  return found;
}

describe('docs/seal.md', () => {
  it('shows what the seal makes of its examples, as the fixtures have it', () => {
    const cases = parseSealedCases(readFileSync(join(root, 'fixtures/sql/seal.mysql.sql'), 'utf8'));
    const shown = [...page.matchAll(/^<!-- case: (.*) -->\n```sql\n(.*)\n```\n```sql sealed\n(.*)\n```$/gm)].map(
      ([, name, sql, sealed]) => ({ name, sql, sealed }),
    );
    expect(shown.length).toBeGreaterThanOrEqual(3);
    expect(shown.length).toBe([...page.matchAll(/^```sql sealed$/gm)].length);
    for (const { name, sql, sealed } of shown)
      expect(cases).toContainEqual(expect.objectContaining({ name, sql, sealed }));
  });

  it('lists every construct that the reader refuses by name, and no other', () => {
    const table = page.slice(page.indexOf('| refused | what it is |'), page.indexOf('Also `DEFAULT`'));
    const listed = [...table.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([^`]+)`/g)].map(([, words]) => words!),
    );
    const refused = refusedConstructs();
    expect(refused.size).toBeGreaterThan(40);
    expect([...listed].sort()).toEqual([...refused].sort());
  });

  it('names the file of each step', () => {
    const files = [...page.matchAll(/^\| \d [^|]* \| ([^|]*) \|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([^`]+)`/g)].map(([, file]) => join(root, 'src/seal', file!)),
    );
    expect(files.length).toBeGreaterThanOrEqual(9);
    for (const file of files) expect(readFileSync(file, 'utf8')).not.toBe('');
  });
});

describe('what is left', () => {
  const residualsOf = (text: string, from: string): string => {
    const section = text.slice(text.indexOf(from) + from.length);
    const end = section.indexOf('\n## ');
    return (end < 0 ? section : section.slice(0, end)).toLowerCase();
  };

  it.each([
    'time',
    'floating-point sums',
    'distinct',
    'max_sort_length',
    'json_arrayagg',
    'json_objectagg',
    'jsonb_group_array',
  ])('is said alike in SECURITY.md and docs/seal.md: %s', (residual) => {
    expect(residualsOf(page, '## What is left')).toContain(residual);
    expect(residualsOf(readFileSync(join(root, 'SECURITY.md'), 'utf8'), '## What is left')).toContain(residual);
  });
});
