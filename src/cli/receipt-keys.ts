import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Ed25519Jwk, readVerifier, type Verifier } from '../audit/ed25519.js';
import type { Settings } from '../config/settings.js';
import { isLoopback } from '../domain/loopback.js';
import { SwaliError } from '../errors/swali-error.js';
import { readReceiptSigner } from '../receipt-key.js';

/** Where the public keys are, as the command line says; this installation's own where it does not. */
export interface KeyPlaces {
  /** File: PEM or JSON Web Key. */
  readonly key?: string;
  /** File or address: JWKS. */
  readonly keys?: string;
}

/** Longest wait for keys at an address, in milliseconds, and most bytes of them. */
const FETCH_TIMEOUT_MS = 10_000;
const MAX_BYTES = 256 * 1024;

const JWK = z.looseObject({
  kty: z.string(),
  crv: z.string().optional(),
  x: z.string().optional(),
  d: z.never().optional(),
});
const JWKS = z.looseObject({ keys: z.array(JWK).min(1) });

/**
 * Reads the keys that a receipt is verified with.
 *
 * @param settings read only where no place is named
 * @throws SwaliError `RECEIPT_UNREADABLE` where they cannot be had, `SETTINGS_INVALID` for what is no Ed25519 public key
 */
export async function readReceiptKeys(
  { key, keys }: KeyPlaces,
  settings: () => Pick<Settings, 'dataDir' | 'receiptPrivateKey' | 'receiptRetiredKeys'>,
): Promise<Verifier> {
  const found = [
    ...(key === undefined ? [] : [readKey(key)]),
    ...(keys === undefined
      ? []
      : parse(JWKS, /^https?:/.test(keys) ? await fetchText(keys) : readText(keys), keys).keys),
  ];
  if (key === undefined && keys === undefined) return readReceiptSigner(settings());
  return readVerifier('the public key of receipts', found as readonly (string | Ed25519Jwk)[]);
}

function readKey(file: string): unknown {
  const text = readText(file);
  return text.includes('-----') ? text : parse(JWK, text, file);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw unreadable(`${file}: cannot be read`, cause);
  }
}

/** Keys that anyone on the way may change prove nothing. */
async function fetchText(address: string): Promise<string> {
  const { protocol, hostname } = URL.canParse(address) ? new URL(address) : { protocol: '', hostname: '' };
  if (protocol !== 'https:' && !isLoopback(hostname)) throw unreadable(`${address}: expected https://`);
  try {
    const response = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > MAX_BYTES) throw new Error('too large');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch (cause) {
    throw unreadable(`${address}: cannot be fetched`, cause);
  }
}

function parse<T>(schema: z.ZodType<T>, text: string, place: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw unreadable(`${place}: expected public keys as JSON`, cause);
  }
}

function unreadable(detail: string, cause?: unknown): SwaliError {
  return new SwaliError('RECEIPT_UNREADABLE', { detail, cause });
}
