import { randomBytes } from 'node:crypto';
import { makeDemo } from '../../src/demo/make-demo.js';
import type { KillableServer } from './killable-server.js';

/** Makes the demonstration business on a server, and an account that may read it and nothing else. @returns its URL */
export async function makeShopSource(server: KillableServer): Promise<string> {
  const password = randomBytes(12).toString('hex');
  await server.query(
    `CREATE DATABASE shop CHARACTER SET utf8mb4; CREATE USER 'reader'@'%' IDENTIFIED BY '${password}'; GRANT SELECT ON shop.* TO 'reader'@'%'`,
  );
  await makeDemo({ target: server.url('shop'), scale: 0.1, seed: 1, today: '2026-03-01' });
  const url = new URL(server.url('shop'));
  url.username = 'reader';
  url.password = password;
  return url.href;
}

/** Longer than the deadline of any test, in each dialect of a server: only a kill ends it. */
export const ENDLESS =
  'SELECT COUNT(*) AS n FROM order_items a, order_items b, products c WHERE a.quantity + b.quantity + c.price < 0';

/** Asked by a customer and matched by a verified question: one statement under a row rule. */
export const OWN_ORDERS = 'How many orders did I place in 2025?';
