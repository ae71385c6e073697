import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIALECTS, type Dialect } from '../../../src/domain/dialect.js';
import type { Principal } from '../../../src/domain/principal.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { readPolicy } from '../../../src/policy/policy.js';
import { createSeal } from '../../../src/seal/index.js';
import { createJudges, type Judges } from '../../../src/seal/judges.js';
import { admin, customer, employee } from '../../support/principals.js';
import { callerSql, readFixture } from '../../support/seal-engine.js';
import { corpusShop } from '../../support/seal-shop.js';

/** A statement that nobody may run, whatever they may see. */
interface Forbidden {
  readonly dialects: readonly Dialect[];
  readonly sql: string;
  readonly why: string;
  /** Codes of the refusals that it must have one of. */
  readonly codes: readonly string[];
}

const cases = readFixture('cases/forbidden-functions.jsonl')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Forbidden);

const policyText = `version: 1
source: shop
dialect: DIALECT
relations:
  orders:
    open_to: [customer, employee, admin]
    rows: { customer: customer_number = :customer_number }
    columns: "*"
`;

const PRINCIPALS: readonly Principal[] = [customer(121), employee(['orders']), admin()];

describe('the table of forbidden things', () => {
  it('is long, has every group, and says of each why it is there', () => {
    expect(cases.length).toBeGreaterThanOrEqual(195);
    expect(new Set(cases.map((entry) => entry.why)).size).toBeGreaterThanOrEqual(19);
    expect(cases.filter((entry) => entry.why.length < 12 || entry.codes.length === 0)).toEqual([]);
    expect(new Set(cases.map((entry) => `${entry.dialects} ${entry.sql}`)).size).toBe(cases.length);
  });
});

describe.each(DIALECTS)('on %s, for customers, employees and admins alike, the seal', (dialect) => {
  const catalog = corpusShop(dialect);
  const text = policyText.replace('DIALECT', dialect === 'sqlite' ? 'sqlite' : 'mysql');
  const policy = readPolicy(text, 'shop.yaml', { source: 'shop', catalog });
  let judges: Judges;
  let codeFor: (sql: string, principal: Principal) => Promise<string>;
  beforeAll(() => {
    judges = createJudges({ timeoutMs: 10_000, threads: 1 });
    const seal = createSeal({ catalog, judges });
    codeFor = (sql, principal) =>
      seal.seal(callerSql(sql), principal, policy.viewFor(principal)).then(
        () => 'sealed',
        (error: unknown) => {
          if (error instanceof SwaliError) return error.code;
          throw error;
        },
      );
  });
  afterAll(() => judges.close());

  it('takes the same statements with functions that are open', async () => {
    for (const principal of PRINCIPALS)
      for (const call of ['COALESCE(status, 1)', 'LOWER(status)', 'NULLIF(status, 1)', 'COUNT(*)', 'MAX(status)'])
        expect(await codeFor(`SELECT ${call} FROM orders`, principal), call).toBe('sealed');
  });

  const own = cases.filter((entry) => entry.dialects.includes(dialect));
  it('has cases', () => expect(own.length).toBeGreaterThanOrEqual(65));

  it.each(own)('refuses $sql: $why', async ({ sql, codes }) => {
    const found = await Promise.all(PRINCIPALS.map((principal) => codeFor(sql, principal)));
    expect(codes).toContain(found[0]);
    // Who asks makes no difference.
    expect(new Set(found).size).toBe(1);
  });
});
