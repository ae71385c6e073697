import { describe, expect, it } from 'vitest';
import { composeAnswer, composeReply } from '../../../src/answer/compose-answer.js';
import type { Candidate } from '../../../src/domain/candidate.js';
import type { PrincipalKind } from '../../../src/domain/principal.js';
import { sealStatement } from '../../../src/domain/sealed-statement.js';

const candidate: Candidate = {
  sql: 'SELECT name, phone FROM customers',
  translator: 'offline',
  slots: new Map(),
  usage: { promptTokens: 7, completionTokens: 3 },
};

function statement(kind: PrincipalKind = 'customer') {
  return sealStatement({
    dialect: 'sqlite',
    sql: 'SELECT c1, c2 FROM (sealed)',
    parameters: [{ origin: 'claim', name: 'customer_number', value: 4711 }],
    columns: [
      { name: 'name', unit: null, masked: false },
      { name: 'phone', unit: null, masked: true },
    ],
    limits: { rows: 200, timeoutMs: 5000, bytes: 1_000_000 },
    filtered: true,
    kind,
    provenance: {
      relations: ['customers', 'orders'],
      policies: [`customers.rows.${kind}`, `orders.rows.${kind}`],
      maskedColumns: ['customers.phone'],
      policyVersion: 'sha256:abc',
    },
  });
}

const result = { types: ['text', 'text'] as const, rows: [['Amina', '•••• 89']], truncated: true };

function compose(maySeeSql: boolean, kind: PrincipalKind = 'customer') {
  return composeAnswer({
    id: 'a1',
    question: 'Who am I?',
    candidate,
    statement: statement(kind),
    result,
    maySeeSql,
    timings: { seal: 0.2 },
  });
}

describe('composeAnswer', () => {
  it('has the shape of the wire', () => {
    expect(compose(true)).toEqual({
      id: 'a1',
      status: 'answered',
      question: 'Who am I?',
      conversation_id: null,
      sql: 'SELECT name, phone FROM customers',
      message: null,
      choices: [],
      columns: [
        { name: 'name', type: 'text', unit: null, masked: false },
        { name: 'phone', type: 'text', unit: null, masked: true },
      ],
      rows: [['Amina', '•••• 89']],
      row_count: 1,
      truncated: true,
      text: 'One row was found: name Amina, phone •••• 89. This is only the first row; there are more.',
      explanation:
        'The statement was put together by rules from the words of the question, without a language model. It reads customers and orders. ' +
        'Of customers and orders, only rows of your own account count. Masked: customers.phone. The result was cut at the limit of rows or bytes.',
      chart: null,
      provenance: {
        translator: 'offline',
        relations: ['customers', 'orders'],
        policies: ['customers.rows.customer', 'orders.rows.customer'],
        masked_columns: ['customers.phone'],
        policy_version: 'sha256:abc',
        model: null,
      },
      receipt: null,
      usage: { prompt_tokens: 7, completion_tokens: 3 },
      timings_ms: { seal: 0.2 },
    });
  });

  it('shows the candidate only to those who may see SQL, and the sealed text and its values to nobody', () => {
    expect(compose(false).sql).toBeNull();
    for (const maySeeSql of [true, false]) {
      const text = JSON.stringify(compose(maySeeSql));
      expect(text).not.toContain('sealed)');
      expect(text).not.toContain('4711');
    }
  });

  it('says which verified question was taken for what was asked in other words', () => {
    const asked = { id: 'a1', question: 'In 2025, my orders?', statement: statement(), result, maySeeSql: false };
    const verified: Candidate = { ...candidate, translator: 'verified' };
    const explain = (each: Candidate) => composeAnswer({ ...asked, candidate: each, timings: {} }).explanation;
    expect(explain({ ...verified, answeredAs: 'My orders in 2025' })).toMatch(
      /^The question is one that the data owner has answered before\. Answered as: “My orders in 2025”\. It reads /,
    );
    expect(explain(verified)).not.toContain('Answered as');
  });

  it('explains the rows of an employee by the role', () => {
    expect(compose(true, 'employee').explanation).toContain('only the rows that your role may see count');
  });
});

describe('composeReply', () => {
  it.each(['clarify', 'refused'] as const)('answers %s without rows or relations', (kind) => {
    const usage = { promptTokens: 5, completionTokens: 2 };
    const choices = kind === 'clarify' ? ['A?', 'B?'] : [];
    const reply = composeReply({
      id: 'a2',
      question: 'What?',
      translation: { kind, message: 'Which one?', choices, translator: 'openai', usage },
      policyVersion: 'sha256:abc',
      timings: {},
    });
    expect(reply).toMatchObject({
      status: kind,
      message: 'Which one?',
      text: 'Which one?',
      choices,
      rows: [],
      row_count: 0,
      sql: null,
      chart: null,
    });
    expect(reply.provenance).toMatchObject({ translator: 'openai', relations: [], policy_version: 'sha256:abc' });
    expect(reply.usage).toEqual({ prompt_tokens: 5, completion_tokens: 2 });
  });
});
