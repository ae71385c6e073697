import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseSettings } from '../../src/config/settings.js';
import { readReceiptSigner } from '../../src/receipt-key.js';
import { KEYS, makeKeys, verifier } from './audit/receipts/receipt-fixtures.js';

const dataDir = mkdtempSync(join(tmpdir(), 'swali-receipt-key-'));
afterAll(() => rmSync(dataDir, { recursive: true }));
const read = (env: Record<string, string>) => readReceiptSigner(parseSettings({ DATA_DIR: dataDir, ...env }));

describe('the key of receipts', () => {
  it('is made once and kept where none is set', () => {
    expect(read({}).keyId).toBe(read({}).keyId);
  });

  it('is the one that is set, and shows those before it', () => {
    const signer = read({ RECEIPT_PRIVATE_KEY: makeKeys().privateKey, RECEIPT_RETIRED_KEYS: KEYS.publicKey });
    expect(signer.publicJwks.map(({ kid }) => kid)).toEqual([signer.keyId, verifier.publicJwks[0]?.kid]);
  });

  it.each([
    ['RECEIPT_PRIVATE_KEY', { RECEIPT_PRIVATE_KEY: 'pem' }],
    ['RECEIPT_PRIVATE_KEY', { RECEIPT_PRIVATE_KEY: KEYS.publicKey }],
    ['RECEIPT_RETIRED_KEYS', { RECEIPT_RETIRED_KEYS: '-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----' }],
  ])('names %s where it is not usable', (name, env) => {
    expect(() => read(env)).toThrow(`${name}: is no usable key`);
  });
});
