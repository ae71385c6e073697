import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dialect } from '../../src/domain/dialect.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { describeEngines } from '../engines/engines.js';
import { customer, employee } from '../support/principals.js';
import { openSealedEngine, readFixture, type SealedEngine } from '../support/seal-engine.js';
import { shopScript } from '../support/shop.js';

/** One statement that tries to get past the seal or to hold the gateway, and what must come of it. */
interface Attack {
  readonly id: string;
  readonly dialects: readonly Dialect[];
  readonly as: 'customer' | 'employee';
  readonly sql: string;
  readonly why: string;
  /** `refused CODE`, `refused`, `rows within slice`, or `any outcome in time`. */
  readonly expect: string;
}

const attacks = readFixture('attacks/own.jsonl')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Attack);

/** Longest time that a refusal or an answer may take, in milliseconds: the statement's own deadline, the judges', and some. */
const IN_TIME_MS = 40_000;
/** Memory that an attack may add to the gateway, in bytes. */
const MEMORY_BYTES = 400 * 1024 * 1024;

const script = { sqlite: shopScript('sqlite'), mariadb: shopScript('mariadb'), mysql: shopScript('mysql') };

describe('the table of attacks', () => {
  it('is long, and says of each why it is there', () => {
    expect(attacks.length).toBeGreaterThanOrEqual(60);
    expect(new Set(attacks.map((attack) => attack.id)).size).toBe(attacks.length);
    expect(attacks.filter((attack) => attack.why.length < 5)).toEqual([]);
  });
});

describeEngines('attacks on the seal', script, (under) => {
  let engine: SealedEngine;
  const own = new Set<string>();
  beforeAll(async () => {
    engine = await openSealedEngine(under.url, under.dialect === 'sqlite' ? 'sqlite' : 'mysql', 'shop');
    for (const row of await engine.runRaw('SELECT order_number FROM orders WHERE customer_number = 121'))
      own.add(String(row[0]));
    expect(own.size).toBeGreaterThan(10);
  }, 120_000);
  afterAll(() => engine?.close());

  async function attempt({ as, sql }: Attack): Promise<string> {
    try {
      const sealed = await engine.seal(sql, as === 'customer' ? customer(121) : employee(['products']));
      const rows = await engine.run(sealed);
      // Order numbers of the shop lie above 10 000, and nothing else in these statements does.
      const foreign = rows.flat().filter((cell) => Number(cell) > 10_000 && !own.has(String(cell)));
      return foreign.length > 0 ? `rows of others: ${foreign.slice(0, 3).join()}` : 'rows within slice';
    } catch (error) {
      if (error instanceof SwaliError) return `refused ${error.code}`;
      throw error;
    }
  }

  it.each(attacks.filter((attack) => attack.dialects.includes(under.dialect)))(
    '$id: $why',
    async (attack) => {
      const [began, before] = [Date.now(), process.memoryUsage().rss];
      const outcome = await attempt(attack);
      if (attack.expect === 'any outcome in time') expect(outcome).not.toMatch(/rows of others/);
      else if (attack.expect === 'refused') expect(outcome).toMatch(/^refused SEAL_/);
      else expect(outcome).toBe(attack.expect);
      expect(Date.now() - began).toBeLessThan(IN_TIME_MS);
      expect(process.memoryUsage().rss - before).toBeLessThan(MEMORY_BYTES);
    },
    IN_TIME_MS + 10_000,
  );
});
