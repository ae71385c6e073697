import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import type { Dialect } from '../../src/domain/dialect.js';
import type { Principal } from '../../src/domain/principal.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createExecute } from '../../src/execute/execute.js';
import { loadPolicy } from '../../src/policy/policy.js';
import { createSeal } from '../../src/seal/index.js';
import { createJudges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import { describeEngines, type EngineUnderTest } from '../engines/engines.js';
import { ATTACKER, digestShop, shopChanges } from '../support/attacked-shop.js';
import { everyNth, isCorpusWhole } from '../support/corpus-share.js';
import { ESCAPED_POSITIONS, type Placed, type Position, RAW_POSITIONS } from '../support/payload-positions.js';
import { customer } from '../support/principals.js';
import { readFixture } from '../support/seal-engine.js';
import { shopScript } from '../support/shop.js';
import { Tally } from '../support/tally.js';

interface Payload {
  readonly id: string;
  readonly payload: string;
  readonly why?: string;
}

const readLines = (text: string): Payload[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Payload);

const own = readLines(readFixture('attacks/payloads.jsonl'));

function readPublished(): readonly Payload[] {
  const path = join(process.env.EVAL_DATA_DIR ?? '', 'attacks/sqli-payloads.jsonl');
  if (process.env.EVAL_DATA_DIR && existsSync(path)) return readLines(readFileSync(path, 'utf8'));
  console.warn('EVAL_DATA_DIR is unset or empty: the published injection payloads are SKIPPED');
  return [];
}
const published = readPublished();

/** One payload in so many is tried at each position, another one at the next, so that each meets many. */
const EVERY_OWN = everyNth(4);
const EVERY = everyNth(20);
const POSITIONS: readonly Position[] = [...ESCAPED_POSITIONS, ...RAW_POSITIONS];
const OPEN = new Set(['customers', 'orders', 'order_items', 'payments', 'products', 'employees', 'accounts']);
/** Longest text that a claim may be, in characters. */
const LONGEST_CLAIM = 255;

const textOf = (payload: string): string => `'${payload.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** Accounts whose owner is a text: one for each payload that a text may hold. */
function accountsScript(dialect: Dialect): string {
  const rows = [...own, ...published]
    .filter(({ payload }) => !/\p{Cc}/u.test(payload))
    .map(({ payload }, id) => {
      const text = dialect === 'sqlite' ? `'${payload.replaceAll("'", "''")}'` : textOf(payload);
      return `(${id + 1}, ${text}, 'of ${id + 1}')`;
    });
  const table = `CREATE TABLE accounts (id INTEGER PRIMARY KEY, account VARCHAR(400) NOT NULL, note VARCHAR(20))`;
  return `\n${table};CREATE INDEX a_a ON accounts(account);INSERT INTO accounts VALUES ${rows.join()};`;
}

const script = {
  sqlite: shopScript('sqlite') + accountsScript('sqlite'),
  mariadb: shopScript('mariadb') + accountsScript('mariadb'),
  mysql: shopScript('mysql') + accountsScript('mysql'),
};

async function openAttacked(under: EngineUnderTest) {
  const source = await openSource({ url: under.url, allowWideGrants: true });
  const catalog = await readCatalog(source);
  const family = under.dialect === 'sqlite' ? 'sqlite' : 'mysql';
  const dir = join(import.meta.dirname, '../../fixtures/policies', family);
  const policy = loadPolicy({ dir, source: 'accounts', catalog });
  const judges = createJudges({ timeoutMs: 10_000, threads: 1 });
  const seal = createSeal({ catalog, judges });
  const execute = createExecute(source);
  return {
    async run({ sql, slots }: Pick<Placed, 'sql' | 'slots'>, principal: Principal = customer(ATTACKER)) {
      const candidate = {
        sql,
        translator: slots ? ('verified' as const) : ('caller' as const),
        slots: slots ?? new Map(),
        usage: { promptTokens: 0, completionTokens: 0 },
      };
      const sealed = await seal.seal(candidate, principal, policy.viewFor(principal));
      return { sealed, rows: (await execute(sealed)).rows };
    },
    async close() {
      await judges.close();
      await source.close();
    },
  };
}

describe('the table of injection payloads', () => {
  it('is long, says of each why it is there, and repeats none', () => {
    expect(own.length).toBeGreaterThanOrEqual(60);
    expect(new Set(own.map(({ payload }) => payload)).size).toBe(own.length);
    expect(own.filter(({ why }) => (why ?? '').length < 5)).toEqual([]);
  });

  it.skipIf(published.length === 0)('goes with the published ones', () => {
    expect(published).toHaveLength(300);
  });
});

describeEngines('injection payloads', script, (under) => {
  let attacked: Awaited<ReturnType<typeof openAttacked>>;
  let untouched = '';
  const numbers = new Set<string>();
  let orders = 0;
  /** Every statement that ran, with what it gave. */
  const ran: { readonly placed: Placed; readonly gave: string }[] = [];
  const positions = POSITIONS.filter((position) => position.dialects.includes(under.dialect));

  beforeAll(async () => {
    attacked = await openAttacked(under);
    for (const column of ['order_number AS n FROM orders', 'payment_id AS n FROM payments'])
      for (const row of await under.queryAsOwner(`SELECT ${column} WHERE customer_number = ${ATTACKER}`))
        numbers.add(String(row.n));
    const [counted] = await under.queryAsOwner(`SELECT COUNT(*) AS n FROM orders WHERE customer_number = ${ATTACKER}`);
    orders = Number(counted?.n);
    expect(orders).toBeGreaterThan(20);
    untouched = await digestShop(under);
  }, 120_000);
  afterAll(() => attacked?.close());

  /** Why rows are not the attacker's own alone; null where they are. */
  function findForeign(rows: readonly (readonly unknown[])[]): string | null {
    const foreign = rows
      .flat()
      .filter((cell) => typeof cell === 'number' && cell > 10_000 && cell < 1_000_000 && !numbers.has(`${cell}`));
    return foreign.length > 0 ? `rows of others: ${foreign.slice(0, 3).join()}` : null;
  }

  /** Compares what came with what must come: the tally's word for it, or a fault. */
  async function judge(placed: Placed, payload: string): Promise<{ outcome: string; fault: string | null }> {
    const { gives } = placed;
    try {
      const { sealed, rows } = await attacked.run(placed);
      ran.push({ placed, gave: JSON.stringify([sealed.columns, rows]) });
      const closed = sealed.provenance.relations.filter((relation) => !OPEN.has(relation));
      if (closed.length > 0 || /salaries|v_all|sqlite_|information_schema/i.test(sealed.sql))
        return { outcome: 'LEAK', fault: `reads ${closed.join()} by ${sealed.sql}` };
      const foreign = findForeign(rows);
      if (foreign) return { outcome: 'LEAK', fault: foreign };
      if (gives.kind === 'none') return { outcome: 'WRONG', fault: `ran: ${sealed.sql}` };
      const wanted =
        gives.kind === 'rows'
          ? JSON.stringify(rows) === JSON.stringify(gives.rows)
          : gives.kind === 'any' || rows.length === orders;
      const named = gives.kind !== 'named' || sealed.columns[0]?.name === payload;
      if (!wanted || !named)
        return { outcome: 'WRONG', fault: `gave ${JSON.stringify([sealed.columns, rows]).slice(0, 300)}` };
      return { outcome: gives.kind === 'any' ? 'ran, own rows' : 'ran, as the value that it is', fault: null };
    } catch (error) {
      if (!(error instanceof SwaliError)) throw error;
      const outcome = `refused ${error.code}`;
      if (gives.kind === 'none') return { outcome, fault: error.code.startsWith('SEAL_') ? null : outcome };
      // Control characters are refused wherever the text itself holds them, and a database may fail on a value as such.
      const mayRefuse = gives.kind === 'any' || /[\p{Cc}]/u.test(payload);
      return { outcome, fault: mayRefuse && /^(SEAL_|EXECUTE_FAILED$)/.test(error.code) ? null : outcome };
    }
  }

  async function placeAll(payloads: readonly Payload[], every: number, title: string): Promise<Tally> {
    const tally = new Tally();
    const faults: string[] = [];
    for (const [at, position] of positions.entries())
      for (const [index, { payload }] of payloads.entries()) {
        if ((index + at) % every !== 0) continue;
        const placed = position.place(payload, under.dialect);
        if (placed === null) continue;
        const { outcome, fault } = await judge(placed, payload);
        tally.add(outcome, `${position.name}: ${placed.sql}`);
        if (fault) faults.push(`${position.name}: ${placed.sql} [${payload}]\n  ${fault}`);
      }
    tally.print(`${title}, ${under.dialect}, ${positions.length} positions`, [...tally.reasons.keys()]);
    expect(faults).toEqual([]);
    return tally;
  }

  it('of our own stay values where they are escaped, and reach nothing where they are not', async () => {
    const tally = await placeAll(own, EVERY_OWN, `own payloads, one in ${EVERY_OWN}`);
    expect(tally.total).toBeGreaterThan((own.length / EVERY_OWN) * (positions.length - 4));
    expect(tally.count('ran, as the value that it is')).toBeGreaterThan((own.length / EVERY_OWN) * 25);
    expect(tally.count('ran, own rows')).toBeGreaterThan((own.length / EVERY_OWN) * 15);
    expect(tally.share('refused SEAL_UNPROVEN')).toBeLessThan(0.001);
  }, 300_000);

  it.skipIf(published.length === 0)(
    'that are published stay values, and reach nothing',
    async () => {
      const tally = await placeAll(published, EVERY, `published payloads, one in ${EVERY}`);
      expect(tally.total).toBeGreaterThan((published.length / EVERY) * (positions.length - 4));
      expect(tally.count('ran, as the value that it is')).toBeGreaterThan((published.length / EVERY) * 25);
      expect(tally.count('ran, own rows')).toBeGreaterThan((published.length / EVERY) * 15);
    },
    1_800_000,
  );

  it('as a claim open the rows of that very text, or none', async () => {
    const tally = new Tally();
    for (const { payload } of [...own, ...published]) {
      const asked = customer(payload);
      const wanted = /\p{Cc}/u.test(payload) || payload.length > LONGEST_CLAIM ? 'SEAL_CLAIM_MALFORMED' : payload;
      const seen = await attacked.run({ sql: 'SELECT account FROM accounts' }, asked).then(
        ({ rows }) => [...new Set(rows.flat())].join(' and '),
        (error: SwaliError) => error.code,
      );
      expect(seen, payload).toBe(wanted);
      const isNumber = /^(0|-?[1-9]\d*)$/.test(payload) && payload.length < 10;
      const whole = await attacked.run({ sql: 'SELECT DISTINCT customer_number FROM orders' }, asked).then(
        ({ rows }) => rows.flat().join(),
        (error: SwaliError) => error.code,
      );
      const theirs = ['121', '122'].includes(payload) ? payload : '';
      expect(whole, payload).toBe(isNumber ? theirs : 'SEAL_CLAIM_MALFORMED');
      tally.add(wanted === payload ? 'that text alone' : wanted, payload);
    }
    tally.print(`claims, ${under.dialect}`, [...tally.reasons.keys()]);
    expect(tally.count('that text alone')).toBeGreaterThan(80);
  }, 300_000);

  // The last ones: here the data is changed.
  it('changed nothing', async () => {
    expect(await digestShop(under)).toBe(untouched);
  });

  it.each(['others', 'slice'] as const)(
    'tell nothing of others: the same comes after a change (%s)',
    async (change) => {
      await under.runAsOwner(shopChanges(under.dialect)[change]);
      expect(await digestShop(under)).not.toBe(untouched);
      const read = ran.filter(({ placed }) => /orders|payments|customers/.test(placed.sql));
      expect(read.length).toBeGreaterThan(500);
      const changed: string[] = [];
      // Half of them each time, to keep the run short.
      for (const [index, { placed, gave }] of read.entries()) {
        if (!isCorpusWhole && index % 2 !== (change === 'others' ? 0 : 1)) continue;
        const { sealed, rows } = await attacked.run(placed);
        if (JSON.stringify([sealed.columns, rows]) !== gave) changed.push(placed.sql);
      }
      expect(changed).toEqual([]);
    },
    900_000,
  );
});
