import { afterAll, beforeAll, expect, it } from 'vitest';
import { SwaliError } from '../../src/errors/swali-error.js';
import { describeEngines } from '../engines/engines.js';
import { admin, customer, employee } from '../support/principals.js';
import { openSealedEngine, type SealedEngine } from '../support/seal-engine.js';
import { shopScript } from '../support/shop.js';

/** Stored functions named like allowed built-ins: how each is called, and what the built-in gives. */
const SHADOWS: readonly {
  readonly name: string;
  readonly parameters: number;
  readonly call: string;
  readonly gives: string;
}[] = [
  { name: 'LEAST', parameters: 2, call: 'LEAST(1, 2)', gives: '1' },
  { name: 'ABS', parameters: 1, call: 'ABS(-3)', gives: '3' },
  { name: 'CONCAT', parameters: 2, call: "CONCAT('a', 'b')", gives: 'ab' },
  { name: 'LOWER', parameters: 1, call: "LOWER('AB')", gives: 'ab' },
  { name: 'COALESCE', parameters: 2, call: 'COALESCE(NULL, 7)', gives: '7' },
  { name: 'IFNULL', parameters: 2, call: 'IFNULL(NULL, 8)', gives: '8' },
  { name: 'ROUND', parameters: 1, call: 'ROUND(9)', gives: '9' },
  // With a space before the parenthesis the servers take these for stored functions.
  { name: 'SUBSTR', parameters: 2, call: "SUBSTR ('abc', 3)", gives: 'c' },
  { name: 'MAX', parameters: 1, call: 'MAX (4)', gives: '4' },
  { name: 'COUNT', parameters: 1, call: 'COUNT (NULL)', gives: '0' },
];

const create = SHADOWS.map(({ name, parameters }) => {
  const list = Array.from({ length: parameters }, (_, index) => `p${index} TEXT`).join(', ');
  return `CREATE FUNCTION \`${name}\` (${list}) RETURNS INT DETERMINISTIC NO SQL RETURN 666`;
}).join(';\n');

const script = {
  sqlite: '',
  mariadb: `${shopScript('mariadb')}\n${create}`,
  mysql: `${shopScript('mysql')}\n${create}`,
};

describeEngines(
  'stored functions named like built-ins',
  script,
  (under) => {
    let engine: SealedEngine;
    beforeAll(async () => {
      engine = await openSealedEngine(under.url, 'mysql', 'shop');
    }, 120_000);
    afterAll(() => engine?.close());
    const principals = [customer(121), employee(['orders']), admin()];

    it.each(SHADOWS)('are there, and $call runs the built-in', async ({ name, parameters, call, gives }) => {
      const database = new URL(under.url).pathname.slice(1);
      const ones = Array.from({ length: parameters }, () => '1').join(', ');
      const [stored] = await under.queryAsOwner(`SELECT \`${database}\`.\`${name}\`(${ones}) AS n`);
      expect(String(stored?.n)).toBe('666');
      for (const principal of principals) {
        const rows = await engine.run(await engine.seal(`SELECT ${call} AS n`, principal));
        expect(rows.map((row) => String(row[0]))).toEqual([gives]);
      }
    });

    it.each(SHADOWS)('are refused by their own name: $name', async ({ name, parameters }) => {
      const database = new URL(under.url).pathname.slice(1);
      const ones = Array.from({ length: parameters }, () => '1').join(', ');
      for (const called of [`${database}.${name}`, `\`${database}\`.\`${name}\``, `\`${name}\``])
        for (const principal of principals)
          await expect(engine.seal(`SELECT ${called}(${ones}) AS n`, principal)).rejects.toThrow(SwaliError);
    });
  },
  ['mariadb', 'mysql'],
);
