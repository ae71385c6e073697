import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/domain/candidate.js';
import type { Principal } from '../../../src/domain/principal.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { readPolicy } from '../../../src/policy/policy.js';
import { createSeal, type Seal } from '../../../src/seal/index.js';
import { createJudges, type Judges } from '../../../src/seal/judges.js';
import { admin, customer, employee } from '../../support/principals.js';
import { callerSql } from '../../support/seal-engine.js';
import { sealShop } from '../../support/seal-shop.js';

const catalog = sealShop();
const policy = readPolicy(
  `version: 1
source: shop
dialect: mysql
relations:
  orders:
    open_to: [customer, employee, admin]
    rows: { customer: owner = :owner }
    columns: { id: {}, owner: {}, status: {}, total: {}, note: { hidden_from: [customer] } }
  products:
    open_to: [customer, employee, admin]
    rows: { customer: all }
    columns: "*"
`,
  'shop.yaml',
  { source: 'shop', catalog },
);

const real = createJudges({ timeoutMs: 5_000, threads: 1 });
afterAll(() => real.close());

describe('the seal', () => {
  let judged: string[] = [];
  let seal: Seal;
  beforeAll(() => {
    const judges: Judges = {
      ...real,
      judge: (request, spentMs) => {
        judged.push(request.sql);
        return real.judge(request, spentMs);
      },
    };
    seal = createSeal({ catalog, judges });
  });

  const own = (number: number): Principal => ({ ...customer(number), claims: new Map([['owner', number]]) });
  const run = (sql: string | Candidate, principal: Principal) =>
    seal.seal(typeof sql === 'string' ? callerSql(sql) : sql, principal, policy.viewFor(principal));
  /** How many texts the judges had to read: none where a plan was at hand. */
  const compiled = async (work: () => Promise<unknown>): Promise<number> => {
    judged = [];
    await work();
    return judged.length;
  };
  const codeOf = (sealing: Promise<unknown>) =>
    sealing.then(
      () => 'answered',
      (error: SwaliError) => error.code,
    );

  it('says all that the later stages need', async () => {
    const sealed = await run("SELECT status, SUM(total) AS t FROM orders WHERE status <> 'x' GROUP BY status", own(7));
    expect(sealed.parameters).toEqual([
      { origin: 'claim', name: 'owner:integer', value: 7 },
      { origin: 'literal', name: null, value: 'x' },
    ]);
    expect(sealed.columns.map((column) => column.name)).toEqual(['status', 't']);
    expect(sealed).toMatchObject({
      dialect: 'mysql',
      filtered: true,
      kind: 'customer',
      limits: { rows: 1000, timeoutMs: 5000 },
      provenance: {
        relations: ['orders'],
        policies: ['orders.rows.customer'],
        maskedColumns: [],
        policyVersion: policy.version,
      },
    });
    expect(sealed.sql.split('?').length - 1).toBe(sealed.parameters.length);
    expect(Object.isFrozen(sealed)).toBe(true);
  });

  it('shares a plan between two customers, each with their own claim', async () => {
    const sql = 'SELECT id FROM orders ORDER BY id';
    const first = await run(sql, own(1));
    let second = first;
    expect(await compiled(async () => (second = await run(sql, own(2))))).toBe(0);
    expect(second.sql).toBe(first.sql);
    expect([first, second].map((sealed) => sealed.parameters.map((parameter) => parameter.value))).toEqual([[1], [2]]);
  });

  it('shares none between a customer and an admin', async () => {
    const sql = 'SELECT total FROM orders';
    const mine = await run(sql, own(1));
    const all = await run(sql, admin());
    expect(mine.sql).not.toBe(all.sql);
    expect(all.parameters).toEqual([]);
    expect([mine.filtered, all.filtered]).toEqual([true, false]);
  });

  it('shares none between employees with different lists', async () => {
    const sql = 'SELECT code FROM products';
    await run(sql, employee(['products', 'orders']));
    expect(await compiled(() => run(sql, employee(['orders', 'products'])))).toBe(0);
    expect(await codeOf(run(sql, employee(['orders'])))).toBe('SEAL_RELATION_UNKNOWN');
    expect(await codeOf(run(sql, employee([])))).toBe('SEAL_RELATION_UNKNOWN');
    expect(await compiled(() => run(sql, employee(['products'])))).toBe(1);
  });

  it('does not show a customer the column that a cached plan of an admin shows', async () => {
    const sql = 'SELECT note FROM orders';
    await run(sql, admin());
    expect(await codeOf(run(sql, own(1)))).toBe('SEAL_COLUMN_UNKNOWN');
  });

  it('takes slots for verified questions and saved reports only, their values apart from the plan', async () => {
    const verified = (status: string, translator: Candidate['translator'] = 'verified'): Candidate => ({
      ...callerSql('SELECT id FROM orders WHERE status = :status'),
      translator,
      slots: new Map([['status', status]]),
    });
    const first = await run(verified('open'), own(1));
    expect(first.parameters.map((parameter) => parameter.value)).toEqual([1, 'open']);
    let second = first;
    expect(await compiled(async () => (second = await run(verified("x' OR 1=1"), own(1))))).toBe(0);
    expect(second.sql).toBe(first.sql);
    expect(second.parameters.map((parameter) => parameter.value)).toEqual([1, "x' OR 1=1"]);
    // A saved report brings its values along; what else a caller sends has none, and so no place for one.
    const report = await run(verified("x' OR 1=1", 'caller'), own(1));
    expect(report.parameters.map((parameter) => parameter.value)).toEqual([1, "x' OR 1=1"]);
    expect(await codeOf(run('SELECT id FROM orders WHERE status = :status', own(1)))).toBe('SEAL_UNSUPPORTED');
    for (const translator of ['openai', 'offline'] as const)
      expect(await codeOf(run(verified('open', translator), own(1)))).toMatch(/^SEAL_/);
  });

  it('makes a plan of its own for each view, policy version, set of slots and way of reading', async () => {
    const sql = 'SELECT id, status FROM orders';
    const view = policy.viewFor(own(1));
    const taken = (candidate: Candidate, changed: Partial<typeof view> = {}) =>
      compiled(() => seal.seal(candidate, own(1), { ...view, ...changed }));
    expect(await taken(callerSql(sql))).toBe(1);
    expect(await taken({ ...callerSql(sql), translator: 'offline' })).toBe(0);
    expect(await taken(callerSql(sql), { digest: 'another' })).toBe(1);
    expect(await taken(callerSql(sql), { policyVersion: 'sha256:another' })).toBe(1);
    expect(await taken({ ...callerSql(sql), translator: 'verified' })).toBe(1);
    const slots = (...names: string[]) => new Map(names.map((name) => [name, 1]));
    expect(await taken({ ...callerSql(sql), translator: 'verified', slots: slots('a') })).toBe(1);
    expect(await taken({ ...callerSql(sql), translator: 'verified', slots: slots('a', 'b') })).toBe(1);
    expect(await taken({ ...callerSql(sql), translator: 'verified', slots: slots('b', 'a') })).toBe(0);
    expect(await taken(callerSql(`${sql} `))).toBe(1);
    expect(await taken(callerSql(sql))).toBe(0);
  });

  it('refuses a claim that is missing or malformed, with a plan at hand too', async () => {
    const sql = 'SELECT id, total FROM orders';
    await run(sql, own(1));
    expect(await codeOf(run(sql, { ...own(1), claims: new Map() }))).toBe('SEAL_CLAIM_MISSING');
    expect(await codeOf(run(sql, { ...own(1), claims: new Map([['owner', '7abc']]) }))).toBe('SEAL_CLAIM_MALFORMED');
    expect(await codeOf(run(sql, { ...own(1), claims: new Map([['owner', '']]) }))).toBe('SEAL_CLAIM_MALFORMED');
  });

  it('keeps no plan of what was refused', async () => {
    const sql = 'SELECT nothing_here FROM orders';
    for (let round = 0; round < 2; round += 1) expect(await codeOf(run(sql, own(1)))).toBe('SEAL_COLUMN_UNKNOWN');
  });

  it('refuses nested text by its depth, not by the deadline of the parser at the gate', async () => {
    const sql = `SELECT ${'CAST('.repeat(250)}1${' AS CHAR)'.repeat(250)} FROM orders`;
    expect(await codeOf(run(sql, own(7)))).toBe('SEAL_TOO_DEEP');
  });

  it('says of a write that it is one, and not where it cannot be read', async () => {
    expect(await codeOf(run('SELECT 1; DELETE FROM orders', own(7)))).toBe('SEAL_SEVERAL_STATEMENTS');
    expect(await codeOf(run('REPLACE INTO orders VALUES (1)', own(7)))).toBe('SEAL_NOT_SELECT');
  });

  it('refuses whatever else goes wrong', async () => {
    const broken = createSeal({ catalog, judges: { ...real, judge: () => Promise.reject(new TypeError('a fault')) } });
    const view = policy.viewFor(own(1));
    const error = await broken
      .seal(callerSql('SELECT id FROM orders'), own(1), view)
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SwaliError);
    expect((error as SwaliError).code).toBe('SEAL_UNPROVEN');
    expect((error as SwaliError).message).not.toContain('a fault');
  });

  it('asks the judges about every relation that is read, those of row rules among them', async () => {
    const ruled = readPolicy(
      `version: 1
source: shop
dialect: mysql
relations:
  items:
    open_to: [customer]
    rows: { customer: "order_id IN (SELECT id FROM orders WHERE owner = :owner)" }
    columns: "*"
`,
      'shop.yaml',
      { source: 'shop', catalog },
    );
    const asked: (readonly string[])[] = [];
    const listening = createSeal({
      catalog,
      judges: {
        ...real,
        judge: (request, spentMs) => {
          asked.push(request.relations);
          return real.judge(request, spentMs);
        },
      },
    });
    const sealed = await listening.seal(callerSql('SELECT product FROM items'), own(1), ruled.viewFor(own(1)));
    expect(asked).toEqual([['items', 'orders']]);
    expect(sealed.provenance.relations).toEqual(['items']);
  });
});
