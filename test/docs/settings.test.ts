import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SETTINGS } from '../../src/config/setting-table.js';

const root = new URL('../../', import.meta.url);
const example = readFileSync(new URL('.env.example', root), 'utf8');

it('lists every setting in .env.example, in order, with its default', () => {
  expect(SETTINGS.length).toBeGreaterThan(20);
  const listed = [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name, value]) => `${name}=${value}`);
  expect(listed).toEqual(SETTINGS.map((setting) => `${setting.name}=${setting.default}`));
});

it('says in .env.example what the table of settings says', () => {
  for (const setting of SETTINGS) expect(example).toContain(setting.description);
});

it('reads the environment in main.ts only', () => {
  const files = readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.[jt]s$/.test(file),
  );
  expect(files.length).toBeGreaterThan(50);
  // Comments may speak of it; code may not use it, not even by another spelling.
  const readers = files.filter((file) => {
    const code = readFileSync(new URL(`src/${file}`, root), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    return /\bprocess\s*(?:\.\s*env\b|\[\s*['"`]env)|\benv\b[^;\n]*\bfrom\s+['"](?:node:)?process['"]/.test(code);
  });
  expect(readers).toEqual(['main.ts']);
});
