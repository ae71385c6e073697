import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../support/run-command.js';
import { ANSWER, KEYS, makeKeys, sendAnswer, signFile, verifier } from '../audit/receipts/receipt-fixtures.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-receipts-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Keeps a text as a file. @returns its path */
function keep(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const sent = sendAnswer();
const answer = keep('answer.json', JSON.stringify(sent, null, 2));
const key = keep('key.pem', KEYS.publicKey);
const jwks = JSON.stringify({ keys: verifier.publicJwks });
const verify = (...args: string[]) => runCommand({ DATA_DIR: folder }, ['receipt', 'verify', ...args]);

describe('receipt verify', () => {
  it('says what the receipt says and what holds, for who has nothing but files', async () => {
    const { code, out } = await verify('--answer', answer, '--key', key);
    expect(code).toBe(0);
    expect(out).toContain('Signed by https://ask.example.com at 2026-03-01T00:00:00.000Z, for customer:17.');
    expect(out).toContain('holds  rows\n');
    expect(out).toContain('The receipt holds in 14 of 14 checks.');
  });

  it('fails for a changed digit, names what fails, and exits with 1', async () => {
    const forged = keep('forged.json', JSON.stringify(sent).replace('12.50', '12.51'));
    const { code, out } = await verify('--answer', forged, '--key', key);
    expect(code).toBe(1);
    expect(out).toContain('FAILS  rows\n');
    expect(out).toContain('The receipt FAILS in 1 of 14 checks.');
  });

  it('takes keys as JSON Web Key, as a file of them, and from an address', async () => {
    const server = createServer((request, response) => {
      if (request.url !== '/v1/receipts/keys') response.statusCode = 404;
      response.end(jwks);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      for (const place of [
        ['--key', keep('key.json', JSON.stringify(verifier.publicJwks[0]))],
        ['--keys', keep('keys.json', jwks)],
        ['--keys', `${address}/v1/receipts/keys`],
      ])
        expect([place, (await verify('--answer', answer, ...place)).code]).toEqual([place, 0]);
      expect((await verify('--answer', answer, '--keys', `${address}/elsewhere`)).err).toContain('cannot be fetched');
    } finally {
      server.close();
    }
  });

  it('knows the keys of its own installation, which it can print', async () => {
    const env = { DATA_DIR: folder, RECEIPT_PRIVATE_KEY: KEYS.privateKey };
    expect((await runCommand(env, ['receipt', 'verify', '--answer', answer])).code).toBe(0);
    expect(JSON.parse((await runCommand(env, ['receipt', 'keys'])).out)).toEqual({ keys: verifier.publicJwks });
    const rotated = { ...env, RECEIPT_PRIVATE_KEY: makeKeys().privateKey };
    expect((await runCommand(rotated, ['receipt', 'verify', '--answer', answer])).code).toBe(1);
    const kept = { ...rotated, RECEIPT_RETIRED_KEYS: KEYS.publicKey };
    expect((await runCommand(kept, ['receipt', 'verify', '--answer', answer])).code).toBe(0);
  });

  it('holds an export against its receipt, and a policy and SQL', async () => {
    const text = 'total\r\n12.50\r\n';
    const { jws, salt } = signFile(ANSWER, { format: 'csv', text });
    const parts = ['--receipt', keep('jws.txt', `${jws}\n`), '--key', key];
    const file = keep('export.csv', text);
    expect((await verify(...parts)).out).toContain('holds in 1 of 1 checks');
    expect((await verify(...parts, '--export', file, '--salt', salt)).code).toBe(0);
    expect((await verify(...parts, '--export', file)).out).toContain('FAILS  salt');
    expect((await verify(...parts, '--export', keep('other.csv', `${text}1\r\n`), '--salt', salt)).code).toBe(1);
    const both = keep('receipt.json', JSON.stringify({ jws, salt }));
    const right = ['--question', ANSWER.question!, '--sql', keep('right.sql', ANSWER.sql!)];
    expect((await verify('--receipt', both, '--key', key, ...right)).code).toBe(0);
    const policy = ['--policy', keep('policy.yaml', 'version: 1\n')];
    expect((await verify('--receipt', both, '--key', key, ...policy)).out).toContain('FAILS  policy file');
  });

  it.each([
    ['nothing', [], 'name the answer with --answer'],
    ['a file that is not there', ['--answer', '/nowhere/x.json'], '/nowhere/x.json: cannot be read'],
    ['an answer without one', ['--answer', keep('none.json', '{"receipt":null}')], 'the answer has no receipt'],
    ['no JSON', ['--answer', keep('odd.json', 'x')], 'the body is not JSON'],
    ['a key twice', ['--answer', keep('twice.json', '{"id":1,"id":2}')], 'the body has a key twice'],
    ['digits beyond what is read', ['--answer', keep('digits.json', '{"n":10000000000000001}')], 'more digits'],
    ['keys over plain HTTP', ['--answer', answer, '--keys', 'http://example.com/keys'], 'expected https://'],
    ['a private key', ['--answer', answer, '--key', keep('private.pem', KEYS.privateKey)], 'is no usable key'],
  ])('refuses %s with a code', async (_what, args, detail) => {
    const { code, err } = await verify(...args);
    expect(code).toBe(1);
    expect(err).toMatch(/^(?:RECEIPT_UNREADABLE|SETTINGS_INVALID): /);
    expect(err).toContain(detail);
  });
});
