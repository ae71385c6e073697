import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { readHttpsAddress } from '../../../src/http/demand-https.js';
import { createBareApp } from '../../support/bare-app.js';

const PUBLIC = 'https://ask.example.com';
const from = (method: string, url: string, headers: Record<string, string> = {}) =>
  readHttpsAddress({ method, url, headers }, PUBLIC);

describe('the way to https', () => {
  it.each([
    ['/', `${PUBLIC}/`],
    ['/?tenant=acme', `${PUBLIC}/?tenant=acme`],
    ['/docs/errors', `${PUBLIC}/docs/errors`],
    ['//evil.example/x', `${PUBLIC}//evil.example/x`],
    ['http://evil.example/x', `${PUBLIC}/x`],
    ['/\\evil.example/x', `${PUBLIC}/x`],
    ['/a/../../b', `${PUBLIC}/b`],
    ['/x\r\nset-cookie:a=b', `${PUBLIC}/xset-cookie:a=b`],
    ['/v1x', `${PUBLIC}/v1x`],
  ])('from %j leads to the public address alone', (url, address) => {
    expect(from('GET', url)).toBe(address);
    expect(from('HEAD', url, { host: 'evil.example', cookie: 'of-a-neighbour=1' })).toBe(address);
  });

  it.each([
    ['POST', '/', {}],
    ['OPTIONS', '/', {}],
    ['DELETE', '/v1/auth/sessions', {}],
    ['GET', '/v1/schema', {}],
    ['GET', '//v1/schema', {}],
    ['GET', '/V1', {}],
    ['GET', 'http://evil.example/v1/schema', {}],
    ['GET', '/', { authorization: 'Bearer x' }],
    ['GET', '/', { cookie: 'a=b; __Host-swali-access=x' }],
    ['GET', '/', { cookie: 'swali-sso=x' }],
    ['GET', 'http://[', {}],
  ])('is not shown to %s %s with %j', (method, url, headers) => {
    expect(from(method, url, headers as Record<string, string>)).toBeNull();
  });
});

describe('a gateway behind a proxy that is trusted', () => {
  const app = createBareApp({ publicUrl: PUBLIC, https: true, trustProxy: 1 });
  const plain = { 'x-forwarded-proto': 'http' };

  it('leads pages on that came in plain, and the browser is not told to insist', async () => {
    for (const proto of ['http', 'HTTP', 'http, https', 'ws']) {
      const answer = await request(app).get('/?a=1').set({ 'x-forwarded-proto': proto, host: 'evil.example' });
      expect([answer.status, answer.headers.location], proto).toEqual([308, `${PUBLIC}/?a=1`]);
      expect(answer.headers['strict-transport-security']).toBeUndefined();
    }
  });

  it('takes no credentials in plain, whatever the method', async () => {
    const login = await request(app).post('/v1/auth/admin/login').set(plain).send({ identifier: 'a', password: 'b' });
    expect([login.status, login.body.code, login.body.request_id]).toEqual([403, 'TLS_REQUIRED', expect.any(String)]);
    const schema = await request(app)
      .get('/v1/schema')
      .set({ ...plain, authorization: 'Bearer x' });
    expect(schema.body.code).toBe('TLS_REQUIRED');
  });

  it('answers probes in plain', async () => {
    expect((await request(app).get('/livez').set(plain)).status).toBe(200);
    expect((await request(app).get('/readyz?verbose').set(plain)).status).not.toBe(308);
  });

  it('answers what came by https, and what no proxy says anything of', async () => {
    for (const headers of [{ 'x-forwarded-proto': 'https' }, { 'x-forwarded-proto': 'https, http' }, {}]) {
      const answer = await request(app)
        .get('/')
        .set(headers as Record<string, string>);
      expect(answer.status).toBe(200);
      expect(answer.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
    }
  });
});

it('believes no word of a proxy where none is stated', async () => {
  const app = createBareApp({ publicUrl: PUBLIC, https: true, trustProxy: 0 });
  expect((await request(app).get('/').set('x-forwarded-proto', 'http')).status).toBe(200);
});

it('demands nothing where people come by http', async () => {
  const app = createBareApp({ publicUrl: 'http://127.0.0.1:3000', https: false, trustProxy: 1 });
  expect((await request(app).get('/').set('x-forwarded-proto', 'http')).status).toBe(200);
});

it('takes nothing in plain where the process itself speaks https, by whichever way it came', async () => {
  const app = createBareApp({ publicUrl: PUBLIC, https: true, tls: true });
  expect((await request(app).get('/')).status).toBe(308);
  expect((await request(app).get('/').set('x-forwarded-proto', 'https')).status).toBe(308);
  expect((await request(app).get('/livez')).status).toBe(200);
});
