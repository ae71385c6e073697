import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

interface Side {
  readonly path?: string | readonly string[];
  readonly pathNot?: string | readonly string[];
  readonly circular?: boolean;
  readonly couldNotResolve?: boolean;
  readonly dependencyTypes?: readonly string[];
}
interface Rule {
  readonly name: string;
  readonly from: Side;
  readonly to: Side;
}

const root = new URL('../../', import.meta.url);
const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { forbidden: readonly Rule[] };
const sources = readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' })
  .map((file) => `src/${file.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.ts'));
const textOf = (file: string) => readFileSync(new URL(file, root), 'utf8');

const some = (patterns: string | readonly string[], path: string) =>
  [patterns].flat().some((pattern) => new RegExp(pattern as string).test(path));
const fits = (side: Side, path: string) =>
  (side.path === undefined || some(side.path, path)) && (side.pathNot === undefined || !some(side.pathNot, path));
/** Names of the rules on paths alone that an import breaks. */
const broken = (from: string, to: string) =>
  forbidden
    .filter((rule) => !rule.to.circular && !rule.to.couldNotResolve && !rule.to.dependencyTypes)
    .filter((rule) => fits(rule.from, from) && fits(rule.to, to))
    .map((rule) => rule.name);

describe('the import rules', () => {
  it.each([
    ['src/seal/index.ts', 'src/execute/execute.ts'],
    ['src/translate/translate.ts', 'src/seal/index.ts'],
    ['src/sql/nodes.ts', 'src/policy/view.ts'],
    ['src/catalog/catalog.ts', 'src/policy/view.ts'],
    ['src/source/source.ts', 'src/catalog/catalog.ts'],
    ['src/domain/answer.ts', 'src/errors/catalogue.ts'],
    ['src/errors/catalogue.ts', 'src/sql/nodes.ts'],
    ['src/ask.ts', 'src/http/limits.ts'],
    ['src/http/limits.ts', 'src/cli/terminal.ts'],
    ['src/http/limits.ts', 'src/config/settings.ts'],
    ['src/answer/chart.ts', 'src/sql/nodes.ts'],
    ['src/audit/record.ts', 'src/identify/accounts.ts'],
    ['src/policy/view.ts', 'src/operate/logger.ts'],
    ['src/gateway.ts', 'src/main.ts'],
    ['src/seal/index.ts', 'node_modules/mysql2/promise.js'],
    ['src/console/console.js', 'src/domain/answer.ts'],
    ['src/shared/anything.ts', 'src/domain/answer.ts'],
    ['src/seal/index.ts', 'test/support/anything.ts'],
  ])('forbid %s to import %s', (from, to) => {
    expect(broken(from, to)).not.toEqual([]);
  });

  it.each([
    ['src/http/limits.ts', 'src/ask.ts'],
    ['src/seal/index.ts', 'src/policy/view.ts'],
    ['src/seal/index.ts', 'src/seal/enclose.ts'],
    ['src/policy/view.ts', 'src/catalog/catalog.ts'],
    ['src/identify/accounts.ts', 'src/store/store.ts'],
    ['src/main.ts', 'src/cli/program.ts'],
    ['src/source/source.ts', 'node_modules/mysql2/promise.js'],
  ])('let %s import %s', (from, to) => {
    expect(broken(from, to)).toEqual([]);
  });

  it('give every folder and file at the top of src/ its place', () => {
    const unknown = sources.filter((file) => broken(file, 'node_modules/zod/index.js').includes('known-places-only'));
    expect(sources.length).toBeGreaterThan(100);
    expect(unknown).toEqual([]);
  });
});

describe('the one way to a sealed statement', () => {
  const maker = 'src/domain/sealed-statement.ts';
  const outside = sources.filter((file) => file !== maker && !file.startsWith('src/seal/'));

  it('is made in seal/ and named nowhere else', () => {
    expect(outside.filter((file) => /\bsealStatement\b/.test(textOf(file)))).toEqual([]);
    expect(
      sources.filter((file) => file.startsWith('src/seal/') && /\bsealStatement\(/.test(textOf(file))),
    ).toHaveLength(1);
  });

  it('cannot be had by a whole-module import, a re-export or a cast', () => {
    const sly = [
      /import\s*\*[^;]*sealed-statement/,
      /import\s*\([^)]*sealed-statement/,
      /export\s[^;]*from\s*['"][^'"]*sealed-statement/,
      /\bas\s+SealedStatement\b|<SealedStatement>\s*[({]/,
    ];
    for (const pattern of sly) expect(outside.filter((file) => pattern.test(textOf(file)))).toEqual([]);
  });
});
