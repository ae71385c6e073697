import { createHmac } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { beforeEach, describe, expect, it } from 'vitest';
import { createTokens, type Tokens } from '../../../src/identify/tokens.js';

const SECRET = 'a secret of more than thirty-two bytes';
const CLAIMS = { kind: 'customer', accountId: 17, session: 's1' } as const;

let now: number;
let ids: number;
let tokens: Tokens;
const make = (options: { secret?: string; retiredSecrets?: string[] } = {}) =>
  createTokens({
    secret: SECRET,
    ttlS: 900,
    clock: () => now,
    newId: () => {
      ids += 1;
      return `j${ids}`;
    },
    ...options,
  });

beforeEach(() => {
  now = 1_700_000_000_000;
  ids = 0;
  tokens = make();
});

const decode = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const signRaw = (header: unknown, payload: unknown, secret = SECRET) => {
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};
const partsOf = (token: string) => {
  const [header, payload, signature] = token.split('.');
  return { header: decode(header), payload: decode(payload), signature: signature ?? '' };
};
const refused = expect.objectContaining({ code: 'AUTH_TOKEN_INVALID' });

describe('access tokens', () => {
  it('says who, until when and under which key, and no right', () => {
    const { header, payload } = partsOf(tokens.issue(CLAIMS));
    expect(header).toEqual({ alg: 'HS256', typ: 'JWT', kid: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(payload).toEqual({
      iss: 'swali',
      aud: 'swali',
      sub: 'customer:17',
      kind: 'customer',
      sid: 's1',
      jti: 'j1',
      iat: 1_700_000_000,
      exp: 1_700_000_900,
    });
  });

  it('verifies what it issued', () => {
    expect(tokens.verify(tokens.issue(CLAIMS))).toEqual({
      subject: 'customer:17',
      kind: 'customer',
      accountId: 17,
      session: 's1',
      id: 'j1',
    });
  });

  it('is valid up to its last second and not after', () => {
    const token = tokens.issue(CLAIMS);
    now += 899_000;
    tokens.verify(token);
    now += 1_000;
    expect(() => tokens.verify(token)).toThrow(refused);
  });

  it('makes the same key id for the same secret, and verifies what a replica signed', () => {
    expect(make().verify(tokens.issue(CLAIMS)).accountId).toBe(17);
  });

  it('still verifies tokens of a retired secret, and no longer when it is gone', () => {
    const old = tokens.issue(CLAIMS);
    const secret = 'another secret of thirty-two bytes!';
    expect(make({ secret, retiredSecrets: [SECRET] }).verify(old).accountId).toBe(17);
    expect(() => make({ secret }).verify(old)).toThrow(refused);
  });

  it('refuses a token of another secret under this key id', () => {
    const { header, payload } = partsOf(tokens.issue(CLAIMS));
    expect(() => tokens.verify(signRaw(header, payload, 'x'.repeat(40)))).toThrow(refused);
  });

  const forgeries: readonly [string, (real: ReturnType<typeof partsOf>) => string][] = [
    ['no algorithm', ({ payload }) => `${encode({ alg: 'none', typ: 'JWT' })}.${encode(payload)}.`],
    [
      'no algorithm with the key id',
      ({ header, payload }) => `${encode({ ...header, alg: 'none' })}.${encode(payload)}.`,
    ],
    ['another algorithm', ({ payload }) => jsonwebtoken.sign(payload, SECRET, { algorithm: 'HS512' })],
    ['a foreign key id', ({ header, payload }) => signRaw({ ...header, kid: 'other' }, payload)],
    ['no key id', ({ payload }) => signRaw({ alg: 'HS256', typ: 'JWT' }, payload)],
    ['a key inside the header', ({ header, payload }) => signRaw({ ...header, jwk: { kty: 'oct', k: 'AA' } }, payload)],
    ['another issuer', ({ header, payload }) => signRaw(header, { ...payload, iss: 'x' })],
    ['another audience', ({ header, payload }) => signRaw(header, { ...payload, aud: 'x' })],
    ['several audiences', ({ header, payload }) => signRaw(header, { ...payload, aud: ['swali', 'x'] })],
    ['no expiry', ({ header, payload }) => signRaw(header, { ...payload, exp: undefined })],
    ['an unknown kind', ({ header, payload }) => signRaw(header, { ...payload, kind: 'root', sub: 'root:17' })],
    ['a kind that is not the subject’s', ({ header, payload }) => signRaw(header, { ...payload, kind: 'admin' })],
    ['a subject without a number', ({ header, payload }) => signRaw(header, { ...payload, sub: 'customer:' })],
    ['a subject with an odd number', ({ header, payload }) => signRaw(header, { ...payload, sub: 'customer:017' })],
    ['a further member', ({ header, payload }) => signRaw(header, { ...payload, role: 'manager' })],
    ['no session', ({ header, payload }) => signRaw(header, { ...payload, sid: '' })],
    [
      'a changed payload',
      ({ header, payload, signature }) =>
        `${encode(header)}.${encode({ ...payload, sub: 'customer:18' })}.${signature}`,
    ],
    ['nothing', () => ''],
    ['text', () => 'not a token'],
    ['too much', ({ header, payload }) => signRaw(header, { ...payload, jti: 'j'.repeat(5000) })],
  ];

  it.each(forgeries)('refuses a token with %s', (_, forge) => {
    const real = partsOf(tokens.issue(CLAIMS));
    expect(tokens.verify(signRaw(real.header, real.payload)).accountId).toBe(17);
    expect(() => tokens.verify(forge(real))).toThrow(refused);
  });

  it('refuses to start with a short secret', () => {
    expect(() => make({ secret: 'x'.repeat(31) })).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }));
  });
});
