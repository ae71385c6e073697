import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dialect } from '../../src/domain/dialect.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { describeEngines } from '../engines/engines.js';
import { ATTACKER, digestShop, shopChanges } from '../support/attacked-shop.js';
import { customer, employee } from '../support/principals.js';
import { openSealedEngine, readFixture, type SealedEngine } from '../support/seal-engine.js';
import { shopScript } from '../support/shop.js';

/** One statement that tries to get past the seal or to hold the gateway, and what must come of it. */
interface Attack {
  readonly id: string;
  readonly dialects: readonly Dialect[];
  readonly as: 'customer' | 'employee';
  /** Name of the policy file; `shop`, which hides no column, where it is not said. */
  readonly policy?: 'shop' | 'narrow';
  readonly sql: string;
  readonly why: string;
  /**
   * `refused CODE`; `refused`, by any code of the seal; `rows within slice`: numbers of orders and payments are the
   * attacker's own; `computed within slice`: sums and the like; `any outcome in time`.
   */
  readonly expect: string;
}

const attacks = readFixture('attacks/own.jsonl')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Attack);

const ANY = 'any outcome in time';
/** Longest time that a refusal or an answer may take, in milliseconds: the statement's own deadline, the judges', and some. */
const IN_TIME_MS = 40_000;
/** Memory that an attack may add to the gateway, in bytes. */
const MEMORY_BYTES = 400 * 1024 * 1024;

const script = { sqlite: shopScript('sqlite'), mariadb: shopScript('mariadb'), mysql: shopScript('mysql') };

describe('the table of attacks', () => {
  it('is long, and says of each why it is there', () => {
    expect(attacks.length).toBeGreaterThanOrEqual(420);
    expect(new Set(attacks.map((attack) => attack.id)).size).toBe(attacks.length);
    expect(attacks.filter((attack) => attack.why.length < 5)).toEqual([]);
    expect(attacks.filter((attack) => attack.policy === 'narrow').length).toBeGreaterThanOrEqual(60);
  });
});

describeEngines('attacks on the seal', script, (under) => {
  const engines = new Map<string, SealedEngine>();
  const own = new Set<string>();
  const here = attacks.filter((attack) => attack.dialects.includes(under.dialect));
  /** All that the attacker saw of each attack: columns and rows, or the refusal. */
  const seen = new Map<string, string>();
  let untouched = '';
  beforeAll(async () => {
    for (const name of ['shop', 'narrow'])
      engines.set(name, await openSealedEngine(under.url, under.dialect === 'sqlite' ? 'sqlite' : 'mysql', name));
    for (const column of ['order_number FROM orders', 'payment_id FROM payments'])
      for (const row of await under.queryAsOwner(`SELECT ${column} WHERE customer_number = ${ATTACKER}`))
        own.add(String(Object.values(row)[0]));
    expect(own.size).toBeGreaterThan(20);
    untouched = await digestShop(under);
  }, 120_000);
  afterAll(async () => {
    for (const engine of engines.values()) await engine.close();
  });

  async function observe({ as, sql, policy = 'shop' }: Attack): Promise<{ outcome: string; whole: string }> {
    const engine = engines.get(policy) as SealedEngine;
    try {
      const sealed = await engine.seal(sql, as === 'customer' ? customer(ATTACKER) : employee(['products']));
      const rows = await engine.run(sealed);
      // Numbers of orders and payments lie above 10 000, and nothing else in these statements does.
      const foreign = rows.flat().filter((cell) => Number(cell) > 10_000 && !own.has(String(cell)));
      const outcome = foreign.length > 0 ? `rows of others: ${foreign.slice(0, 3).join()}` : 'rows within slice';
      return { outcome, whole: JSON.stringify([sealed.columns, rows]) };
    } catch (error) {
      if (error instanceof SwaliError)
        return { outcome: `refused ${error.code}`, whole: `refused ${error.code} ${error.detail ?? ''}` };
      throw error;
    }
  }

  it.each(here)(
    '$id: $why',
    async (attack) => {
      const [began, before] = [Date.now(), process.memoryUsage().rss];
      const { outcome, whole } = await observe(attack);
      if (attack.expect === ANY) expect(outcome).not.toMatch(/rows of others/);
      else if (attack.expect === 'refused') expect(outcome).toMatch(/^refused SEAL_/);
      else if (attack.expect === 'computed within slice') expect(outcome).toMatch(/^rows/);
      else expect(outcome).toBe(attack.expect);
      if (attack.expect !== ANY) seen.set(attack.id, whole);
      expect(Date.now() - began).toBeLessThan(IN_TIME_MS);
      expect(process.memoryUsage().rss - before).toBeLessThan(MEMORY_BYTES);
    },
    IN_TIME_MS + 10_000,
  );

  /** Attacks whose answer is now another one. */
  async function findChanged(among: readonly Attack[]): Promise<string[]> {
    const changed: string[] = [];
    for (const attack of among) {
      const before = seen.get(attack.id);
      if (before === undefined) continue;
      const { whole } = await observe(attack);
      if (whole !== before)
        changed.push(`${attack.id}: ${attack.sql}\n  was ${before.slice(0, 300)}\n  now ${whole.slice(0, 300)}`);
    }
    return changed;
  }

  // These follow each other: the data is changed step by step.
  it('changed nothing', async () => {
    expect(seen.size).toBeGreaterThan(150);
    expect(await digestShop(under)).toBe(untouched);
  });

  it('tell nothing of rows of others: changing these changes no answer', async () => {
    await under.runAsOwner(shopChanges(under.dialect).others);
    expect(await digestShop(under)).not.toBe(untouched);
    expect(await findChanged(here)).toEqual([]);
  }, 120_000);

  it('give over the slice alone what they gave over everything', async () => {
    await under.runAsOwner(shopChanges(under.dialect).slice);
    expect(await findChanged(here)).toEqual([]);
  }, 120_000);

  it('tell nothing of hidden and masked columns: changing these changes no answer', async () => {
    const narrow = here.filter((attack) => attack.policy === 'narrow');
    await under.runAsOwner(shopChanges(under.dialect).hidden);
    expect(await findChanged(narrow)).toEqual([]);
    // The change can be seen where the columns are open.
    expect(await findChanged(here.filter((attack) => attack.id === 'alias-internal-columns-open'))).toHaveLength(1);
  }, 120_000);
});
