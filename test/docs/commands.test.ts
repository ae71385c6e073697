import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'swali-docs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every command line of the pages that calls the program, in the order in which they stand. */
const lines = ['README.md', 'docs/policy.md', 'docs/alerts.md', 'docs/operations.md'].flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block]) =>
    block!.split('\n').filter((line) => line.includes('npm run swali -- ')),
  ),
);

describe('the commands on the pages', () => {
  it('are found', () => {
    expect(lines.length).toBeGreaterThanOrEqual(10);
  });

  it.each(lines)(
    '%s',
    async (line) => {
      // A proposal is never written over a policy that is there, so it is printed.
      const command = line
        .replace('npm run swali --', `node ${join(root, 'dist/main.js')}`)
        .replace(/policy init(?!.*--stdout)/, 'policy init --stdout');
      const { stdout } = await run('bash', ['-c', `set -o pipefail; ${command}`], {
        cwd: root,
        env: {
          PATH: process.env.PATH,
          DATA_DIR: folder,
          PASSWORD: 'a long test password',
          BCRYPT_COST: '4',
          JUDGE_TIMEOUT_MS: '20000',
        },
      });
      expect(stdout).not.toBe('');
    },
    60_000,
  );
});
