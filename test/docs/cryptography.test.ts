import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../src/config/setting-table.js';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/security/cryptography.md'), 'utf8');

/** How GitHub names the anchor of a heading. */
const anchorOf = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\s-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

describe('docs/security/cryptography.md', () => {
  it('has every secret setting, and every file of certificates', () => {
    const names = SETTINGS.filter(({ name, secret }) => secret || /^(TLS|SOURCE|STORE|REDIS)_.*_FILE$/.test(name));
    expect(names.length).toBeGreaterThan(25);
    expect(names.filter(({ name }) => !page.includes(`\`${name}\``)).map(({ name }) => name)).toEqual([]);
  });

  it('says of every key what it is for, and what to do when it is out, in sections that are there', () => {
    let links = 0;
    for (const [, path, section] of page.matchAll(/\]\((\.\.\/[\w./-]+\.md)#([^)]+)\)/g)) {
      const text = readFileSync(join(ROOT, 'docs/security', path!), 'utf8');
      const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) => anchorOf(title!));
      expect(anchors, `${path}#${section}`).toContain(section);
      links += 1;
    }
    expect(links).toBeGreaterThan(12);
    for (const [row] of page.split('## Algorithms')[0]!.matchAll(/^\| (?!setting|---).*$/gm))
      expect(row.split(' | '), row).toHaveLength(7);
  });

  it('names files that are there', () => {
    const files = [...page.matchAll(/`(src\/[^`]+)`/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(12);
    for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true);
  });
});
