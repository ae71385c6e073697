import { describe, expect, it } from 'vitest';
import { printAnswer, printable } from '../../../src/cli/print-answer.js';
import type { Answer } from '../../../src/domain/answer.js';

const ANSWER: Answer = {
  id: 'a1',
  status: 'answered',
  question: 'How much?',
  conversation_id: null,
  sql: 'SELECT name, total FROM orders',
  message: null,
  choices: [],
  columns: [
    { name: 'name', type: 'text', unit: null, masked: false },
    { name: 'total', type: 'decimal', unit: 'KES', masked: false },
  ],
  rows: [
    ['Amina', '12.50'],
    ['李小龙', '1200.00'],
    [null, null],
  ],
  row_count: 3,
  truncated: true,
  text: 'There are 3 rows.',
  explanation: 'From the verified question.',
  chart: null,
  provenance: {
    translator: 'verified',
    relations: ['orders'],
    policies: ['orders.rows.customer'],
    masked_columns: [],
    policy_version: 'sha256:abc',
    model: null,
  },
  receipt: null,
  usage: { prompt_tokens: 0, completion_tokens: 0 },
  timings_ms: { seal: 0.21 },
};

describe('printAnswer', () => {
  it('prints the table aligned, numbers to the right, wide scripts by their width', () => {
    expect(printAnswer(ANSWER).split('\n').slice(0, 5)).toEqual([
      'name    total (KES)',
      '------  -----------',
      'Amina         12.50',
      '李小龙      1200.00',
      'NULL           NULL',
    ]);
  });

  it('shortens floating-point numbers for the eye, and nothing else', () => {
    const columns: Answer['columns'] = [
      { name: 'average', type: 'float', unit: null, masked: false },
      { name: 'exact', type: 'decimal', unit: null, masked: false },
    ];
    const rows = [
      [3670.9131578947367, '3670.913157894736'],
      [0.00000123456789, '0.10'],
      [1200, '1200'],
      [-0.1 - 0.2, '0'],
    ];
    const answer = { ...ANSWER, columns, rows };
    const cells = printAnswer(answer)
      .split('\n')
      .slice(2, 6)
      .map((line) => line.trim().split(/ +/));
    expect(cells).toEqual([
      ['3670.913158', '3670.913157894736'],
      ['0.00000123457', '0.10'],
      ['1200', '1200'],
      ['-0.3', '0'],
    ]);
    expect(answer.rows[0]).toEqual([3670.9131578947367, '3670.913157894736']);
  });

  it('says how the question was answered and that rows are missing', () => {
    const text = printAnswer(ANSWER);
    for (const part of ['There are 3 rows.', 'more rows', 'verified', 'orders.rows.customer', 'sha256:abc', 'none']) {
      expect(text).toContain(part);
    }
  });

  it('makes control characters of a value visible: a row cannot drive the terminal', () => {
    const text = printAnswer({ ...ANSWER, rows: [['\u001b[2Jgone\u202e', '1']] });
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(text).toContain('\\u001b[2Jgone\\u202e');
  });

  it('cuts long cells', () => {
    const cell = printAnswer({ ...ANSWER, rows: [['x'.repeat(500), '1']] }).split('\n')[2] ?? '';
    expect(cell).toContain(`${'x'.repeat(59)}…`);
    expect(cell.length).toBeLessThan(80);
  });
});

describe('printable', () => {
  it('leaves ordinary text of any script alone', () => {
    expect(printable('Wanjikũ 東京 مرحبا')).toBe('Wanjikũ 東京 مرحبا');
  });
});
