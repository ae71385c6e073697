import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../support/run-command.js';
import { evaluationFolder } from '../support/spider.js';

const data = evaluationFolder();
const folder = mkdtempSync(join(tmpdir(), 'swali-eval-spider-'));
const out = join(folder, 'report.json');
const opened: ChildProcess[] = [];
afterAll(() => {
  for (const child of opened) child.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** The model that knows the gold, in a process of its own, as `bench/` runs it. */
function startScriptedModel(file: string): Promise<string> {
  const script = fileURLToPath(new URL('../../bench/scripted-model.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  opened.push(child);
  return new Promise((resolve, reject) => {
    child.stdout.once('data', (chunk) => resolve(String(chunk).trim()));
    child.once('exit', (code) => reject(new Error(`the model ended with ${code}`)));
  });
}

describe.skipIf(data === null)('questions of the Spider training set, through the whole gateway', () => {
  const questions = join(data ?? '', 'spider-train/questions.jsonl');

  it('lose at most one in a hundred where the model knows the gold', { timeout: 600_000 }, async () => {
    const env = { OPENAI_BASE_URL: await startScriptedModel(questions) };
    const args = ['--questions', questions, '--database', join(data ?? '', 'spider-train'), '--limit', '40'];
    const { code, out: printed } = await runCommand(env, ['eval', ...args, '--translator', 'openai', '--out', out]);
    console.info(printed);
    expect(code).toBe(0);
    const report = JSON.parse(readFileSync(out, 'utf8'));
    expect(report.questions).toBe(40);
    expect(Object.keys(report.by_database).length).toBeGreaterThan(30);
    expect(report.execution_accuracy).toBeGreaterThanOrEqual(0.99);
  });
});
