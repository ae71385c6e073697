import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { openRedis } from '../../src/store/redis.js';
import { STRICT_TRANSPORT, type TransportRules } from '../../src/transport/transport-rules.js';
import { engineUrl } from '../engines/engines.js';
import { freePort, type StartedEngine, startOwnRedis } from '../engines/start-engines.js';
import { makeTestAuthority, type Subject } from '../support/test-authority.js';

/** This machine by a name that only a resolver takes for it. */
const ELSEWHERE = '127.1';

const authority = makeTestAuthority('the company');
const trusting: TransportRules = { ...STRICT_TRANSPORT, authorities: authority.certificate };

interface TlsRedis {
  readonly tlsPort: string;
  stop(): Promise<void>;
}

/** A Redis that speaks TLS on a port beside the plain one, which the test's helper needs to see it start. */
async function startTlsRedis(subject: Subject, demandsClient: boolean): Promise<TlsRedis | null> {
  const folder = mkdtempSync(join(tmpdir(), 'swali-redis-tls-'));
  const { certificate, key } = authority.issue(subject);
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const tlsPort = String(await freePort());
  const engine: StartedEngine | null = await startOwnRedis([
    ...['--tls-port', tlsPort],
    ...['--tls-ca-cert-file', write('ca.pem', authority.certificate)],
    ...['--tls-cert-file', write('cert.pem', certificate), '--tls-key-file', write('key.pem', key)],
    ...['--tls-auth-clients', demandsClient ? 'yes' : 'no'],
  ]);
  if (engine === null) return null;
  return {
    tlsPort,
    async stop() {
      await engine.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether Redis answers, and else what the log is told. */
async function ask(url: string, transport?: TransportRules): Promise<string> {
  const told: string[] = [];
  const tell = (fields: object, message: string) => void told.push(`${message} ${JSON.stringify(fields)}`);
  const redis = await openRedis(url, { debug: tell, info: tell, warn: tell, error: tell }, transport);
  try {
    return await redis.ping().then(
      () => 'answers',
      () => told.join(),
    );
  } finally {
    await redis.close();
  }
}

describe.skipIf(engineUrl('redis') === null)('TLS to Redis', { timeout: 60_000 }, () => {
  const running: TlsRedis[] = [];
  const start = async (subject: Subject, demandsClient = false): Promise<string> => {
    const redis = await startTlsRedis(subject, demandsClient);
    if (redis === null) throw new Error('there is a Redis, and no program that starts one of the test’s own');
    running.push(redis);
    return redis.tlsPort;
  };
  afterAll(async () => {
    for (const redis of running) await redis.stop();
  });

  it('answers where the authority is known and the name or the address is right, and to nobody else', async () => {
    const port = await start({ names: [ELSEWHERE, '127.0.0.1'] });
    for (const host of [ELSEWHERE, '127.0.0.1'])
      expect(await ask(`rediss://${host}:${port}`, trusting), host).toBe('answers');
    expect(await ask(`rediss://localhost:${port}`, trusting)).toMatch(/does not match/);
    expect(await ask(`rediss://127.0.0.1:${port}`)).toMatch(/unable to verify|self-signed/);
    const stranger = { ...trusting, authorities: makeTestAuthority('a stranger').certificate };
    expect(await ask(`rediss://127.0.0.1:${port}`, { ...stranger, mayBePlain: true })).toMatch(
      /unable to verify|self-signed/,
    );
  });

  it('is refused where the certificate has expired', async () => {
    const port = await start({ names: ['127.0.0.1'], to: '20010101' });
    expect(await ask(`rediss://127.0.0.1:${port}`, trusting)).toMatch(/expired/);
  });

  it('shows a certificate of its own where Redis demands one', async () => {
    const port = await start({ names: ['127.0.0.1'] }, true);
    const own = authority.issue({ names: ['gateway'] });
    const identity = `${own.certificate}${own.key}`;
    expect(await ask(`rediss://127.0.0.1:${port}`, { ...trusting, identity })).toBe('answers');
    expect(await ask(`rediss://127.0.0.1:${port}`, trusting)).toMatch(/redis is away/);
  });

  it('is not spoken by versions before 1.2', async () => {
    const { certificate: cert, key } = authority.issue({ names: ['127.0.0.1'] });
    const ended: string[] = [];
    const old = createServer({
      cert,
      key,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    old.on('tlsClientError', (error) => ended.push(error.message));
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const { port } = old.address() as AddressInfo;
    try {
      expect(await ask(`rediss://127.0.0.1:${port}`, trusting)).toMatch(/protocol version/);
      expect(ended.join()).toMatch(/unsupported protocol/);
    } finally {
      old.close();
    }
  });

  it('is demanded off loopback, unless the operator states otherwise', async () => {
    const { port } = new URL(engineUrl('redis')!);
    await expect(ask(`redis://${ELSEWHERE}:${port}`)).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
    await expect(ask(`redis://127.0.0.1:${port}`, trusting)).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
    expect(await ask(`redis://${ELSEWHERE}:${port}`, { ...STRICT_TRANSPORT, mayBePlain: true })).toBe('answers');
  });
});
