import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SwaliError } from '../errors/swali-error.js';

/** Secrets that the gateway makes for itself where none is set. */
export type KeptSecret = 'jwt-secret' | 'mask-key' | 'store-key' | 'audit-key' | 'receipt-key';

/**
 * A secret that is made once and kept in `DATA_DIR/NAME`, readable by the owner only. Two processes that start at once
 * agree on one: the file appears whole or not at all.
 *
 * @param dataDir made where it is missing
 * @returns 64 hexadecimal characters (256 bits)
 * @throws SwaliError `SETTINGS_INVALID` where the folder cannot be written or the file holds something else
 */
export function keepSecret(dataDir: string, name: KeptSecret): string {
  const path = join(dataDir, name);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const draft = `${path}.${randomBytes(8).toString('hex')}`;
    writeFileSync(draft, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    try {
      linkSync(draft, path);
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (cause) {
    throw new SwaliError('SETTINGS_INVALID', {
      detail: 'DATA_DIR: cannot be written, expected a writable folder',
      cause,
    });
  }
  const secret = readFileSync(path, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/.test(secret)) {
    throw new SwaliError('SETTINGS_INVALID', {
      detail: `DATA_DIR: its ${name} is damaged, expected 64 hexadecimal characters; restore the file, or remove it to make a new one`,
    });
  }
  return secret;
}
