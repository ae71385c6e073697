import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/security/asvs.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));

describe('docs/security/asvs.md', () => {
  it('says of each requirement how it stands, once', () => {
    expect(rows.length).toBeGreaterThanOrEqual(50);
    const numbers = rows.map(([number]) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const [number, , state] of rows)
      expect(['met', 'partly', 'not met', 'not applicable'], number).toContain(state);
  });

  it('names files and sections that are there', () => {
    const files = [...page.matchAll(/`((?:src|test)\/[^`]+)`/g)].map(([, file]) => file as string);
    expect(files.length).toBeGreaterThan(50);
    for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true);
    for (const [, path, section] of page.matchAll(/\]\((\.\.\/[\w-]+\.md)(?:#([\w-]+))?\)/g)) {
      const text = readFileSync(join(ROOT, 'docs/security', path as string), 'utf8');
      if (section === undefined) continue;
      const heading = new RegExp(`^#+ ${section.replaceAll('-', '[ -]')}$`, 'im');
      expect(text, section).toMatch(heading);
    }
  });

  it('names a test or a place for whatever is met', () => {
    for (const [number, , state, where] of rows)
      if (state === 'met' && !/there is (?:none|one)|there are none|as \d|nothing hinders/.test(where ?? ''))
        expect(where, number).toMatch(/`(?:src|test)\/|\]\(\.\.\//);
  });
});
