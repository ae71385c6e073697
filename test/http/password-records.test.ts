import { Readable } from 'node:stream';
import request from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runProgram } from '../../src/cli/program.js';
import { createLogger } from '../../src/operate/logger.js';
import { keepWritten } from '../support/paper.js';
import { openTestGateway, PASSWORD, type TestGateway } from './open-test-gateway.js';

const CLI_PASSWORD = 'nine purple geese at noon';
const WEAK = 'ada.lovelace@example.org';
const WRONG = 'elsewhere-I-use-this-one';
const SECRETS = [PASSWORD, CLI_PASSWORD, WEAK, WRONG];

const { lines: written, paper } = keepWritten();

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway({}, { logger: createLogger('debug', paper()) });
});
afterAll(() => gateway.close());

/** Adds an account as the operator does; gives the exit code. */
const addUser = (identifier: string, password: string) =>
  runProgram(['users', 'add', 'admin', '--identifier', identifier, '--password-stdin'], {
    env: { DATA_DIR: gateway.folder, BCRYPT_COST: '4', LOG_LEVEL: 'debug' },
    stdin: Readable.from([password]),
    stdout: paper(),
    stderr: paper(),
    signal: new AbortController().signal,
  });

/** Signs in over HTTP, keeps what was answered, and gives the status. */
async function signIn(body: string | object, type = 'application/json'): Promise<number> {
  const sent = request(gateway.app).post('/v1/auth/admin/login').set('content-type', type);
  const response = await sent.send(typeof body === 'string' ? body : JSON.stringify(body));
  written.push(JSON.stringify([response.headers, response.text]));
  return response.status;
}

it('writes no password into the log, the audit log, the terminal or an answer, whatever becomes of it', async () => {
  expect(await addUser('eli@example.org', CLI_PASSWORD)).toBe(0);
  expect(await addUser('eli@example.org', CLI_PASSWORD)).toBe(1);
  expect(await addUser('root2@example.org', `${WRONG}${WRONG}${WRONG}${WRONG}`)).toBe(1);
  expect(await addUser('root2@example.org', `${WRONG}\n${WRONG}`)).toBe(1);
  expect(await addUser('Ada.Lovelace@example.org', WEAK)).toBe(1);

  const identifier = 'eli@example.org';
  expect(await signIn({ identifier, password: CLI_PASSWORD })).toBe(200);
  expect(await signIn({ identifier, password: WRONG })).toBe(401);
  expect(await signIn({ identifier: 'nobody@example.org', password: WRONG })).toBe(401);
  expect(await signIn({ identifier: WRONG, password: WRONG })).toBe(401);
  expect(await signIn({ identifier, password: WRONG.repeat(4) })).toBe(401);
  expect(await signIn({ identifier, password: WRONG.repeat(40) })).toBe(400);
  expect(await signIn({ identifier, password: [WRONG] })).toBe(400);
  expect(await signIn({ identifier, password: WRONG, extra: WRONG })).toBe(400);
  expect(await signIn(`{"identifier":"${identifier}","password":"${WRONG}"`)).toBe(400);
  expect(await signIn(`password=${WRONG}`, 'application/x-www-form-urlencoded')).toBe(415);
  for (let each = 0; each < 4; each += 1) await signIn({ identifier, password: WRONG });
  expect(await signIn({ identifier, password: CLI_PASSWORD })).toBe(429);

  const audit = await gateway.records();
  const logins = audit.filter(({ event }) => (event as { event: string }).event === 'login');
  expect(logins.length).toBeGreaterThanOrEqual(13);
  written.push(JSON.stringify(audit));
  const all = written.join('\n').toLowerCase();
  for (const expected of ['auth_credentials_wrong', 'rate_limited', 'easy to guess', '"msg":"request refused"']) {
    expect(all).toContain(expected);
  }
  expect(SECRETS.filter((secret) => all.includes(secret.toLowerCase()))).toEqual([]);
});
