import { describe, expect, it } from 'vitest';
import { describeTotp, findTotpStep, isTotpCode } from '../../../src/identify/totp.js';

/** The seed of RFC 6238 appendix B for SHA1. */
const SEED = Buffer.from('12345678901234567890');

/** Its table: time in seconds, and the code of eight digits; ours are the last six of them (RFC 4226 §5.3). */
const VECTORS = [
  [59, '94287082'],
  [1111111109, '07081804'],
  [1111111111, '14050471'],
  [1234567890, '89005924'],
  [2000000000, '69279037'],
  [20000000000, '65353130'],
] as const;

describe('codes', () => {
  it.each(VECTORS)('are those of RFC 6238 at %i seconds', (seconds, digits) => {
    const step = Math.floor(seconds / 30);
    expect(findTotpStep(SEED, digits.slice(2), seconds * 1000)).toBe(step);
    const wrong = `${digits.slice(2, -1)}${(Number(digits.at(-1)) + 1) % 10}`;
    expect(findTotpStep(SEED, wrong, seconds * 1000)).toBeNull();
    expect(findTotpStep(Buffer.from('12345678901234567891'), digits.slice(2), seconds * 1000)).toBeNull();
  });

  it('hold one step early and one step late, to the millisecond, and no longer', () => {
    const begin = 1111111110_000;
    const step = begin / 30_000;
    for (const now of [begin - 30_000, begin, begin + 29_999, begin + 59_999]) {
      expect(findTotpStep(SEED, '050471', now)).toBe(step);
    }
    for (const now of [begin - 30_001, begin + 60_000]) expect(findTotpStep(SEED, '050471', now)).toBeNull();
  });

  it.each(['', '05047', '0504711', '14050471', '05o471', '٠٥٠٤٧١', ' 50471', '050471\n'])('are not %j', (text) => {
    expect(isTotpCode(text)).toBe(false);
    expect(findTotpStep(SEED, text, 1111111111_000)).toBeNull();
  });
});

describe('describing a seed', () => {
  it('says to the app what it is, whose it is, and nothing that it would not take', async () => {
    const { secret, uri } = await describeTotp(SEED, 'ada+x@example.org');
    expect(secret).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    const url = new URL(uri);
    expect([url.protocol, url.host]).toEqual(['otpauth:', 'totp']);
    expect(decodeURIComponent(url.pathname)).toBe('/Swali:ada+x@example.org');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      issuer: 'Swali',
      secret,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
  });

  it('draws a picture that is SVG without script', async () => {
    const { qr } = await describeTotp(SEED, '103');
    const [, data = ''] = /^data:image\/svg\+xml;base64,([A-Za-z0-9+/=]+)$/.exec(qr) ?? [];
    const svg = Buffer.from(data, 'base64').toString();
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 \d+ \d+"/);
    expect(svg).not.toMatch(/<script|\son\w+=/);
    const other = await describeTotp(SEED, '104');
    expect(other.qr).not.toBe(qr);
  });
});
