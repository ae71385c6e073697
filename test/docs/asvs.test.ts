import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Requirements of levels 1 and 2 in each chapter of ASVS 5.0.0, V1 to V17. */
const REQUIREMENTS = [27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7];

const STATES = ['met', 'partly', 'not met', 'not applicable'];

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/security/asvs.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));

/** `4.3.1–4.3.2` as each of its numbers. */
function numbersOf(cell = ''): readonly string[] {
  const [first = '', last = first] = cell.split('–');
  const section = first.slice(0, first.lastIndexOf('.'));
  expect(last.slice(0, last.lastIndexOf('.')), cell).toBe(section);
  const endOf = (number: string): number => Number(number.slice(section.length + 1));
  const [from, to] = [endOf(first), endOf(last)];
  return Array.from({ length: to - from + 1 }, (_, at) => `${section}.${from + at}`);
}

const stated = rows.flatMap(([cell, , state]) => numbersOf(cell).map((number) => ({ number, state })));

describe('docs/security/asvs.md', () => {
  it('says of each requirement how it stands, once', () => {
    expect(rows).toHaveLength(230);
    const numbers = stated.map(({ number }) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
    const counts = REQUIREMENTS.map((_, at) => numbers.filter((number) => number.startsWith(`${at + 1}.`)).length);
    expect(counts).toEqual(REQUIREMENTS);
    for (const row of rows) {
      expect(row, row[0]).toHaveLength(4);
      expect(STATES, row[0]).toContain(row[2]);
    }
  });

  it('counts itself right', () => {
    const [met, partly, not, none] = STATES.map((state) => stated.filter((each) => each.state === state).length);
    expect(page.replaceAll('\n', ' ')).toContain(
      `Of ${stated.length} requirements ${met} are met, ${partly} partly met, ${not} not met and ${none} not applicable.`,
    );
  });

  it('names files and sections that are there', () => {
    const files = [...page.matchAll(/`((?:src|test)\/[^`]+)`/g)].map(([, file]) => file as string);
    expect(files.length).toBeGreaterThan(250);
    for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true);
    for (const [, path, section] of page.matchAll(/\]\(((?:\.\.\/)+[\w-]+\.md)(?:#([\w-]+))?\)/g)) {
      const text = readFileSync(join(ROOT, 'docs/security', path as string), 'utf8');
      if (section === undefined) continue;
      const heading = new RegExp(`^#+ ${section.replaceAll('-', '[ -]')}$`, 'im');
      expect(text, section).toMatch(heading);
    }
  });

  it('names a file of the code or of a test for whatever is met', () => {
    for (const [number, , state, where] of rows)
      if (state === 'met') expect(where, number).toMatch(/`(?:src|test)\/[^`]+`/);
  });

  it('lists at its end all that is not met, and nothing else', () => {
    const [, end = ''] = page.split('\n## What is not met\n');
    const listed = [...end.matchAll(/^- ([\d., ]+):/gm)].flatMap(([, numbers = '']) => numbers.split(', '));
    const not = stated.filter(({ state }) => state === 'not met').map(({ number }) => number);
    expect(listed).toEqual(not);
  });
});
