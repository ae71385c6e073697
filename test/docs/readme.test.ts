import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const textOf = (file: string) => readFileSync(new URL(file, root), 'utf8');
const { scripts, engines } = JSON.parse(textOf('package.json')) as {
  scripts: Record<string, string>;
  engines: { node: string };
};
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(new URL('docs', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('the pages', () => {
  it('are all there', () => {
    expect(pages).toEqual(
      expect.arrayContaining(['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/errors.md']),
    );
  });

  it.each(pages)('%s names only npm scripts that exist', (page) => {
    const named = [...textOf(page).matchAll(/\bnpm (?:run (?:--silent )?([\w:-]+)|(start|test)\b)/g)].map(
      (match) => match[1] ?? match[2]!,
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it.each(pages)('%s names only commands that the program has', (page) => {
    const program = readdirSync(new URL('src/cli', root))
      .map((name) => textOf(`src/cli/${name}`))
      .join('\n');
    const commands = new Set([...program.matchAll(/\.command\(\s*'([\w-]+)/g)].map((match) => match[1]!));
    expect(commands.size).toBeGreaterThan(5);
    // As typed, or in code: in a sentence "Swali answers" is no command. Groups have a second word that counts.
    const named = [...textOf(page).matchAll(/(?:npm run swali -- |`swali )([a-z-]+)(?: ([a-z][a-z-]*))?/g)].flatMap(
      (match) => (match[2] && ['policy', 'users', 'audit'].includes(match[1]!) ? [match[1]!, match[2]] : [match[1]!]),
    );
    expect(named.filter((name) => !commands.has(name))).toEqual([]);
  });

  it.each(pages)('%s links only to files that exist', (page) => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map((match) => match[1]!);
    expect(links.filter((link) => !existsSync(new URL(link, new URL(page, root))))).toEqual([]);
  });
});

describe('the README', () => {
  it('starts and tests with two commands, and CI runs the same test command', () => {
    const readme = textOf('README.md');
    expect(readme).toContain('npm ci && npm start');
    expect(readme).toContain('npm ci && npm test');
    expect(textOf('.ci/run')).toMatch(/\bnpm ci\b[\s\S]*\bnpm test\b/);
  });

  it('names the Node version that package.json asks for', () => {
    expect(textOf('README.md')).toContain(engines.node.replace('>=', ''));
  });
});
