import { describe, expect, it } from 'vitest';
import { createSummarise } from '../../../../src/answer/summary/summarise.js';
import type { Answer } from '../../../../src/domain/answer.js';
import type { TextRequest } from '../../../../src/domain/ports.js';
import { SwaliError } from '../../../../src/errors/swali-error.js';
import { admin } from '../../../support/principals.js';

const ANSWER: Answer = {
  id: 'a1',
  status: 'answered',
  question: 'How many orders by status?',
  sql: null,
  message: null,
  choices: [],
  columns: [
    { name: 'status', type: 'text', unit: null, masked: false },
    { name: 'orders', type: 'integer', unit: null, masked: false },
  ],
  rows: [
    ['paid', 7],
    ['open', 5],
  ],
  row_count: 2,
  truncated: false,
  text: 'Made by rule.',
  explanation: 'It reads orders.',
  chart: null,
  provenance: {
    translator: 'openai',
    relations: ['orders'],
    policies: [],
    masked_columns: [],
    policy_version: 'p',
    model: null,
  },
  receipt: null,
  usage: { prompt_tokens: 10, completion_tokens: 2 },
  timings_ms: {},
  conversation_id: null,
};
const SIGNAL = new AbortController().signal;

/** What becomes of the answer where a model writes this. */
async function summarise(text: string | Error, answer: Answer = ANSWER, signal = SIGNAL) {
  const requests: TextRequest[] = [];
  const outcomes: string[] = [];
  const run = createSummarise({
    write: async (request) => {
      requests.push(request);
      if (text instanceof Error) throw text;
      return { text, usage: { promptTokens: 30, completionTokens: 4 } };
    },
    metrics: { summary: (outcome) => outcomes.push(outcome) },
  });
  return { answer: await run(answer, admin(), signal), requests, outcomes };
}

describe('the sentence of an answer, written by a model', () => {
  it('is taken where its numbers stand up to the rows, and says who wrote it and what it cost', async () => {
    const { answer, outcomes } = await summarise('  Of 12 orders, 7 are paid\nand 5 open. ');
    expect(answer).toEqual({
      ...ANSWER,
      text: 'Of 12 orders, 7 are paid and 5 open.',
      explanation: expect.stringContaining('A language model wrote the sentence'),
      usage: { prompt_tokens: 40, completion_tokens: 6 },
    });
    expect(outcomes).toEqual(['written']);
  });

  it.each([
    ['a number that is not in the rows', '8 orders are paid.'],
    ['a link', 'See https://example.com for the 7 paid orders.'],
    ['a bare address', 'See evil.com for the 7 paid orders.'],
    ['markup', '<b>7</b> orders are paid.'],
    ['a link in Markdown', '[7](x) orders are paid.'],
    ['hidden characters', '7 orders are paid.\u202e'],
    ['nothing', '   '],
    ['far too much', `Paid. ${'Very. '.repeat(100)}`],
  ])('is dropped where it holds %s, and is paid for all the same', async (_what, text) => {
    const { answer, outcomes } = await summarise(text);
    expect(answer).toEqual({ ...ANSWER, usage: { prompt_tokens: 40, completion_tokens: 6 } });
    expect(outcomes).toEqual(['dropped']);
  });

  it('is the one made by rule where the model fails', async () => {
    for (const code of ['TRANSLATE_MODEL_UNAVAILABLE', 'TRANSLATE_MODEL_UNUSABLE', 'RATE_LIMITED'] as const) {
      const { answer, outcomes } = await summarise(new SwaliError(code));
      expect(answer).toEqual(ANSWER);
      expect(outcomes).toEqual(['failed']);
    }
  });

  it('is nobody’s any more where the asker has left', async () => {
    const left = summarise(new SwaliError('EXECUTE_CANCELLED'), ANSWER, AbortSignal.abort());
    await expect(left).rejects.toMatchObject({ code: 'EXECUTE_CANCELLED' });
  });

  it.each([
    ['SQL of the caller’s own', { question: null }],
    ['a question back', { status: 'clarify' }],
    ['an empty result', { rows: [], row_count: 0 }],
  ] as const)('is not asked for with %s', async (_what, changes) => {
    const { answer, requests } = await summarise('7.', { ...ANSWER, ...changes });
    expect(answer.text).toBe(ANSWER.text);
    expect(requests).toEqual([]);
  });

  it('is written from the question and the rows alone, each apart from the rules', async () => {
    const { requests } = await summarise('7 are paid.');
    expect(requests).toHaveLength(1);
    const { rules, question, data } = requests[0]!;
    expect(question).toBe(ANSWER.question);
    expect(rules).not.toContain(ANSWER.question);
    expect(JSON.parse(data)).toEqual({
      columns: [
        { name: 'status', type: 'text', unit: null },
        { name: 'orders', type: 'integer', unit: null },
      ],
      rows: ANSWER.rows,
      rows_left_out: false,
    });
  });

  it('is written from the first rows of a long result, and then says nothing of totals', async () => {
    const rows = Array.from({ length: 80 }, (_, n) => [`s${n}`, 1000 + n]);
    const long = { ...ANSWER, rows, row_count: 80 };
    const { answer, requests } = await summarise('There are 80 of them.', long);
    const shown = JSON.parse(requests[0]!.data);
    expect([shown.rows.length, shown.rows_left_out]).toEqual([50, true]);
    expect(answer.text).toBe(ANSWER.text);
    expect((await summarise('The first has 1000.', long)).answer.text).toBe('The first has 1000.');
    expect((await summarise('One has 1079.', long)).answer.text).toBe(ANSWER.text);
  });

  it('is written from no more characters than a model is to be shown', async () => {
    const rows = Array.from({ length: 20 }, () => ['x'.repeat(1000), 1]);
    const { requests } = await summarise('1.', { ...ANSWER, rows });
    expect(requests[0]!.data.length).toBeLessThan(9_000);
  });
});
