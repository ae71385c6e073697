import request, { type Test } from 'supertest';
import { describe, expect, it } from 'vitest';
import { createBareApp } from '../../support/bare-app.js';

const PUBLIC = 'https://ask.example.com';
const app = createBareApp({ publicUrl: PUBLIC, https: true, trustProxy: 1 });

const LOGIN = { identifier: 'root@example.org', password: 'a long test password' };

/** Every kind of answer that leaves: its status, and whether a cache may ask again for it. */
const KINDS: readonly (readonly [string, (on: typeof app) => Test, number, 'no-store' | 'no-cache'])[] = [
  ['the page', (on) => request(on).get('/'), 200, 'no-cache'],
  ['its style', (on) => request(on).get('/console.css'), 200, 'no-cache'],
  ['its script', (on) => request(on).get('/console/console.js'), 200, 'no-cache'],
  ['JSON', (on) => request(on).get('/openapi.json'), 200, 'no-store'],
  ['keys', (on) => request(on).get('/.well-known/jwks.json'), 200, 'no-store'],
  ['a probe', (on) => request(on).get('/livez'), 200, 'no-store'],
  ['the other probe', (on) => request(on).get('/readyz'), 200, 'no-store'],
  ['the page of errors', (on) => request(on).get('/docs/errors'), 200, 'no-cache'],
  ['nothing there', (on) => request(on).get('/nowhere'), 404, 'no-store'],
  ['another method', (on) => request(on).put('/v1/ask'), 405, 'no-store'],
  ['a refused body', (on) => request(on).post('/v1/auth/admin/login').send('not json'), 415, 'no-store'],
  ['someone unknown', (on) => request(on).get('/v1/schema'), 401, 'no-store'],
  ['a fault', (on) => request(on).post('/v1/auth/admin/login').send(LOGIN), 503, 'no-store'],
];

describe('every answer', () => {
  it.each(KINDS)('has the headers of security: %s', async (_kind, send, status, cache) => {
    const answer = await send(app);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'content-security-policy':
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringMatching(/camera=\(\), .*geolocation=\(\), .*microphone=\(\), .*usb=\(\)/),
      'cache-control': cache,
    });
    expect(answer.headers['x-powered-by']).toBeUndefined();
    expect(answer.headers.server).toBeUndefined();
  });

  it('has them where it leads on to https as well, but for the insistence on it', async () => {
    const answer = await request(app).get('/').set('x-forwarded-proto', 'http');
    expect(answer.status).toBe(308);
    expect(answer.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    expect(answer.headers['strict-transport-security']).toBeUndefined();
  });

  it('tells browsers to insist on https only where people come by it, and lists the host only where that is stated', async () => {
    const plain = await request(createBareApp({ publicUrl: 'http://127.0.0.1:3000' })).get('/');
    expect(plain.headers['strict-transport-security']).toBeUndefined();
    const listed = await request(createBareApp({ publicUrl: PUBLIC, https: true, hstsPreload: true })).get('/');
    expect(listed.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains; preload');
  });
});
