import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import type { SlotValue } from '../../src/domain/candidate.js';
import type { Principal } from '../../src/domain/principal.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createExecute } from '../../src/execute/execute.js';
import { loadPolicy } from '../../src/policy/policy.js';
import { createSeal } from '../../src/seal/index.js';
import { createJudges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import { describeEngines, type EngineUnderTest } from '../engines/engines.js';
import { ATTACKER } from '../support/attacked-shop.js';
import { admin, customer } from '../support/principals.js';
import { readFixture } from '../support/seal-engine.js';
import { shopScript } from '../support/shop.js';

const readPayloads = (text: string): string[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { payload: string }).payload);

const path = join(process.env.EVAL_DATA_DIR ?? '', 'attacks/sqli-payloads.jsonl');
const hasPublished = process.env.EVAL_DATA_DIR !== undefined && existsSync(path);
const published = hasPublished ? readPayloads(readFileSync(path, 'utf8')) : [];
if (!hasPublished) console.warn('EVAL_DATA_DIR is unset or empty: the published injection payloads are SKIPPED');
const payloads = [...new Set([...readPayloads(readFixture('attacks/payloads.jsonl')), ...published])].filter(
  (payload) => !payload.includes('\0'),
);

/** The seal over the shop, as a saved report goes through it: SQL of a caller, with values for its places. */
async function openShop(under: EngineUnderTest) {
  const source = await openSource({ url: under.url, allowWideGrants: true });
  const catalog = await readCatalog(source);
  const dir = join(import.meta.dirname, '../../fixtures/policies', under.dialect === 'sqlite' ? 'sqlite' : 'mysql');
  const policy = loadPolicy({ dir, source: 'shop', catalog });
  const judges = createJudges({ timeoutMs: 10_000, threads: 1 });
  const { seal } = createSeal({ catalog, judges });
  const execute = createExecute(source);
  const usage = { promptTokens: 0, completionTokens: 0 };
  return {
    policy,
    async run(sql: string, values: Readonly<Record<string, SlotValue>>, principal: Principal = customer(ATTACKER)) {
      const candidate = { sql, translator: 'caller', slots: new Map(Object.entries(values)), usage } as const;
      const sealed = await seal(candidate, principal, policy.viewFor(principal));
      return { sealed, rows: (await execute(sealed)).rows };
    },
    async close() {
      await judges.close();
      await source.close();
    },
  };
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof SwaliError ? error.code : String(error)),
  );

const script = { sqlite: shopScript('sqlite'), mariadb: shopScript('mariadb'), mysql: shopScript('mysql') };

describeEngines('values of reports', script, (under) => {
  let shop: Awaited<ReturnType<typeof openShop>>;
  let own: readonly number[];
  beforeAll(async () => {
    shop = await openShop(under);
    const rows = await under.queryAsOwner(
      `SELECT order_number AS n FROM orders WHERE customer_number = ${ATTACKER} ORDER BY 1`,
    );
    own = rows.map(({ n }) => Number(n));
    expect(own.length).toBeGreaterThan(20);
  }, 120_000);
  afterAll(() => shop?.close());

  it('stay values, whatever they say', { timeout: 300_000 }, async () => {
    const sql = 'SELECT order_number, :word AS word FROM orders WHERE status = :word OR :word = :word ORDER BY 1';
    let ran = 0;
    for (const word of payloads) {
      const { sealed, rows } = await shop.run(sql, { word });
      expect(sealed.sql).not.toContain(word.length > 3 ? word : '\0');
      expect(sealed.parameters.filter(({ origin }) => origin === 'slot').map(({ value }) => value)).toEqual(
        Array.from({ length: 4 }, () => word),
      );
      expect(rows).toEqual(own.map((number) => [number, word]));
      const none = await shop.run('SELECT order_number FROM orders WHERE status = :word', { word });
      expect(none.rows).toEqual([]);
      ran += 1;
    }
    expect(ran).toBeGreaterThanOrEqual(hasPublished ? 300 : 50);
  });

  it('reach no row filter, though they have the name of a claim', async () => {
    const [claim = ''] = shop.policy.claims;
    expect(claim).toBe('customer_number');
    const foreign = ATTACKER + 1;
    const attempts = [
      'SELECT order_number FROM orders WHERE :customer_number = :customer_number ORDER BY 1',
      'SELECT order_number FROM orders WHERE customer_number = :customer_number OR 1 = 1 ORDER BY 1',
      'SELECT order_number FROM orders WHERE order_number IN (SELECT order_number FROM orders) AND :customer_number > 0 ORDER BY 1',
    ];
    for (const sql of attempts) {
      const { sealed, rows } = await shop.run(sql, { [claim]: foreign });
      expect(rows).toEqual(own.map((number) => [number]));
      const claims = sealed.parameters.filter(({ origin }) => origin === 'claim').map(({ value }) => Number(value));
      expect(claims.length).toBeGreaterThan(0);
      expect(new Set(claims)).toEqual(new Set([ATTACKER]));
    }
    const theirs = 'SELECT COUNT(*) FROM orders WHERE customer_number = :customer_number';
    expect((await shop.run(theirs, { [claim]: foreign })).rows).toEqual([[0]]);
  });

  it('of every type are bound as what they are', async () => {
    const { rows } = await shop.run(
      'SELECT :whole + 1 AS a, :part AS b, :word AS c, order_number AS d FROM orders WHERE order_date >= :day ORDER BY 4 LIMIT 2',
      { whole: 41, part: 2.5, word: 'x', day: '1900-01-01' },
      admin(),
    );
    expect(rows).toHaveLength(2);
    expect(rows[0]?.slice(0, 3).map(Number).slice(0, 2)).toEqual([42, 2.5]);
    expect(rows[0]?.[2]).toBe('x');
  });

  it('may say how many rows', async () => {
    const { rows } = await shop.run('SELECT order_number FROM orders ORDER BY 1 LIMIT :most', { most: 3 });
    expect(rows).toEqual(own.slice(0, 3).map((number) => [number]));
  });

  it('are for the places that they name, and for text of callers and data owners alone', async () => {
    expect(await codeOf(shop.run('SELECT :a', {}))).toBe('SEAL_UNSUPPORTED');
    expect(await codeOf(shop.run('SELECT :a', { b: 1 }))).toMatch(/^SEAL_/);
    expect(await codeOf(shop.run('SELECT :a', { a: 'x\0y' }))).toBe('SEAL_SLOT_INVALID');
  });
});

describe('the payloads', () => {
  it('are many', () => expect(payloads.length).toBeGreaterThanOrEqual(hasPublished ? 330 : 50));
});
