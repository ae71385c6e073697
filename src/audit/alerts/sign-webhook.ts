import { createHmac } from 'node:crypto';

/** In front of every secret (Standard Webhooks 1.0, "Signature scheme"). */
const SECRET_PREFIX = 'whsec_';

/** Bytes of a secret (ibid.). */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** Fewer different bytes than this is a pattern, not a secret. */
const MIN_DISTINCT_BYTES = 12;

/** What a webhook is signed with: the first signs, and further ones sign beside it while receivers change over. */
export type WebhookSecrets = readonly [Buffer, ...Buffer[]];

/**
 * Reads the secrets of a webhook.
 *
 * @param text `whsec_` and 24 to 64 bytes as base64; several with white space between them
 * @returns null where one of them is none
 */
export function parseWebhookSecrets(text: string): WebhookSecrets | null {
  const secrets = text.trim().split(/\s+/).map(parseSecret);
  const [first, ...rest] = secrets;
  if (!first || !rest.every((each) => each !== null)) return null;
  return [first, ...rest];
}

function parseSecret(text: string): Buffer | null {
  if (!text.startsWith(SECRET_PREFIX)) return null;
  const encoded = text.slice(SECRET_PREFIX.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded) || encoded.length % 4 !== 0) return null;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length < MIN_BYTES || bytes.length > MAX_BYTES || new Set(bytes).size < MIN_DISTINCT_BYTES) return null;
  return bytes;
}

/**
 * The headers that prove where a webhook comes from (Standard Webhooks 1.0): HMAC-SHA-256 over id, time and body. The time is
 * that of the try, so that a receiver can refuse what is old; the id is the same over all tries.
 *
 * @param body as it is sent, byte by byte
 * @param now milliseconds since 1970
 */
export function signWebhook(
  secrets: WebhookSecrets,
  id: string,
  body: string,
  now: number,
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  const timestamp = String(Math.floor(now / 1000));
  const signatures = secrets.map((secret) => {
    const digest = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
    return `v1,${digest}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
