import type { Signer } from '../ed25519.js';

/** What the header of a receipt says it is. */
export const RECEIPT_TYPE = 'swali-receipt+jwt';

/** A receipt taken apart; nothing of it is verified yet. */
export interface CompactJws {
  readonly keyId: string;
  /** Parsed JSON. */
  readonly payload: unknown;
  /** What is signed. */
  readonly signed: string;
  readonly signature: string;
}

/**
 * Signs a payload as a compact JWS (RFC 7515 §7.1) with EdDSA (RFC 8037).
 *
 * @param payload JSON text
 */
export function printCompactJws(payload: string, signer: Signer): string {
  const header = JSON.stringify({ alg: 'EdDSA', kid: signer.keyId, typ: RECEIPT_TYPE });
  const signed = `${toBase64url(header)}.${toBase64url(payload)}`;
  return `${signed}.${signer.sign(signed)}`;
}

/**
 * Takes a receipt apart. Nothing in the header chooses how it is verified: one with another algorithm, another type or
 * any further member is none.
 *
 * @returns null for what is no receipt
 */
export function readCompactJws(text: string): CompactJws | null {
  const [, header = '', payload = '', signature = ''] = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(text) ?? [];
  try {
    const { alg, kid, typ, ...rest } = JSON.parse(fromBase64url(header)) as Record<string, unknown>;
    if (alg !== 'EdDSA' || typ !== RECEIPT_TYPE || typeof kid !== 'string' || Object.keys(rest).length > 0) return null;
    return { keyId: kid, payload: JSON.parse(fromBase64url(payload)), signed: `${header}.${payload}`, signature };
  } catch {
    return null;
  }
}

function toBase64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function fromBase64url(text: string): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'base64url'));
}
