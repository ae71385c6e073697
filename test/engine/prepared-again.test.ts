import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createExecute } from '../../src/execute/execute.js';
import { createSeal, type Seal } from '../../src/seal/index.js';
import { createJudges, type Judges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import type { Source } from '../../src/source/source.js';
import { describeEngines } from '../engines/engines.js';
import { makeView } from '../support/hand-made-catalog.js';
import { customer } from '../support/principals.js';
import { callerSql } from '../support/seal-engine.js';

const TABLES = `CREATE TABLE customers (customer_number INTEGER PRIMARY KEY, name VARCHAR(20));
INSERT INTO customers VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e'), (6, 'f');`;

/** Fails for the customers 1 and 6 and for nobody else. */
const STATEMENT = 'SELECT 0 FROM customers WHERE customer_number IN (1, 6) AND ABS(-9223372036854775807 - 1)';

describeEngines('one statement, prepared once and run for several people', TABLES, (under) => {
  let source: Source;
  let seal: Seal;
  let judges: Judges;
  let ask: (number: number) => Promise<unknown>;
  beforeAll(async () => {
    source = await openSource({ url: under.url, size: 1, allowWideGrants: true });
    const catalog = await readCatalog(source);
    judges = createJudges({ timeoutMs: 10_000, threads: 1 });
    seal = createSeal({ catalog, judges });
    const execute = createExecute(source);
    ask = async (number) => {
      const own = { customers: { rows: 'customer_number = :customer_number' } };
      const view = makeView(catalog, own, { customer_number: number });
      try {
        return (await execute(await seal.seal(callerSql(STATEMENT), customer(number), view))).rows;
      } catch (error) {
        if (error instanceof SwaliError) return error.code;
        throw error;
      }
    };
  }, 60_000);
  afterAll(async () => {
    await judges?.close();
    await source?.close();
  });

  it('gives each what it gives them alone, whoever asked before', async () => {
    // MySQL, were it to keep what failed, would fail for the second because it failed for the first.
    expect(await ask(6)).toBe('EXECUTE_FAILED');
    expect(await ask(4)).toEqual([]);
    expect(await ask(2)).toEqual([]);
    expect(await ask(1)).toBe('EXECUTE_FAILED');
    expect(await ask(4)).toEqual([]);
  });
});
