import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineUrl } from '../engines/engines.js';
import { ACCOUNTS, type ServedGateway, serveGateway } from './served-gateway.js';
import { startTcpRelay, type TcpRelay } from './tcp-relay.js';

const url = engineUrl('redis');

describe.skipIf(url === null)('a gateway whose Redis goes away', { timeout: 60_000 }, () => {
  let relay: TcpRelay;
  let gateway: ServedGateway<keyof typeof ACCOUNTS>;
  beforeAll(async () => {
    const { hostname, port } = new URL(url!);
    relay = await startTcpRelay(hostname, Number(port));
    gateway = await serveGateway(ACCOUNTS, { RATE_LIMIT: 'on', REDIS_URL: `redis://127.0.0.1:${relay.port}/6` });
    expect((await gateway.signIn('admin')).status).toBe(200);
  }, 120_000);
  afterAll(async () => {
    await gateway?.stop();
    await relay?.cut();
  });

  const OTHERS = { store: 'ok', source: 'ok', policy: 'ok', migrations: 'ok' };
  const checksOf = async () => {
    const { status, body } = await gateway.call('GET', '/readyz', null);
    return [status, body.checks];
  };

  it('takes no sign-in meanwhile, answers everything else, and says so', async () => {
    expect(await checksOf()).toEqual([200, { ...OTHERS, redis: 'ok' }]);
    await relay.cut();
    const refused = await gateway.signIn('customer');
    expect([refused.status, refused.body.code]).toEqual([503, 'LIMITS_UNAVAILABLE']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const codes = await gateway.call('POST', '/v1/auth/second-factor/confirm', 'admin', { totp: '123456' });
    expect(codes.body.code).toBe('LIMITS_UNAVAILABLE');
    expect((await gateway.ask('admin', 'Who are our best customers?')).body.status).toBe('answered');
    expect((await gateway.sql('admin', 'SELECT COUNT(*) FROM branches')).status).toBe(200);
    await expect.poll(checksOf, { timeout: 10_000 }).toEqual([200, { ...OTHERS, redis: 'failing' }]);
    expect(gateway.log.filter((line) => line.startsWith('redis is'))).toHaveLength(1);
  });

  it('takes sign-ins again once it is back', async () => {
    await relay.mend();
    await expect.poll(async () => (await gateway.signIn('customer')).status, { timeout: 10_000 }).toBe(200);
    await expect.poll(checksOf, { timeout: 10_000 }).toEqual([200, { ...OTHERS, redis: 'ok' }]);
    expect(gateway.log.filter((line) => line.startsWith('redis is'))).toHaveLength(2);
  });
});
