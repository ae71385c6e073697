import { expect, it } from 'vitest';
import { printMysqlTransport } from '../../../src/transport/mysql-transport.js';
import { STRICT_TRANSPORT } from '../../../src/transport/transport-rules.js';

it('says nothing of TLS on this machine', () => {
  expect(printMysqlTransport({ host: 'localhost', port: 3306 })).toEqual({ host: 'localhost', port: 3306 });
});

it('has the certificate and the name checked on any other, with one object for all connections', () => {
  const rules = { ...STRICT_TRANSPORT, authorities: 'pem' };
  const first = printMysqlTransport({ host: 'db.example.com', port: 3307 }, rules);
  expect(first).toEqual({
    host: 'db.example.com',
    port: 3307,
    ssl: { rejectUnauthorized: true, verifyIdentity: true, minVersion: 'TLSv1.2', ca: 'pem' },
  });
  expect(printMysqlTransport({ host: 'db.example.com', port: 3307 }, rules).ssl).toBe(first.ssl);
});
