import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { makeDemo } from '../../src/demo/make-demo.js';
import type { KillableServer } from './killable-server.js';

/** Makes the demonstration business on a server, and an account that may read it and nothing else. @returns its URL */
export async function makeShopSource(server: KillableServer): Promise<string> {
  await server.query('CREATE DATABASE shop CHARACTER SET utf8mb4');
  return makeReader(server.url('shop'));
}

/** The same in a database that is there and empty. @param url of its owner */
export async function makeReader(url: string): Promise<string> {
  const [name, password] = [`r${randomBytes(6).toString('hex')}`, randomBytes(12).toString('hex')];
  const reader = new URL(url);
  const database = reader.pathname.slice(1);
  const owner = await createConnection({ uri: url.replace(/^mariadb:/, 'mysql:'), multipleStatements: true });
  try {
    await owner.query(
      `CREATE USER '${name}'@'%' IDENTIFIED BY '${password}'; GRANT SELECT ON \`${database}\`.* TO '${name}'@'%'`,
    );
  } finally {
    owner.destroy();
  }
  await makeDemo({ target: url, scale: 0.1, seed: 1, today: '2026-03-01' });
  reader.username = name;
  reader.password = password;
  return reader.href;
}

/** Longer than the deadline of any test, in each dialect of a server: only a kill ends it. */
export const ENDLESS =
  'SELECT COUNT(*) AS n FROM order_items a, order_items b, products c WHERE a.quantity + b.quantity + c.price < 0';

/** Asked by a customer and matched by a verified question: one statement under a row rule. */
export const OWN_ORDERS = 'How many orders did I place in 2025?';
