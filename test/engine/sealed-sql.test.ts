import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../engines/engines.js';
import { admin, customer } from '../support/principals.js';
import { openSealedEngine, readFixture, type SealedEngine } from '../support/seal-engine.js';
import { parseSealedCases, printSealedCases } from '../support/sealed-cases.js';
import { shopScript } from '../support/shop.js';

const script = { sqlite: shopScript('sqlite'), mariadb: shopScript('mariadb'), mysql: shopScript('mysql') };

describeEngines('sealed text', script, (under) => {
  const file = `sql/seal.${under.dialect}.sql`;
  let engine: SealedEngine;
  beforeAll(async () => {
    engine = await openSealedEngine(under.url, under.dialect === 'sqlite' ? 'sqlite' : 'mysql', 'shop');
  }, 120_000);
  afterAll(() => engine?.close());

  it('is what the fixtures say, and runs', async () => {
    const cases = parseSealedCases(readFixture(file));
    expect(cases.length).toBeGreaterThanOrEqual(34);
    const actual = [];
    for (const entry of cases) {
      const sealed = await engine.seal(entry.sql, entry.as === 'admin' ? admin() : customer(121));
      await engine.run(sealed);
      actual.push({ ...entry, sealed: sealed.sql });
    }
    // UPDATE_FIXTURES=1 rewrites the file; read the difference before you commit it.
    if (process.env.UPDATE_FIXTURES === '1')
      writeFileSync(join(import.meta.dirname, '../../fixtures', file), printSealedCases(actual));
    expect(printSealedCases(actual)).toBe(printSealedCases(cases));
  }, 120_000);
});
