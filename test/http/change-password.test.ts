import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OTHER_NUMBER, openTestGateway, PASSWORD, signIn, type TestGateway } from './open-test-gateway.js';

const FIRST = 'plum-otter-canyon-41';
const SECOND = 'brisk-lantern-fjord-77';
const WHO = String(OTHER_NUMBER);

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway();
  const made = await gateway.post('/v1/admin/customers', 'admin', { identifier: WHO, password: FIRST });
  expect(made.status).toBe(201);
}, 120_000);
afterAll(() => gateway?.close());

const change = (token: string, current_password: string, new_password: string) =>
  request(gateway.app)
    .post('/v1/auth/password')
    .set('authorization', `Bearer ${token}`)
    .send({ current_password, new_password });
const isSignedIn = async (token: string) =>
  (await request(gateway.app).get('/v1/schema').set('authorization', `Bearer ${token}`)).status === 200;
const tokenOf = async (password: string) => (await signIn(gateway.app, 'customer', WHO, password)).body.access_token;

describe('changing one’s own password', () => {
  it('asks for the present one, ends the other sessions and keeps this one', async () => {
    const [here, there] = [await tokenOf(FIRST), await tokenOf(FIRST)];
    expect((await change(here, FIRST, SECOND)).status).toBe(204);
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([true, false]);
    expect((await signIn(gateway.app, 'customer', WHO, FIRST)).body.code).toBe('AUTH_CREDENTIALS_WRONG');
    expect(await isSignedIn(await tokenOf(SECOND))).toBe(true);
    const records = (await gateway.records()).map(({ event }) => event as Record<string, unknown>);
    expect(records.find(({ event }) => event === 'password')).toMatchObject({ action: 'change', decision: 'accepted' });
    expect(JSON.stringify(records)).not.toMatch(new RegExp(`${FIRST}|${SECOND}`));
  });

  it.each([
    ['a wrong present one', 'not the password', FIRST, [401, 'AUTH_CREDENTIALS_WRONG']],
    ['a weak new one', SECOND, 'password1234', [400, 'IDENTITY_INPUT_INVALID']],
    ['a short new one', SECOND, 'a1!', [400, 'IDENTITY_INPUT_INVALID']],
    ['one made of the identifier', SECOND, `${WHO}${WHO}${WHO}${WHO}`, [400, 'IDENTITY_INPUT_INVALID']],
    ['the present one over again', SECOND, SECOND, [400, 'IDENTITY_INPUT_INVALID']],
  ])('refuses %s, on record, and changes nothing', async (_name, present, next, outcome) => {
    const token = await tokenOf(SECOND);
    const { status, body } = await change(token, present, next);
    expect([status, body.code]).toEqual(outcome);
    expect(JSON.stringify(body)).not.toContain(next);
    const [record] = await gateway.records();
    expect(record?.event).toMatchObject({ event: 'password', decision: 'refused', code: outcome[1] });
    expect(await isSignedIn(await tokenOf(SECOND))).toBe(true);
  });

  it('counts wrong ones as failed sign-ins', async () => {
    const token = await tokenOf(SECOND);
    const codes: string[] = [];
    for (let n = 0; n < 7; n += 1) codes.push((await change(token, 'not the password', FIRST)).body.code);
    expect(codes.slice(0, 5)).toEqual(Array(5).fill('AUTH_CREDENTIALS_WRONG'));
    expect(codes.at(-1)).toBe('RATE_LIMITED');
  });

  it('is nothing for a key, nor for those who are not signed in', async () => {
    const wanted = { name: 'nightly', scopes: ['ask'], password: PASSWORD };
    const made = await gateway.post('/v1/auth/keys', 'employee', wanted);
    expect((await change(made.body.key, FIRST, SECOND)).body.code).toBe('AUTH_PERMISSION_MISSING');
    const nobody = await gateway.post('/v1/auth/password', null, { current_password: FIRST, new_password: SECOND });
    expect(nobody.body.code).toBe('AUTH_REQUIRED');
  });
});
