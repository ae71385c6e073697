import { describe, expect, it } from 'vitest';
import { EMPLOYEE_ROLES, type Principal } from '../../../src/domain/principal.js';
import type { ResultValue } from '../../../src/domain/result-set.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { runPolicyCases } from '../../../src/policy/policy-cases.js';
import { policyOf } from './policy-fixtures.js';

const policy = policyOf(
  'orders:\n  open_to: [customer, employee]\n  rows: { customer: "customer_number = :customer_number" }\n  columns: { id: {}, total: {}, internal_note: { hidden_from: [customer] } }',
);

/** Answers from a table, as the seal and the source would. */
function runCases(
  text: string,
  answers: Readonly<Record<string, readonly (readonly ResultValue[])[] | SwaliError>> = {},
) {
  const asked: Principal[] = [];
  const run = async (sql: string, principal: Principal) => {
    asked.push(principal);
    const answer = answers[sql];
    if (answer instanceof SwaliError || !answer) throw answer ?? new SwaliError('SEAL_SYNTAX');
    return answer;
  };
  return { asked, results: runPolicyCases(text, 'shop.test.yaml', { viewFor: policy.viewFor, run }) };
}

describe('the owner’s cases', () => {
  it('pass and fail one by one, each with its line and what differs', async () => {
    const { results, asked } = runCases(
      `cases:
  - as: { kind: customer, claims: { customer_number: 103 } }
    sql: SELECT 1
    rows: [[3, "1450.00", null]]
  - as: { kind: customer }
    sql: SELECT 1
    rows: [[4, "1450.00", null]]
  - as: { kind: customer }
    sql: SELECT 2
    refused: SEAL_CLAIM_MISSING
  - as: { kind: customer }
    sql: SELECT 1
    refused: SEAL_CLAIM_MISSING
  - as: { kind: customer }
    sql: SELECT 2
    rows: []
  - as: { kind: employee, role: manager, allow_tables: [orders] }
    sees: [orders, orders.internal_note]
    hidden: [salaries, orders.customer_number]
  - as: { kind: customer }
    sees: [orders.internal_note, products]
    hidden: [orders, orders.total]
  - as: { kind: employee, role: manager }
    hidden: [orders]
`,
      { 'SELECT 1': [[3, '1450', null]], 'SELECT 2': new SwaliError('SEAL_CLAIM_MISSING') },
    );
    const all = await results;
    expect(all.map(({ line, passed }) => [line, passed])).toEqual([
      [2, true],
      [5, false],
      [8, true],
      [11, false],
      [14, false],
      [17, true],
      [20, false],
      [23, true],
    ]);
    expect(all[1]?.difference).toBe('expected [[4,"1450.00",null]], got [[3,"1450",null]]');
    expect(all[3]?.difference).toBe('expected the refusal SEAL_CLAIM_MISSING, got 1 rows');
    expect(all[4]?.difference).toMatch(/^expected rows, got SEAL_CLAIM_MISSING/u);
    expect(all[6]?.difference).toBe('does not see orders.internal_note, products; sees orders, orders.total');
    expect(asked[0]).toMatchObject({ kind: 'customer', role: null, allowTables: null });
    expect(asked[0]?.claims.get('customer_number')).toBe(103);
  });

  it('tell numbers apart that a double would not, and text from numbers that it is not', async () => {
    const text = (row: string) => `cases:\n  - { as: { kind: admin }, sql: S, rows: [[${row}]] }\n`;
    const passes = async (row: string, value: ResultValue) =>
      (await runCases(text(row), { S: [[value]] }).results)[0]?.passed;
    expect(await passes('"9007199254740993"', '9007199254740992')).toBe(false);
    expect(await passes('12.5', '12.50')).toBe(true);
    expect(await passes('"1.0"', 1)).toBe(true);
    expect(await passes('"007"', 7)).toBe(true);
    expect(await passes('1.05', '1.5')).toBe(false);
    expect(await passes('10', 1)).toBe(false);
    expect(await passes('0.5', 0)).toBe(false);
    expect(await passes('"x7"', 'x07')).toBe(false);
    expect(await passes('"7"', '-7')).toBe(false);
    expect(await passes('"7x"', 7)).toBe(false);
    expect(await passes('null', 'null')).toBe(false);
    expect(await passes('"-0.0"', '0')).toBe(false);
    expect(await passes('true', 1)).toBe(false);
  });

  it('are run as the person that they name, of the lowest role and with no table where they name none', async () => {
    const { asked, results } = runCases(
      `cases:
  - { as: { kind: employee }, sql: S, rows: [] }
  - { as: { kind: employee, role: manager, allow_tables: [orders], tenant: t1 }, sql: S, rows: [] }
  - { as: { kind: customer, claims: { customer_number: 103, region: north } }, sql: S, rows: [] }
  - { as: { kind: admin }, hidden: [salaries] }
`,
      { S: [] },
    );
    expect((await results).map(({ title, passed }) => [title, passed])).toEqual([
      ['employee: S', true],
      ['employee:manager: S', true],
      ['customer customer_number=103 region=north: S', true],
      ['admin: what is visible', true],
    ]);
    expect(asked).toMatchObject([
      { kind: 'employee', subject: 'case:2', role: EMPLOYEE_ROLES[0], allowTables: [], tenant: null, session: null },
      { subject: 'case:3', role: 'manager', allowTables: ['orders'], tenant: 't1', tier: 'standard' },
      {
        subject: 'case:4',
        role: null,
        allowTables: null,
        claims: new Map<string, unknown>([
          ['customer_number', 103],
          ['region', 'north'],
        ]),
      },
    ]);
  });

  it('show five rows of a wrong answer and count the others, and tell every difference', async () => {
    const text =
      'cases:\n  - { as: { kind: customer }, sql: S, rows: [[0]], hidden: [orders], sees: [products, products.id] }\n';
    const differenceOf = async (rows: number) => {
      const answer = Array.from({ length: rows }, (_, at) => [at + 1]);
      return (await runCases(text, { S: answer }).results)[0]?.difference;
    };
    const seen = 'does not see products, products.id; sees orders; expected [[0]], got ';
    expect(await differenceOf(5)).toBe(`${seen}[[1],[2],[3],[4],[5]]`);
    expect(await differenceOf(7)).toBe(`${seen}[[1],[2],[3],[4],[5]] and 2 more rows`);
  });

  it('do not take a failure of the gateway for a refusal', async () => {
    const broken = runPolicyCases('cases: [{ as: { kind: admin }, sql: S, refused: SEAL_SYNTAX }]', 'shop.test.yaml', {
      viewFor: policy.viewFor,
      run: async () => {
        throw new TypeError('broken');
      },
    });
    await expect(broken).rejects.toThrow('broken');
  });

  it('are refused with every fault and line where the file is wrong', async () => {
    const faulty = `cases:
  - as: { kind: guest }
    sql: SELECT 1
    rows: [[1]]
  - as: { kind: customer, role: manager }
    sql: SELECT 1
    refused: NO_SUCH_CODE
  - as: { kind: customer }
    sql: SELECT 1
  - as: { kind: customer }
  - as: { kind: customer }
    sql: SELECT 1
    rows: []
    refused: SEAL_SYNTAX
    expects: nothing
`;
    const error = await runCases(faulty).results.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SwaliError);
    const lines = String((error as SwaliError).detail)
      .split('\n')
      .map((line) => Number(line.split(':')[1]));
    expect([...new Set(lines)]).toEqual([2, 5, 7, 8, 10, 11, 15]);
  });
});
