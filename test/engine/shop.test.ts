import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dialect } from '../../src/domain/dialect.js';
import type { Principal } from '../../src/domain/principal.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createExecute } from '../../src/execute/execute.js';
import { openSource } from '../../src/source/open-source.js';
import type { Source } from '../../src/source/source.js';
import { describeEngines, type EngineUnderTest } from '../engines/engines.js';
import { sameRows } from '../support/compare-rows.js';
import { admin, customer, employee } from '../support/principals.js';
import { openSealedEngine, type SealedEngine } from '../support/seal-engine.js';
import { CUSTOMER_RELATIONS, readCorpus, shopScript } from '../support/shop.js';

const OPEN = ['customers', 'orders', 'order_items', 'payments', 'products', 'employees'];

/** Ordinary statements that are refused, and why: under 3 % of each corpus. */
const REFUSED_BENIGN: Readonly<Record<'mysql' | 'sqlite', Readonly<Record<number, string>>>> = {
  mysql: { 88: 'MATCH … AGAINST needs the base table’s own index, which an enclosure hides' },
  sqlite: {},
};

const script = { sqlite: shopScript('sqlite'), mariadb: shopScript('mariadb'), mysql: shopScript('mysql') };

/** Errors by which a server says that an account may not read or call what a statement names. */
const ACCESS_DENIED: ReadonlySet<number> = new Set([1044, 1142, 1143, 1227, 1356, 1370]);

/** The corpora name the schema `shop`; the test's database has a name of its own. */
function inDatabase(sql: string, engine: SealedEngine): string {
  return engine.catalog.dialect === 'sqlite' ? sql : sql.replaceAll(/\bshop\b/g, engine.catalog.database);
}

async function tryTo<T>(work: () => Promise<T>): Promise<T | SwaliError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SwaliError) return error;
    throw error;
  }
}

const relationsOf = (dialect: Dialect) => CUSTOMER_RELATIONS[dialect === 'sqlite' ? 'sqlite' : 'server'];

describeEngines('the shop’s ordinary statements', script, (under: EngineUnderTest) => {
  const asked = customer(121);
  const answers = new Map<number, readonly (readonly unknown[])[] | SwaliError>();
  let engine: SealedEngine;

  beforeAll(async () => {
    engine = await openSealedEngine(under.url, under.dialect === 'sqlite' ? 'sqlite' : 'mysql', 'shop');
    for (const { id, sql } of readCorpus(under.dialect, 'benign'))
      answers.set(id, await tryTo(async () => engine.run(await engine.seal(inDatabase(sql, engine), asked))));
    // From here on the database is the slice itself: the original text now says what the customer should have seen.
    for (const relation of relationsOf(under.dialect))
      await under.runAsOwner(`DELETE FROM ${relation} WHERE customer_number <> 121`);
  }, 300_000);
  afterAll(() => engine?.close());

  it('answers all but the listed exceptions', () => {
    const expected = REFUSED_BENIGN[under.dialect === 'sqlite' ? 'sqlite' : 'mysql'];
    const refused = [...answers].flatMap(([id, answer]) =>
      answer instanceof SwaliError ? [`${id}: ${answer.message} ${String(answer.cause ?? '')}`] : [],
    );
    expect(refused.filter((line) => !(Number.parseInt(line, 10) in expected))).toEqual([]);
    expect(Object.keys(expected).length / answers.size).toBeLessThan(0.03);
    expect(answers.size).toBeGreaterThanOrEqual(under.dialect === 'sqlite' ? 36 : 64);
  });

  it('gives the rows that the original text gives over the customer’s slice', async () => {
    const wrong: string[] = [];
    for (const { id, sql } of readCorpus(under.dialect, 'benign')) {
      const answer = answers.get(id);
      if (!answer || answer instanceof SwaliError) continue;
      const original = await tryTo(() => engine.runRaw(sql.replaceAll(/\bshop\b/g, engine.catalog.database)));
      const expected = original instanceof SwaliError ? [] : original;
      if (original instanceof SwaliError || !sameRows(answer, expected, /ORDER BY[^)]*$/i.test(sql)))
        wrong.push(
          `${id}: ${sql}\n  got ${JSON.stringify(answer).slice(0, 300)}\n  not ${JSON.stringify(expected).slice(0, 300)} ${original instanceof SwaliError ? String(original.cause) : ''}`,
        );
    }
    expect(wrong).toEqual([]);
  }, 120_000);
});

describeEngines('the attacks on the shop', script, (under: EngineUnderTest) => {
  let engine: SealedEngine;
  beforeAll(async () => {
    engine = await openSealedEngine(under.url, under.dialect === 'sqlite' ? 'sqlite' : 'mysql', 'shop');
  }, 120_000);
  afterAll(() => engine?.close());

  async function digestTables(): Promise<string> {
    const names = ['customers', 'orders', 'payments', 'products', 'employees', 'salaries'];
    const rows = [];
    for (const name of names)
      rows.push(
        await engine.runRaw(`SELECT COUNT(*), MIN(${name === 'products' ? 'product_code' : '1'}) FROM ${name}`),
      );
    const sums = await engine.runRaw(
      'SELECT SUM(total) FROM orders UNION ALL SELECT SUM(salary) FROM salaries UNION ALL SELECT SUM(amount) FROM payments',
    );
    return JSON.stringify([rows, sums]);
  }

  const principals: readonly [string, Principal][] = [
    ['a customer', customer(121)],
    ['an employee', employee(['orders', 'customers', 'products'])],
    ['an admin', admin()],
  ];

  /** On the servers: an account that may read the open relations and nothing else, so that the server itself tells of any other. */
  let narrow: Source | null = null;
  let owned: readonly string[] = [];
  beforeAll(async () => {
    if (under.dialect === 'sqlite') return;
    const account = `swali_${randomBytes(4).toString('hex')}`;
    const { database } = engine.catalog;
    // Both hosts: a server may hold an anonymous account for localhost, which goes before '%'.
    const names = ['%', 'localhost'].map((host) => `${account}@'${host}'`);
    const grants = names.flatMap((name) => [
      `CREATE USER ${name} IDENTIFIED BY 'Narrow-1'`,
      ...OPEN.map((relation) => `GRANT SELECT ON \`${database}\`.\`${relation}\` TO ${name}`),
    ]);
    await under.runAsOwner(grants.join(';'));
    const url = new URL(under.url);
    [url.username, url.password] = [account, 'Narrow-1'];
    narrow = await openSource({ url: url.href, allowWideGrants: true });
    owned = names;
  });
  afterAll(async () => {
    await narrow?.close();
    if (owned.length > 0) await under.runAsOwner(`DROP USER ${owned.join(', ')}`);
  });

  describe.each(principals)('asked by %s', (_name, principal) => {
    it('neither read a closed relation nor change anything', async () => {
      const before = await digestTables();
      const statements = readCorpus(under.dialect, 'attacks');
      expect(statements.length).toBeGreaterThanOrEqual(under.dialect === 'sqlite' ? 48 : 235);
      const open = new Set(principal.allowTables ?? OPEN);
      const escaped: string[] = [];
      let ran = 0;
      for (const { id, sql } of statements) {
        const sealed = await tryTo(() => engine.seal(inDatabase(sql, engine), principal));
        if (sealed instanceof SwaliError) {
          if (!sealed.code.startsWith('SEAL_')) escaped.push(`${id}: refused by ${sealed.code}`);
          continue;
        }
        if (
          sealed.provenance.relations.some((relation) => !open.has(relation)) ||
          /salar|secret|v_all|f_total|seqd/i.test(sealed.sql)
        )
          escaped.push(`${id}: ${sealed.sql}`);
        const rows = await tryTo(() => createExecute(narrow ?? engine.source)(sealed));
        ran += 1;
        if (rows instanceof SwaliError && ACCESS_DENIED.has((rows.cause as { errno?: number } | undefined)?.errno ?? 0))
          escaped.push(`${id}: the server refused ${sealed.sql}`);
      }
      expect(escaped).toEqual([]);
      expect(ran).toBeGreaterThan(0);
      expect(await digestTables()).toBe(before);
    }, 300_000);
  });
});
