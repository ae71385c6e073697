import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestGateway, PASSWORD, type TestGateway } from './open-test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway();
}, 120_000);
afterAll(() => gateway?.close());

const sqlAs = (token: string, sql: string) =>
  request(gateway.app).post('/v1/sql').set('authorization', `Bearer ${token}`).send({ sql });

describe('keys for servers', () => {
  it('ask from their owner’s slice until they are revoked', async () => {
    const made = await gateway.post('/v1/auth/keys', 'employee', {
      name: 'nightly',
      scopes: ['ask', 'sql:write-own'],
      password: PASSWORD,
    });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      name: 'nightly',
      scopes: ['ask', 'sql:write-own'],
      origins: [],
      created_at: expect.any(String),
      expires_at: expect.any(String),
      last_used_at: null,
      key: expect.stringMatching(/^swali_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/),
    });
    const { key, id } = made.body as { key: string; id: string };
    expect((await sqlAs(key, 'SELECT COUNT(*) AS n FROM orders')).body.status).toBe('answered');
    expect((await sqlAs(key, 'SELECT COUNT(*) AS n FROM salaries')).body.code).toBe('SEAL_RELATION_UNKNOWN');
    // `sql:read` is the owner's and not among the scopes.
    const dry = await request(gateway.app)
      .post('/v1/sql')
      .set('authorization', `Bearer ${key}`)
      .send({ sql: 'SELECT 1', dry_run: true });
    expect(dry.body.code).toBe('AUTH_PERMISSION_MISSING');
    const listed = await gateway.get('/v1/auth/keys', 'employee');
    expect(listed.body.keys.map((each: { id: string }) => each.id)).toEqual([id]);
    expect(JSON.stringify(listed.body)).not.toContain(key);
    const remove = (as: 'employee' | 'viewer') =>
      request(gateway.app).delete(`/v1/auth/keys/${id}`).set('authorization', `Bearer ${gateway.tokens[as]}`);
    expect((await remove('viewer')).body.code).toBe('AUTH_KEY_UNKNOWN');
    expect((await remove('employee')).status).toBe(204);
    expect((await sqlAs(key, 'SELECT 1 AS n')).body.code).toBe('AUTH_TOKEN_INVALID');
  });

  it('make no keys, and have no scope that their owner has not', async () => {
    const made = await gateway.post('/v1/auth/keys', 'customer', { name: 'shop', scopes: ['ask'], password: PASSWORD });
    const byKey = await request(gateway.app)
      .post('/v1/auth/keys')
      .set('authorization', `Bearer ${made.body.key}`)
      .send({ name: 'more', scopes: ['ask'] });
    expect([byKey.status, byKey.body.code]).toEqual([403, 'AUTH_PERMISSION_MISSING']);
    const own = await request(gateway.app).get('/v1/auth/sessions').set('authorization', `Bearer ${made.body.key}`);
    expect([own.status, own.body.code]).toEqual([403, 'AUTH_PERMISSION_MISSING']);
    const wide = await gateway.post('/v1/auth/keys', 'customer', { name: 'shop', scopes: ['audit:read'] });
    expect([wide.status, wide.body.code]).toEqual([403, 'AUTH_PERMISSION_MISSING']);
    const odd = await gateway.post('/v1/auth/keys', 'customer', { name: 'shop', scopes: ['everything'] });
    expect(odd.body.code).toBe('REQUEST_INVALID');
  });

  it('are not made by an access token alone', async () => {
    const make = (more: object) => gateway.post('/v1/auth/keys', 'viewer', { name: 'n', scopes: ['ask'], ...more });
    const bare = await make({});
    expect([bare.status, bare.body.code]).toEqual([401, 'AUTH_PASSWORD_REQUIRED']);
    const wrong = await make({ password: 'not the password' });
    expect([wrong.status, wrong.body.code]).toEqual([401, 'AUTH_CREDENTIALS_WRONG']);
    const [record] = await gateway.records();
    expect(record?.event).toMatchObject({ event: 'api-key', action: 'create', decision: 'refused' });
    expect(JSON.stringify(record)).not.toContain('not the password');
    expect((await gateway.get('/v1/auth/keys', 'viewer')).body.keys).toEqual([]);
  });
});
