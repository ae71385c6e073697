import type { Express } from 'express';
import request, { type Response } from 'supertest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PrincipalKind } from '../../src/domain/principal.js';
import { createPasswords, type Passwords } from '../../src/identify/passwords.js';
import { createBareApp } from '../support/bare-app.js';
import { type Identity, LIFE, openIdentity, PASSWORD } from '../unit/identify/identity-fixtures.js';

interface SignedIn {
  readonly access: string;
  readonly refresh: string;
}

interface Shown {
  readonly id: string;
  readonly current: boolean;
}

let passwords: Passwords;
beforeAll(async () => {
  passwords = await createPasswords({ cost: 4, threads: 1 });
});
afterAll(() => passwords.close());

let identity: Identity;
let app: Express;
beforeEach(async () => {
  identity = await openIdentity(passwords);
  await identity.add({ kind: 'customer', identifier: '103' });
  await identity.add({ kind: 'customer', identifier: '104' });
  await identity.add({ kind: 'employee', identifier: 'eve@example.org' });
  app = createBareApp({
    audit: identity.audit,
    createLogin: identity.loginOver,
    createOwnSessions: identity.ownSessionsOver,
    authenticate: identity.authenticate,
  });
});
afterEach(() => identity.close());

async function signIn(identifier = '103', agent = 'curl/8', kind: PrincipalKind = 'customer'): Promise<SignedIn> {
  const { body } = await request(app)
    .post(`/v1/auth/${kind}/login`)
    .set('user-agent', agent)
    .send({ identifier, password: PASSWORD });
  return { access: body.access_token, refresh: body.refresh_token };
}

const call = (method: 'get' | 'delete', path: string, as: SignedIn): Promise<Response> =>
  request(app)
    [method](path)
    .set('authorization', `Bearer ${as.access}`)
    .then((response) => response);
const list = (as: SignedIn) => call('get', '/v1/auth/sessions', as);
const idOf = async (as: SignedIn): Promise<string> =>
  (await list(as)).body.sessions.find((session: Shown) => session.current).id;
const refresh = (as: SignedIn) => request(app).post('/v1/auth/refresh').send({ refresh_token: as.refresh });
const codeOf = (response: Response) => [response.status, response.body.code];
const records = async () => (await identity.audit.list({ limit: 100 })).map((record) => record.event).reverse();
const OVER = [401, 'AUTH_TOKEN_INVALID'];

describe('listing sessions', () => {
  it('shows one’s own, the latest first, with where and with what they began, and no other’s', async () => {
    const first = await signIn('103', 'phone');
    identity.clock.now += 1000;
    const second = await signIn('103', 'laptop');
    await signIn('104', 'theirs');
    await signIn('eve@example.org', 'theirs too', 'employee');
    const { status, body } = await list(first);
    expect(status).toBe(200);
    expect(body.sessions).toEqual([
      {
        id: await idOf(second),
        address: expect.stringMatching(/127\.0\.0\.1$/),
        user_agent: 'laptop',
        created_at: '2023-11-14T22:13:21.000Z',
        last_used_at: '2023-11-14T22:13:21.000Z',
        expires_at: '2023-11-15T22:13:21.000Z',
        current: false,
      },
      expect.objectContaining({ user_agent: 'phone', created_at: '2023-11-14T22:13:20.000Z', current: true }),
    ]);
    expect(body.sessions[0].id).not.toBe(body.sessions[1].id);
  });

  it('leaves out those that ended, were idle for too long, or have expired', async () => {
    const [ended, idle] = [await signIn(), await signIn()];
    await call('delete', `/v1/auth/sessions/${await idOf(ended)}`, ended);
    expect((await list(idle)).body.sessions).toHaveLength(1);
    const idleId = await idOf(idle);
    await keepRefreshTokens();
    identity.clock.now += LIFE.idleTtlS * 1000;
    const second = await signIn();
    expect((await list(second)).body.sessions).toHaveLength(1);
    expect(codeOf(await call('delete', `/v1/auth/sessions/${idleId}`, second))).toEqual([404, 'AUTH_SESSION_UNKNOWN']);
    const secondId = await idOf(second);
    await keepRefreshTokens();
    identity.clock.now += LIFE.maxTtlS * 1000;
    await identity.store.run((db) => db.updateTable('sessions').set({ last_used_at: identity.clock.now }).execute());
    const third = await signIn();
    expect((await list(third)).body.sessions).toHaveLength(1);
    expect(codeOf(await call('delete', `/v1/auth/sessions/${secondId}`, third))).toEqual([404, 'AUTH_SESSION_UNKNOWN']);
  });

  it('wants a token, and no key that it does not name', async () => {
    expect(codeOf(await request(app).get('/v1/auth/sessions'))).toEqual([401, 'AUTH_REQUIRED']);
    expect(codeOf(await call('get', '/v1/auth/sessions?of=104', await signIn()))).toEqual([400, 'REQUEST_INVALID']);
  });
});

describe('ending one session', () => {
  it('stops it at the very next request, its refresh token too, and no other', async () => {
    const [mine, lost] = [await signIn(), await signIn()];
    const id = await idOf(lost);
    const ended = await call('delete', `/v1/auth/sessions/${id}`, mine);
    expect([ended.status, ended.text]).toEqual([204, '']);
    expect(codeOf(await list(lost))).toEqual(OVER);
    expect(codeOf(await refresh(lost))).toEqual(OVER);
    expect((await list(mine)).body.sessions).toHaveLength(1);
    expect((await refresh(mine)).status).toBe(200);
    expect((await records()).find((event) => (event as { action?: string }).action === 'end')).toEqual({
      event: 'session',
      requestId: ended.headers['x-request-id'],
      userAgent: '',
      address: expect.any(String),
      tenant: null,
      subject: 'customer:1',
      kind: 'customer',
      action: 'end',
      decision: 'accepted',
      code: null,
    });
  });

  it('may be the one that asks', async () => {
    const mine = await signIn();
    expect((await call('delete', `/v1/auth/sessions/${await idOf(mine)}`, mine)).status).toBe(204);
    expect(codeOf(await list(mine))).toEqual(OVER);
  });

  it('is refused for another’s, an ended and an unknown one alike, and the refusal is on record', async () => {
    const [mine, gone, theirs] = [await signIn(), await signIn(), await signIn('104')];
    // The employee’s id in their table is the customer’s id in theirs.
    const employee = await signIn('eve@example.org', 'curl/8', 'employee');
    const goneId = await idOf(gone);
    await call('delete', `/v1/auth/sessions/${goneId}`, mine);
    const ids = [await idOf(theirs), await idOf(employee), goneId, 'f'.repeat(32), 'x', '%00'];
    const replies = [];
    for (const id of ids) replies.push(await call('delete', `/v1/auth/sessions/${id}`, mine));
    for (const reply of replies) {
      expect(codeOf(reply)).toEqual([404, 'AUTH_SESSION_UNKNOWN']);
      expect({ ...reply.body, request_id: '' }).toEqual({ ...replies[0]?.body, request_id: '' });
    }
    for (const other of [theirs, employee]) expect((await list(other)).body.sessions).toHaveLength(1);
    expect((await refresh(theirs)).status).toBe(200);
    const refused = (await records()).filter((event) => (event as { decision: string }).decision === 'refused');
    expect(refused).toHaveLength(ids.length);
    expect(refused[0]).toMatchObject({ subject: 'customer:1', action: 'end', code: 'AUTH_SESSION_UNKNOWN' });
  });
});

describe('ending all sessions', () => {
  it('ends each of one’s own, and none of another’s', async () => {
    const [mine, lost, theirs] = [await signIn(), await signIn(), await signIn('104')];
    const employee = await signIn('eve@example.org', 'curl/8', 'employee');
    expect((await call('delete', '/v1/auth/sessions', mine)).status).toBe(204);
    for (const each of [mine, lost]) expect(codeOf(await list(each))).toEqual(OVER);
    for (const each of [mine, lost]) expect(codeOf(await refresh(each))).toEqual(OVER);
    for (const each of [theirs, employee]) expect((await list(each)).status).toBe(200);
    expect(await records()).toContainEqual(
      expect.objectContaining({ action: 'end-all', subject: 'customer:1', decision: 'accepted' }),
    );
  });

  it('keeps the one that asks where it is excepted', async () => {
    const [mine, lost] = [await signIn(), await signIn()];
    expect((await call('delete', '/v1/auth/sessions?except=current', mine)).status).toBe(204);
    expect(codeOf(await list(lost))).toEqual(OVER);
    expect((await list(mine)).body.sessions).toHaveLength(1);
  });

  it('takes no other exception', async () => {
    const mine = await signIn();
    expect(codeOf(await call('delete', '/v1/auth/sessions?except=all', mine))).toEqual([400, 'REQUEST_INVALID']);
    expect((await list(mine)).status).toBe(200);
  });
});

describe('the life of a session', () => {
  it('ends when it was not used for too long, for requests and for the refresh token', async () => {
    const [used, idle] = [await signIn(), await signIn()];
    await keepRefreshTokens();
    identity.clock.now += LIFE.idleTtlS * 1000 - 1;
    const renewed = await refresh(used);
    expect(renewed.status).toBe(200);
    const token = identity.tokens.issue({
      tenant: null,
      kind: 'customer',
      role: null,
      accountId: 1,
      session: sessionOf(idle),
    });
    identity.clock.now += 1;
    expect(codeOf(await list({ access: token, refresh: '' }))).toEqual(OVER);
    expect(codeOf(await refresh(idle))).toEqual(OVER);
    expect((await list({ access: renewed.body.access_token, refresh: '' })).status).toBe(200);
  });

  it('ends at its absolute end, however much it is used', async () => {
    let mine = await signIn();
    const end = identity.clock.now + LIFE.maxTtlS * 1000;
    while (identity.clock.now < end - 1_800_000) {
      identity.clock.now += 1_800_000;
      const { body } = await refresh(mine);
      mine = { access: body.access_token, refresh: body.refresh_token };
    }
    identity.clock.now = end - 60_000;
    const late = await refresh(mine);
    expect(late.status).toBe(200);
    mine = { access: late.body.access_token, refresh: late.body.refresh_token };
    identity.clock.now = end - 1;
    expect((await list(mine)).status).toBe(200);
    identity.clock.now = end;
    expect(codeOf(await list(mine))).toEqual(OVER);
    const { last } = await identity.store.run((db) =>
      db
        .selectFrom('refresh_tokens')
        .select(({ fn }) => fn.max('expires_at').as('last'))
        .executeTakeFirstOrThrow(),
    );
    expect(last).toBe(end);
    await keepRefreshTokens();
    expect(codeOf(await refresh(mine))).toEqual(OVER);
  });

  it('is over for good after signing out, also where it was idle already', async () => {
    const mine = await signIn();
    identity.clock.now += LIFE.idleTtlS * 1000;
    const out = await request(app).post('/v1/auth/logout').send({ refresh_token: mine.refresh });
    expect(out.status).toBe(204);
    // As a longer SESSION_IDLE_TTL_S would have it.
    await identity.store.run((db) => db.updateTable('sessions').set({ last_used_at: identity.clock.now }).execute());
    const token = identity.tokens.issue({
      tenant: null,
      kind: 'customer',
      role: null,
      accountId: 1,
      session: sessionOf(mine),
    });
    expect(codeOf(await list({ access: token, refresh: '' }))).toEqual(OVER);
  });
});

/** Leaves the end of a session to the session itself: its refresh tokens would end before. */
const keepRefreshTokens = () =>
  identity.store.run((db) => db.updateTable('refresh_tokens').set({ expires_at: 9e12 }).execute());

/** The session that an access token names, read without judging it. */
function sessionOf({ access }: SignedIn): string {
  return JSON.parse(Buffer.from(access.split('.')[1] ?? '', 'base64url').toString()).sid;
}
