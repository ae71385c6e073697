import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepSecret } from '../../../src/config/kept-secret.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'swali-secret-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('keepSecret', () => {
  it('makes a secret once, for the owner only, and keeps it', () => {
    const data = join(folder, 'data');
    const secret = keepSecret(data, 'jwt-secret');
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(keepSecret(data, 'jwt-secret')).toBe(secret);
    expect(statSync(join(data, 'jwt-secret')).mode & 0o777).toBe(0o600);
    expect(readdirSync(data)).toEqual(['jwt-secret']);
    expect(keepSecret(data, 'mask-key')).not.toBe(secret);
  });

  it('refuses a damaged secret instead of signing with it', () => {
    writeFileSync(join(folder, 'jwt-secret'), 'hello\n');
    expect(() => keepSecret(folder, 'jwt-secret')).toThrow(/jwt-secret is damaged/);
    writeFileSync(join(folder, 'store-key'), '');
    expect(() => keepSecret(folder, 'store-key')).toThrow(/store-key is damaged/);
  });
});
