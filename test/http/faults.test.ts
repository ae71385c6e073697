import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMIT_CLASSES } from '../../src/http/limits.js';
import { openTestGateway, signIn, type TestGateway } from './open-test-gateway.js';

/** Reads far more pairs than any deadline here allows. */
const ENDLESS =
  'SELECT COUNT(*) FROM order_items a, order_items b, order_items c WHERE a.quantity + b.quantity + c.quantity < 0';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway({ RATE_LIMIT: 'on', QUERY_TIMEOUT_MS: '20000' });
}, 120_000);
afterAll(() => gateway?.close());

describe('a caller who hangs up', { timeout: 60_000 }, () => {
  it('ends the statement long before its deadline, and the record says so', async () => {
    const server = createServer(gateway.app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const startedAt = performance.now();
    try {
      const call = httpRequest({
        host: '127.0.0.1',
        port: (server.address() as AddressInfo).port,
        path: '/v1/sql',
        method: 'POST',
        headers: {
          authorization: `Bearer ${gateway.tokens.admin}`,
          'content-type': 'application/json',
          'x-request-id': 'hang-up-00000001',
        },
      });
      call.on('error', () => {});
      call.end(JSON.stringify({ sql: ENDLESS }));
      await new Promise((resolve) => setTimeout(resolve, 3000));
      call.destroy();
      let code: unknown;
      while (code === undefined && performance.now() - startedAt < 15_000) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        const events = (await gateway.records()).map(
          ({ event }) => event as { requestId: string; code: string | null },
        );
        code = events.find((event) => event.requestId === 'hang-up-00000001')?.code;
      }
      expect(code).toBe('EXECUTE_CANCELLED');
    } finally {
      server.close();
    }
    const next = await gateway.post('/v1/sql', 'admin', { sql: 'SELECT COUNT(*) FROM branches' });
    expect(next.status).toBe(200);
  });
});

describe('too many requests', () => {
  it('are refused on the way in, with the time to wait', async () => {
    let response = await signIn(gateway.app, 'admin', 'nobody@example.org');
    for (let count = 0; count <= LIMIT_CLASSES.login && response.status === 401; count += 1) {
      response = await signIn(gateway.app, 'admin', 'nobody@example.org');
    }
    expect([response.status, response.body.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    expect((await gateway.get('/v1/schema', 'admin')).status).toBe(200);
  });
});

describe('an audit log that cannot be written', () => {
  it('stops every answer, refusals among them, and starts again with the log', async () => {
    const store = new DatabaseSync(join(gateway.folder, 'store.sqlite'));
    try {
      store.exec("CREATE TRIGGER block BEFORE INSERT ON audit_records BEGIN SELECT RAISE(ABORT, 'disk full'); END");
      for (const body of [{ sql: 'SELECT name FROM products' }, { sql: 'DELETE FROM products' }]) {
        const response = await gateway.post('/v1/sql', 'admin', body);
        expect([response.status, response.body.code]).toEqual([503, 'AUDIT_UNAVAILABLE']);
        expect(response.headers['retry-after']).toBeDefined();
        expect(Object.keys(response.body)).not.toContain('rows');
      }
      store.exec('DROP TRIGGER block');
      const response = await gateway.post('/v1/sql', 'admin', { sql: 'SELECT name FROM products' });
      expect(response.status).toBe(200);
    } finally {
      store.close();
    }
  });
});
