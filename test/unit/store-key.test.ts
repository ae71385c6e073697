import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseSettings } from '../../src/config/settings.js';
import { openKeyRing, readStoreKey } from '../../src/store-key.js';

const dataDir = mkdtempSync(join(tmpdir(), 'swali-store-key-'));
afterAll(() => rmSync(dataDir, { recursive: true }));

const OLD = 'Zt-0f1e2d3c4b5a69788796a5f4e3d2c1b0';
const NEW = 'Qw-9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d';
const ringOf = (env: Record<string, string>) => openKeyRing({ settings: parseSettings({ DATA_DIR: dataDir, ...env }) });
const text = Buffer.from('sk-test-1');

describe('the ring of keys of the store', () => {
  it('opens what an old key sealed, and seals with the new one', () => {
    const before = ringOf({ STORE_KEY: OLD }).seal(text, 'kept-secret', 'x');
    const ring = ringOf({ STORE_KEY: NEW, STORE_RETIRED_KEYS: `\n${OLD}\n` });
    expect(ring.open(before, 'kept-secret', 'x')).toEqual(text);
    expect(ring.isCurrent(before)).toBe(false);
    expect(ringOf({ STORE_KEY: NEW }).isCurrent(ring.seal(text, 'kept-secret', 'x'))).toBe(true);
  });

  it('has a key that is made once and kept where none is set, and that can retire', () => {
    const sealed = ringOf({}).seal(text, 'kept-secret', 'x');
    const kept = readStoreKey({ settings: parseSettings({ DATA_DIR: dataDir }) });
    expect(ringOf({ STORE_KEY: NEW, STORE_RETIRED_KEYS: kept }).open(sealed, 'kept-secret', 'x')).toEqual(text);
  });
});
