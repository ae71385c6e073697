import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { parseSettings } from '../../src/config/settings.js';
import { openRecords } from '../../src/gateway.js';
import { addAccount } from '../../src/identify/accounts.js';
import { createIdentity } from '../../src/identity.js';
import { createBareApp } from '../support/bare-app.js';

const PASSWORD = 'a long test password';
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const folder = mkdtempSync(join(tmpdir(), 'swali-rotation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Replica {
  readonly url: string;
  running: number;
  readonly stop: () => Promise<void>;
}

/** One replica of the sign-in side on a port of its own, over the store that all share. */
async function startReplica(env: Readonly<Record<string, string>>): Promise<Replica> {
  const settings = parseSettings({ DATA_DIR: folder, BCRYPT_COST: '4', ...env });
  const surroundings = { settings, clock: Date.now, logger: silent };
  const records = await openRecords(surroundings, 'test');
  const identity = await createIdentity(surroundings, records.store);
  const account = { kind: 'customer', identifier: '103', password: PASSWORD } as const;
  await addAccount({ store: records.store, passwords: identity.passwords, clock: Date.now }, account).catch(() => null);
  const app = createBareApp({
    audit: records.audit,
    createLogin: identity.createLogin,
    createOwnSessions: identity.createOwnSessions,
    authenticate: identity.authenticate,
    sessionOf: identity.sessionOf,
    csrfKeys: identity.csrfKeys,
  });
  const server: Server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    running: 0,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await identity.close();
      await records.close();
    },
  };
}

it('changes JWT and store keys over two replicas under requests, and refuses none', async () => {
  const [oldKey, newKey] = ['b0c1d2e3f4a5968778695a4b3c2d1e0f', 'Zt-0f1e2d3c4b5a69788796a5f4e3d2c1b0'];
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const secret = 'c1d2e3f4a5968778695a4b3c2d1e0fb0-Kq';
  // As docs/operations.md says: first every replica knows the new keys, then they become the current ones.
  const phases = [
    { JWT_SECRET: secret, STORE_KEY: oldKey },
    { JWT_SECRET: secret, JWT_RETIRED_KEYS: pair.publicKey, STORE_KEY: oldKey, STORE_RETIRED_KEYS: newKey },
    { JWT_PRIVATE_KEY: pair.privateKey, JWT_RETIRED_KEYS: secret, STORE_KEY: newKey, STORE_RETIRED_KEYS: oldKey },
  ];
  const live = [await startReplica(phases[0]!), await startReplica(phases[0]!)];
  const refused: string[] = [];
  let turn = 0;
  let done = 0;
  const send = async (path: string, init: RequestInit, hop = turn++): Promise<Response> => {
    const replica = live[hop % live.length]!;
    replica.running += 1;
    try {
      const response = await fetch(`${replica.url}${path}`, init);
      done += 1;
      if (!response.ok) refused.push(`${path} ${response.status} ${await response.text()}`);
      return response;
    } finally {
      replica.running -= 1;
    }
  };
  const post = (path: string, body: object, headers = {}) =>
    send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const credentials = { identifier: '103', password: PASSWORD };
  const enter = async () =>
    (await (await post('/v1/auth/customer/login', credentials)).json()) as {
      access_token: string;
      refresh_token: string;
    };
  const seeRows = (token: string) => send('/v1/auth/sessions', { headers: { authorization: `Bearer ${token}` } });

  const first = await enter();
  let stop = false;
  const callers = Array.from({ length: 3 }, async () => {
    let tokens = await enter();
    while (!stop) {
      // Tokens of every age, at whichever replica has its turn.
      await seeRows(first.access_token);
      await seeRows(tokens.access_token);
      tokens = (await (
        await post('/v1/auth/refresh', { refresh_token: tokens.refresh_token })
      ).json()) as typeof tokens;
    }
  });
  try {
    for (const phase of phases.slice(1)) {
      for (const at of [0, 1]) {
        const before = done;
        const fresh = await startReplica(phase);
        const [gone] = live.splice(at, 1, fresh);
        while (gone!.running > 0) await wait(5);
        await gone!.stop();
        // Traffic has gone through this mixture of replicas before the next one changes.
        while (done < before + 30) await wait(5);
      }
    }
  } finally {
    stop = true;
    await Promise.all(callers);
    for (const replica of live) await replica.stop();
  }
  expect(refused).toEqual([]);
  expect(done).toBeGreaterThan(120);
}, 120_000);
