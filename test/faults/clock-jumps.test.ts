import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.js';
import { PASSWORD } from '../http/served-gateway.js';
import { codeAt } from '../unit/identify/second-factor-contract.js';
import { type Caller, countEnds, expectCoded, openCaller, type Told } from './caller.js';
import { CAN_FAKE_TIME, type FakeTime, openFakeTime } from './fake-time.js';
import { reportFigures } from './figures.js';
import { type GatewayHome, type GatewayProcess, openHome } from './gateway-home.js';
import { sleep, startLoad } from './load.js';
import { expectAudited } from './records.js';
import { OWN_ORDERS } from './shop-source.js';

const JUMPS = [3, -5, 0, 26, -26, 0];

describe.skipIf(!CAN_FAKE_TIME)('a clock that jumps by hours', { timeout: 180_000 }, () => {
  let time: FakeTime;
  let home: GatewayHome;
  let gateway: GatewayProcess;
  let caller: Caller;
  const told: Told[] = [];
  beforeAll(async () => {
    time = await openFakeTime();
    home = await openHome({ ...time.env, RATE_LIMIT: 'on' });
    gateway = await home.start();
    caller = openCaller(home.url);
  }, 180_000);
  afterAll(async () => {
    caller?.close();
    await home?.remove();
    await time?.remove();
  });

  const signIn = async (body: object): Promise<{ status: number | null; code: string | null; refresh: string }> => {
    const { status, code, text } = await caller.post('/v1/auth/admin/login', null, body);
    return { status, code, refresh: status === 200 ? JSON.parse(text).refresh_token : '' };
  };

  it('ends tokens by the clock and renews sessions', async () => {
    const first = await caller.signIn('customer');
    expect(first.status).toBe(200);
    expect((await caller.ask('customer', OWN_ORDERS)).status).toBe(200);
    await time.jump(3);
    const late = await caller.ask('customer', OWN_ORDERS);
    expect([late.status, late.code]).toEqual([401, 'AUTH_TOKEN_INVALID']);
    const renewed = await caller.post('/v1/auth/refresh', null, {
      refresh_token: JSON.parse(first.text).refresh_token,
    });
    expect(renewed.status, renewed.text).toBe(200);
    expect((await caller.signIn('customer')).status).toBe(200);
    expect((await caller.ask('customer', OWN_ORDERS)).status).toBe(200);
    await time.jump(0);
    // A token of the future is refused, and its session goes on.
    const early = await caller.ask('customer', OWN_ORDERS);
    expect([early.status, early.code]).toEqual([401, 'AUTH_TOKEN_INVALID']);
    const again = await caller.post('/v1/auth/refresh', null, {
      refresh_token: JSON.parse(renewed.text).refresh_token,
    });
    expect(again.status, again.text).toBe(200);
    expect((await caller.signIn('customer')).status).toBe(200);
    expect((await caller.ask('customer', OWN_ORDERS)).status).toBe(200);
  });

  it('takes each code of a second factor once, whatever the clock does', async () => {
    await caller.signIn('admin');
    const setup = await caller.post('/v1/auth/second-factor', 'admin', {});
    const { secret } = JSON.parse(setup.text);
    const confirm = { totp: codeAt(secret, time.now()) };
    expect((await caller.post('/v1/auth/second-factor/confirm', 'admin', confirm)).status).toBe(200);
    const credentials = { identifier: 'root@example.org', password: PASSWORD };
    await time.jump(3);
    const used = codeAt(secret, time.now());
    expect((await signIn({ ...credentials, totp: used })).status).toBe(200);
    // Back in time no code of before is good again: closed until the clock has caught up, and open then.
    await time.jump(0);
    const back = await signIn({ ...credentials, totp: codeAt(secret, time.now()) });
    expect([back.status, back.code]).toEqual([401, 'AUTH_CREDENTIALS_WRONG']);
    await time.jump(4);
    expect((await signIn({ ...credentials, totp: codeAt(secret, time.now()) })).status).toBe(200);
    await time.jump(0);
  });

  it('answers throughout, in an audit log that stays in order', async () => {
    for (const hours of JUMPS) {
      expect((await caller.signIn('customer')).status).toBe(200);
      const load = startLoad(2, () => caller.ask('customer', OWN_ORDERS), 400);
      await sleep(500);
      await time.jump(hours);
      await sleep(500);
      told.push(...(await load.end()));
    }
    expectCoded(told, ['AUTH_TOKEN_INVALID']);
    expect(countEnds(told)['200']).toBeGreaterThan(0);
    expect(gateway.isRunning()).toBe(true);

    const unaudited = await expectAudited(told, home);
    const store = await openStore(`sqlite:${home.folder}/store.sqlite`);
    const rows = await store.run((db) =>
      db
        .selectFrom('audit_records')
        .select(['id', 'sequence', 'at'])
        .where('writer', '=', 'serve')
        .orderBy('id')
        .execute(),
    );
    await store.close();
    const sequences = rows.map(({ sequence }) => Number(sequence));
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
    // The times themselves do go back: the order is the sequence's, not theirs.
    const jumpsBack = rows.filter(({ at }, index) => index > 0 && Number(at) < Number(rows[index - 1]!.at)).length;
    expect(jumpsBack).toBeGreaterThan(0);
    reportFigures({
      fault: 'clock-jumps',
      on: 'SQLite, libfaketime',
      saw: countEnds(told),
      unaudited,
      recoveryS: null,
      more: {
        jumps: JUMPS.map((hours) => `${hours} h`).join(', '),
        'records out of the order of their times': String(jumpsBack),
      },
    });
  });

  it('keeps nobody waiting for as long as it is put back', async () => {
    const wrong = { identifier: 'nobody@example.org', password: 'not the password' };
    const guess = () => caller.post('/v1/auth/employee/login', null, wrong);
    await time.jump(3);
    // Past the waits after wrong passwords, and past the limit of sign-ins a minute of this address.
    let last: Told | null = null;
    for (let tries = 0; tries < 25; tries += 1) last = await guess();
    expect([last?.status, last?.code]).toEqual([429, 'RATE_LIMITED']);
    await time.jump(0);
    const back = await guess();
    expect([back.status, back.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(back.headers['retry-after'])).toBeLessThanOrEqual(60);
  });
});
