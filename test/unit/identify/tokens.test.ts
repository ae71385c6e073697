import { createHmac, createPublicKey, createVerify, generateKeyPairSync, type KeyObject } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { beforeEach, describe, expect, it } from 'vitest';
import { readSigningKeys, type SigningKeys } from '../../../src/identify/signing-keys.js';
import { createTokens, type Tokens } from '../../../src/identify/tokens.js';

const SECRET = 'a secret of more than thirty-two bytes';
const CLAIMS = { tenant: null, kind: 'customer', role: null, accountId: 17, session: 's1' } as const;

let now: number;
let ids: number;
let tokens: Tokens;
const make = ({ secret = SECRET, retiredSecrets = [] as string[] } = {}) =>
  makeWith(readSigningKeys({ secret }, { secrets: retiredSecrets, publicKeys: [] }));
const makeWith = (keys: SigningKeys) =>
  createTokens({
    keys,
    ttlS: 900,
    clock: () => now,
    newId: () => {
      ids += 1;
      return `j${ids}`;
    },
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
  it('says who, until when and under which key, and no right but the role of then', () => {
    const { header, payload } = partsOf(tokens.issue(CLAIMS));
    expect(header).toEqual({ alg: 'HS256', typ: 'JWT', kid: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(payload).toEqual({
      iss: 'swali',
      aud: 'swali',
      sub: 'customer:17',
      kind: 'customer',
      role: null,
      tenant: null,
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
      role: null,
      tenant: null,
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
    ['a time of issue in the future', ({ header, payload }) => signRaw(header, { ...payload, iat: payload.iat + 61 })],
    ['a beginning in the future', ({ header, payload }) => signRaw(header, { ...payload, nbf: payload.iat + 61 })],
    ['no expiry', ({ header, payload }) => signRaw(header, { ...payload, exp: undefined })],
    ['an unknown kind', ({ header, payload }) => signRaw(header, { ...payload, kind: 'root', sub: 'root:17' })],
    ['a kind that is not the subject’s', ({ header, payload }) => signRaw(header, { ...payload, kind: 'admin' })],
    ['a subject without a number', ({ header, payload }) => signRaw(header, { ...payload, sub: 'customer:' })],
    ['a subject with an odd number', ({ header, payload }) => signRaw(header, { ...payload, sub: 'customer:017' })],
    ['a further member', ({ header, payload }) => signRaw(header, { ...payload, permissions: ['ask'] })],
    ['an empty tenant', ({ header, payload }) => signRaw(header, { ...payload, tenant: '' })],
    ['no tenant', ({ header, payload: { tenant: _, ...rest } }) => signRaw(header, rest)],
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

  it('bears with a replica whose clock is a minute ahead', () => {
    const token = tokens.issue(CLAIMS);
    now -= 60_000;
    expect(tokens.verify(token).accountId).toBe(17);
    now -= 1000;
    expect(() => tokens.verify(token)).toThrow(refused);
  });

  it('refuses to start with a short secret', () => {
    expect(() => make({ secret: 'x'.repeat(31) })).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }));
  });
});

const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const OTHER = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};
const privatePem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicPem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const NONE = { secrets: [], publicKeys: [] };

describe.each([
  ['ES256', EC],
  ['RS256', RSA],
] as const)('access tokens of %s', (alg, { privateKey, publicKey }) => {
  const keys = readSigningKeys({ privateKey: privatePem(privateKey) }, NONE);
  const { signing } = keys;
  const own = makeWith(keys);
  const foreign = OTHER[alg].privateKey;
  type Parts = ReturnType<typeof partsOf>;
  /** Signed with the real key, whatever it says. */
  const signWith = (key: KeyObject, payload: object, kid = signing.id) =>
    jsonwebtoken.sign(payload, key, { algorithm: alg, keyid: kid });

  it('are verified by whom they were signed, and by anybody with the public key', () => {
    const token = own.issue(CLAIMS);
    expect(own.verify(token)).toMatchObject({ subject: 'customer:17', session: 's1' });
    const { header } = partsOf(token);
    expect(header).toEqual({ alg, typ: 'JWT', kid: signing.id });
    const [shown] = own.publicKeys;
    const key = createPublicKey({ key: { ...shown }, format: 'jwk' });
    const [head, body, signature] = token.split('.');
    const verify = createVerify('sha256').update(`${head}.${body}`);
    const given = { key, ...(alg === 'ES256' ? { dsaEncoding: 'ieee-p1363' as const } : {}) };
    expect(verify.verify(given, signature ?? '', 'base64url')).toBe(true);
  });

  const hmac = (header: unknown, payload: unknown, secret: string | Buffer) => {
    const text = `${encode(header)}.${encode(payload)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const pem = publicPem(publicKey);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const forgeries: readonly [string, (real: Parts) => string][] = [
    ['the public key as a secret', ({ header, payload }) => hmac({ ...header, alg: 'HS256' }, payload, pem)],
    ['the trimmed one as a secret', ({ header, payload }) => hmac({ ...header, alg: 'HS256' }, payload, pem.trim())],
    ['its bytes as a secret', ({ header, payload }) => hmac({ ...header, alg: 'HS256' }, payload, der)],
    ['the public key as a secret under the real header', ({ header, payload }) => hmac(header, payload, pem)],
    ['the public key as a secret without a key id', ({ payload }) => hmac({ alg: 'HS256', typ: 'JWT' }, payload, pem)],
    ['no algorithm', ({ header, payload }) => `${encode({ ...header, alg: 'none' })}.${encode(payload)}.`],
    ['no signature', ({ header, payload }) => `${encode(header)}.${encode(payload)}.`],
    ['a foreign key', ({ payload }) => signWith(foreign, payload)],
    ['a foreign key id', ({ payload }) => signWith(privateKey, payload, 'other')],
    ['a foreign key and its own id', ({ payload }) => signWith(foreign, payload, 'other')],
    ['another issuer', ({ payload }) => signWith(privateKey, { ...payload, iss: 'x' })],
    ['another audience', ({ payload }) => signWith(privateKey, { ...payload, aud: 'x' })],
    ['an end that is past', ({ payload }) => signWith(privateKey, { ...payload, exp: payload.iat })],
    ['a time of issue in the future', ({ payload }) => signWith(privateKey, { ...payload, iat: payload.iat + 61 })],
    ['a beginning in the future', ({ payload }) => signWith(privateKey, { ...payload, nbf: payload.iat + 61 })],
    [
      'a changed payload',
      ({ header, payload, signature }) =>
        `${encode(header)}.${encode({ ...payload, sub: 'customer:18' })}.${signature}`,
    ],
  ];

  it.each(forgeries)('are refused with %s', (_, forge) => {
    const real = partsOf(own.issue(CLAIMS));
    expect(own.verify(signWith(privateKey, real.payload)).accountId).toBe(17);
    expect(() => own.verify(forge(real))).toThrow(refused);
  });

  it('are verified while their key is retired, and no longer when it is removed', () => {
    const old = own.issue(CLAIMS);
    const next = { privateKey: privatePem(foreign) };
    const rotated = makeWith(readSigningKeys(next, { secrets: [], publicKeys: [pem] }));
    expect(rotated.verify(old).accountId).toBe(17);
    expect(rotated.verify(rotated.issue(CLAIMS)).accountId).toBe(17);
    expect(partsOf(rotated.issue(CLAIMS)).header.kid).not.toBe(signing.id);
    expect(rotated.publicKeys.map(({ kid }) => kid).sort()).toEqual(
      [signing.id, readSigningKeys(next, NONE).signing.id].sort(),
    );
    expect(() => makeWith(readSigningKeys(next, NONE)).verify(old)).toThrow(refused);
  });

  it('are refused where they name one of our keys and another one signed', () => {
    const { payload } = partsOf(own.issue(CLAIMS));
    const both = makeWith(readSigningKeys({ privateKey: privatePem(foreign) }, { secrets: [], publicKeys: [pem] }));
    expect(both.verify(signWith(privateKey, payload)).accountId).toBe(17);
    expect(() => both.verify(signWith(foreign, payload))).toThrow(refused);
  });

  it('follow those of a secret, which still verify, and give way to them again', () => {
    const ofSecret = tokens.issue(CLAIMS);
    const moved = makeWith(
      readSigningKeys({ privateKey: privatePem(privateKey) }, { secrets: [SECRET], publicKeys: [] }),
    );
    expect(moved.verify(ofSecret).accountId).toBe(17);
    expect(moved.publicKeys).toHaveLength(1);
    const back = makeWith(readSigningKeys({ secret: SECRET }, { secrets: [], publicKeys: [pem] }));
    expect(back.verify(own.issue(CLAIMS)).accountId).toBe(17);
    const { header, payload } = partsOf(own.issue(CLAIMS));
    expect(() => back.verify(hmac({ ...header, alg: 'HS256' }, payload, pem))).toThrow(refused);
    expect(() => back.verify(hmac(header, payload, SECRET))).toThrow(refused);
  });
});
