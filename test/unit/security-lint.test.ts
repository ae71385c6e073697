import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ESLint, type Linter } from 'eslint';
import { describe, expect, it } from 'vitest';

interface Exception {
  readonly files: readonly string[];
  readonly rules: readonly string[];
  readonly why: string;
}
interface SecurityConfig {
  readonly OWN_RULES: Readonly<Record<string, readonly [readonly string[], string]>>;
  readonly EXCEPTIONS: readonly Exception[];
  readonly makeConfig: (exceptions?: readonly Exception[]) => Linter.Config[];
}

const root = new URL('../../', import.meta.url);
const cwd = fileURLToPath(root);
const { OWN_RULES, EXCEPTIONS, makeConfig } = (await import(new URL('eslint.config.mjs', root).href)) as SecurityConfig;
const lint = async (files: readonly string[], config = makeConfig()) =>
  new ESLint({ cwd, overrideConfigFile: true, overrideConfig: config }).lintFiles([...files]);

/** `own-rule` of our own, `security/name` of the plugin, `unused` for a suppression of nothing. */
function nameOf({ ruleId, message }: Linter.LintMessage): string {
  if (ruleId === null) return 'unused';
  return ruleId === 'no-restricted-syntax' ? message.split(':')[0]! : ruleId;
}

describe('the security lint', () => {
  const fixture = 'fixtures/security-lint/planted.ts';
  const planted = readFileSync(new URL(fixture, root), 'utf8')
    .split('\n')
    .flatMap((line, index) =>
      (/\/\/ finds: (.+)$/.exec(line)?.[1]?.split(', ') ?? []).map((rule) => `${index + 1} ${rule}`),
    );

  it('finds each fault that is planted, and nothing beside', async () => {
    const [result] = await lint([fixture]);
    const found = result!.messages.map((message) => `${message.line} ${nameOf(message)}`);
    expect(planted.length).toBeGreaterThan(25);
    expect([...new Set(found)].sort()).toEqual([...planted].sort());
  }, 60_000);

  it('has a planted fault for each rule of our own', () => {
    const found = new Set(planted.map((each) => each.split(' ')[1]));
    expect(Object.keys(OWN_RULES).filter((name) => !found.has(name))).toEqual([]);
  });

  it('has no exception without a reason, and none that is idle', async () => {
    const needed = new Set(EXCEPTIONS.flatMap(({ files }) => files).filter((file) => !file.includes('*')));
    const found = new Map<string, Set<string>>();
    for (const { filePath, messages } of await lint([...needed], makeConfig([])))
      found.set(filePath.slice(cwd.length).replaceAll('\\', '/'), new Set(messages.map(nameOf)));
    for (const { files, rules, why } of EXCEPTIONS) {
      expect(why.length).toBeGreaterThan(10);
      for (const rule of rules) {
        const idle = files.filter((file) => needed.has(file) && !found.get(file)?.has(rule));
        expect([rule, idle.length < files.length || files.every((file) => !needed.has(file))]).toEqual([rule, true]);
      }
    }
  }, 120_000);

  it('is told the reason of each line that is passed over', () => {
    const files = readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.[jt]s$/.test(file),
    );
    const bare = files.filter((file) =>
      /eslint-(?:disable|enable)(?![^\n]* -- \S.{5,})/.test(readFileSync(new URL(`src/${file}`, root), 'utf8')),
    );
    expect(files.length).toBeGreaterThan(100);
    expect(bare).toEqual([]);
  });

  it('is part of npm run check and of CI', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      scripts: Readonly<Record<string, string>>;
    };
    expect(scripts['lint:security']).toBe('eslint src');
    expect(scripts.check).toContain('npm run lint:security');
    expect(readFileSync(new URL('.ci/run', root), 'utf8')).toContain('npm run --silent lint:security');
  });
});
