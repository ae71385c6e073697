import { readFileSync } from 'node:fs';
import { makeDemo } from '../../demo/make-demo.js';
import { foundIn, owned } from '../slice-rules.js';
import type { WorldEntry, WorldOptions } from '../world.js';
import { planWorld } from './open-world.js';
import { admin, customer, employee } from './people.js';

const POLICY = new URL('../../../sql-policies/demo.yaml', import.meta.url);
/** 20 customers and 340 orders. */
const SCALE = 0.05;

const byNumber = owned('customer_number', 'customer_number');
const RULES = new Map([
  ['customer_number = :customer_number', byNumber],
  [
    'order_id IN (SELECT id FROM orders WHERE customer_number = :customer_number)',
    foundIn('order_id', 'orders', 'id', byNumber),
  ],
]);

const PRINCIPALS = [
  customer('103', { claims: { customer_number: 103 } }),
  customer('104', { claims: { customer_number: '104' } }),
  employee('sales', 'viewer', ['customers', 'orders', 'order_items', 'products']),
  employee('people', 'viewer', ['branches', 'employees', 'orders']),
  employee('books', 'accountant', ['customers', 'employees', 'invoices', 'orders', 'payments', 'salaries']),
  admin('1'),
];

/** The demonstration business under its own policy. */
export function demoWorld(options: WorldOptions): WorldEntry {
  return planWorld(
    {
      name: 'demo',
      fill: async (database) => {
        await makeDemo({ target: database.url, scale: SCALE, seed: 11, today: '2026-06-30' });
      },
      rulesFor: () => ({
        policyText: readFileSync(POLICY, 'utf8').replace('source: demo', 'source: prove'),
        rules: RULES,
        principals: PRINCIPALS,
      }),
    },
    options,
  );
}
