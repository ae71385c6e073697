import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/security/threat-model.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => /^\| [A-Z]{2}-[STRIDE]\d+ \|/.test(line))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));

/** Titles of the tests of a file, as they are written there. */
function titlesOf(file: string): readonly string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/(?:^|[\s,([])(['"])((?:(?!\1)[^\\\n]|\\.)+)\1/g)].map(([, , title]) => title!);
}

describe('docs/security/threat-model.md', () => {
  it('gives every threat an id of its own, a control with its file, and a test', () => {
    expect(rows.length).toBeGreaterThanOrEqual(120);
    expect(new Set(rows.map(([id]) => id)).size).toBe(rows.length);
    for (const row of rows) {
      expect(row, row[0]).toHaveLength(5);
      expect(row[3], row[0]).toMatch(/^`src\/[^`]+`$/);
      expect(row[4], row[0]).toMatch(/`test\/[^`]+`: \*[^*]+\*/);
    }
  });

  it('looks at each of the six kinds of threat, at every stage that has its own heading', () => {
    for (const kind of 'STRIDE') expect(rows.filter(([id]) => id![3] === kind).length, kind).toBeGreaterThanOrEqual(3);
    const stages = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title!.toLowerCase());
    for (const stage of [
      'identify',
      'translate',
      'seal',
      'execute',
      'answer',
      'audit',
      'store',
      'operators',
      'backups',
      'receipts',
      'webhooks',
      'metrics, traces, logs',
      'overload, circuits, stopping',
      'tls',
      'secret references',
    ])
      expect(
        stages.some((title) => title.includes(stage)),
        stage,
      ).toBe(true);
  });

  it('names files that are there', () => {
    const files = [...page.matchAll(/`((?:src|test)\/[^`]+)`/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(120);
    for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true);
  });

  it('names tests that are there, by their titles', () => {
    const named = rows.flatMap((row) => [...row[4]!.matchAll(/`(test\/[^`]+)`: \*([^*]+)\*/g)]);
    expect(named.length).toBeGreaterThan(70);
    for (const [, file, title] of named) expect(titlesOf(file!), `${file}: ${title}`).toContain(title);
  });

  it('says what is not covered', () => {
    expect(page.split('\n## What is not covered\n')[1]?.match(/^- \*\*/gm)?.length).toBeGreaterThanOrEqual(8);
  });
});

describe('the pages about security', () => {
  it.each(readdirSync(join(ROOT, 'docs/security')).filter((name) => name.endsWith('.md')))(
    '%s names files of the code and of tests that are there',
    (name) => {
      const text = readFileSync(join(ROOT, 'docs/security', name), 'utf8');
      for (const [, file] of text.matchAll(/`((?:src|test|docs|bench|fixtures)\/[\w./-]+\.\w+)`/g))
        expect(existsSync(join(ROOT, file!)), file).toBe(true);
    },
  );
});
