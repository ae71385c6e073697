import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeReport } from '../../src/eval/report.js';
import { runCommand } from '../support/run-command.js';

const page = readFileSync(new URL('../../docs/eval.md', import.meta.url), 'utf8');

describe('the page about evaluation', () => {
  it('names every option of the command, and no other', async () => {
    const { out: help } = await runCommand({}, ['eval', '--help']);
    const optionsOf = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name).sort();
    const known = optionsOf(help, /^ {2}(--[a-z-]+)/gm);
    const table = page.slice(page.indexOf('| option |'), page.indexOf('The model is the one of'));
    expect(
      optionsOf(table, /(--[a-z][a-z-]*)(?=[^|\n]*\| )/g).filter((name, at, all) => all.indexOf(name) === at),
    ).toEqual(known);
    expect(known.length).toBeGreaterThan(12);
  });

  it('names every field at the top of the report', () => {
    const run = {
      file: 'f',
      digest: 'd',
      translator: 'offline',
      model: null,
      as: 'admin',
      limit: null,
      sample_seed: null,
      finished_at: '',
    };
    const fields = Object.keys(makeReport([], run, null, {}));
    expect(fields).toContain('execution_accuracy');
    expect(fields.filter((field) => !page.includes(`\`${field}\``))).toEqual([]);
  });
});
