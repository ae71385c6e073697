import { describe, expect, it } from 'vitest';
import { makeReport } from '../../../src/eval/report.js';
import { writeReport } from '../../../src/eval/write-report.js';
import { madeOutcome } from './made-outcome.js';

const run = {
  file: 'questions.jsonl',
  digest: 'sha256:0',
  translator: 'openai',
  model: 'a-model',
  as: 'admin',
  limit: null,
  sample_seed: null,
  finished_at: '2026-03-01T00:00:00.000Z',
};

describe('the report', () => {
  const wrong = Array.from({ length: 12 }, (_, at) =>
    madeOutcome({
      id: `w${at}`,
      verdict: 'wrong',
      reason: 'values',
      question: 'Is a | b <script>?\n# no',
      sql: 'SELECT `a`\nFROM t',
    }),
  );
  const report = makeReport([madeOutcome(), ...wrong], run, null, { 'no-gold': 2, 'gold-empty': 0 });
  const text = writeReport(report);

  it('shows the first ten failures of a reason', () => {
    expect(report.first_failures.values?.map(({ id }) => id)).toEqual(wrong.slice(0, 10).map(({ id }) => id));
    expect(text).toContain('### values (12)');
    expect(text.match(/^- w\d+ /gm)).toHaveLength(10);
  });

  it('says what was left out', () => {
    expect(report.skipped).toEqual({ 'no-gold': 2 });
    expect(text).toContain('- no-gold: 2');
  });

  it('has tables whose rows have as many cells as their head', () => {
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect(rows.length).toBeGreaterThan(10);
    const cells = (row: string) => row.replaceAll('\\|', '').split('|').length;
    expect(new Set(rows.map(cells))).toEqual(new Set([9, 10]));
    expect(text).toContain('| easy | 13 | 13 | 0 | 0 | 1 | 7.7 % | 7.7 % |');
  });

  it('lets no question or statement break its form', () => {
    expect(text).toContain('Is a \\| b &lt;script>? # no');
    expect(text).toContain('  - ours `` SELECT `a` FROM t ``');
    expect(text).not.toMatch(/^# no/m);
  });
});
