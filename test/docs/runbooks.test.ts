import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { SETTINGS } from '../../src/config/setting-table.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = readdirSync(join(root, 'docs/operations'));
const textOf = (page: string) => readFileSync(join(root, 'docs/operations', page), 'utf8');

const folder = mkdtempSync(join(tmpdir(), 'swali-runbooks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = {
  PATH: process.env.PATH,
  DATA_DIR: folder,
  DRILL: folder,
  BACKUP_KEY: 'a key of backups with 32 characters or more',
  BCRYPT_COST: '4',
  JUDGE_TIMEOUT_MS: '20000',
};

/** Runs a line as it stands on the page, but with the program that is built. */
const runLine = (line: string) =>
  run('bash', ['-c', `set -eo pipefail; ${line.replace('npm run swali --', `node ${join(root, 'dist/main.js')}`)}`], {
    cwd: root,
    env,
  });

/** Lines of the blocks of commands that are run, in their order. */
const linesOf = (page: string, mark: string) =>
  [...textOf(page).matchAll(new RegExp(`^\`\`\`sh ${mark}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].flatMap(([, block]) =>
    block!.trim().split('\n'),
  );

describe('the runbooks', () => {
  it('are there', () => {
    expect(pages.sort()).toEqual([
      'disaster-recovery.md',
      'incident-response.md',
      'key-compromise.md',
      'post-mortem-template.md',
    ]);
  });

  it('link to sections that are there', () => {
    let links = 0;
    for (const page of pages) {
      for (const [, path, section] of textOf(page).matchAll(/\]\(([\w./-]*\.md)?#([\w-]+)\)/g)) {
        const text = readFileSync(join(root, 'docs/operations', path ?? page), 'utf8');
        const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
          title!
            .toLowerCase()
            .replace(/[^\w\s-]/g, '')
            .trim()
            .replace(/\s/g, '-'),
        );
        expect(anchors, `${page}: ${path ?? ''}#${section}`).toContain(section);
        links += 1;
      }
    }
    expect(links).toBeGreaterThan(12);
  });

  it('say of every secret what is to be done when it is out', () => {
    const page = textOf('key-compromise.md');
    const secrets = SETTINGS.filter(({ secret }) => secret).map(({ name }) => name);
    expect(secrets.length).toBeGreaterThan(8);
    // The accounts of single kinds are of the source; retired keys are keys.
    const told = secrets.filter((name) => !page.includes(name.startsWith('SOURCE_URL') ? 'SOURCE_URL' : name));
    expect(told).toEqual([]);
  });
});

describe('the drill', () => {
  it('runs as it is written, and exits with 0 at every line', async () => {
    await runLine(
      'printf %s "a long test password" | npm run swali -- users add admin --identifier root@example.com --password-stdin',
    );
    await runLine('npm run swali -- demo --target "sqlite:$DATA_DIR/demo.sqlite" --today 2026-03-01');
    const lines = linesOf('disaster-recovery.md', 'drill');
    expect(lines.length).toBeGreaterThanOrEqual(7);
    const printed: string[] = [];
    for (const line of lines) printed.push((await runLine(line)).stdout);
    const all = printed.join('\n');
    expect(all).toContain('Wrote ');
    expect(all).toContain('Audit: ');
    expect(all).toContain('root@example.com');
    expect(all).toContain('200');
  }, 120_000);

  it('contains by commands that are there', async () => {
    const lines = linesOf('incident-response.md', 'contain');
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) expect((await runLine(line)).stdout).not.toBe('');
  }, 60_000);
});
