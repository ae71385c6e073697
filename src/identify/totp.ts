import { Secret, TOTP } from 'otpauth';
import qrcode from 'qrcode';

/** Bytes of a new seed: those of the digest (RFC 4226 §4 R6 recommends 160 bits). */
export const TOTP_SEED_BYTES = 20;

/** What every authenticator app takes (RFC 6238 §1.2, RFC 4226 §5.3). Periods are in seconds. */
const PARAMETERS = { algorithm: 'SHA1', digits: 6, period: 30 } as const;

/** Steps before and after the present one whose codes are taken, for slow typing and clocks that differ (RFC 6238 §5.2). */
const WINDOW_STEPS = 1;

const ISSUER = 'Swali';

/** What an authenticator app is told. All three hold the seed. */
export interface TotpSetup {
  /** Base32, to be typed. */
  readonly secret: string;
  /** `otpauth://totp/…` */
  readonly uri: string;
  /** The same as a picture: `data:image/svg+xml;base64,…`, for the `src` of an `<img>`, where SVG runs no script. */
  readonly qr: string;
}

/**
 * Finds the time step that a code belongs to, among the present one and its neighbours. Codes are compared in constant
 * time.
 *
 * @param code as typed, without blanks
 * @param nowMs milliseconds since 1970
 * @returns steps of 30 seconds since 1970, or null where the code is none of these
 */
export function findTotpStep(seed: Uint8Array, code: string, nowMs: number): number | null {
  if (!isTotpCode(code)) return null;
  const delta = TOTP.validate({
    token: code,
    secret: secretOf(seed),
    ...PARAMETERS,
    timestamp: nowMs,
    window: WINDOW_STEPS,
  });
  return delta === null ? null : TOTP.counter({ period: PARAMETERS.period, timestamp: nowMs }) + delta;
}

/** Whether a text has the form of a code: six digits. */
export function isTotpCode(text: string): boolean {
  return /^[0-9]{6}$/.test(text);
}

/** Describes a seed to authenticator apps. @param label whose it is, e.g. an e-mail address */
export async function describeTotp(seed: Uint8Array, label: string): Promise<TotpSetup> {
  const secret = secretOf(seed);
  const uri = new TOTP({ ...PARAMETERS, issuer: ISSUER, label, secret }).toString();
  const svg = await qrcode.toString(uri, { type: 'svg', errorCorrectionLevel: 'M' });
  return { secret: secret.base32, uri, qr: `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}` };
}

/** A copy: a small Buffer is a part of a larger pool, and `buffer` would be all of it. */
function secretOf(seed: Uint8Array): Secret {
  return new Secret({ buffer: new Uint8Array(seed).buffer });
}
