import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../../src/domain/principal.js';
import { createManageSecondFactor, type ManageSecondFactor } from '../../../src/identify/manage-second-factor.js';
import { createPasswords, type Passwords } from '../../../src/identify/passwords.js';
import { type Identity, openIdentity, PASSWORD } from './identity-fixtures.js';
import { codeAt, wrongCodeAt } from './second-factor-contract.js';

const CONTEXT = { requestId: 'r1', address: '203.0.113.9', tenant: null, userAgent: 'test' };

let passwords: Passwords;
beforeAll(async () => {
  passwords = await createPasswords({ cost: 4, threads: 1 });
});
afterAll(() => passwords.close());

let identity: Identity;
let manage: ManageSecondFactor;
let eve: Principal;
beforeEach(async () => {
  identity = await openIdentity(passwords);
  const { store, secondFactors, audit } = identity;
  manage = createManageSecondFactor({ store, secondFactors, audit });
  await identity.add({ kind: 'admin', identifier: 'root@example.org' });
  await identity.add({ kind: 'employee', identifier: 'eve@example.org' });
  const { accessToken } = await identity.login.login('employee', 'eve@example.org', PASSWORD, CONTEXT);
  eve = await identity.authenticate(accessToken);
});
afterEach(() => identity.close());

const now = () => identity.clock.now;
const actions = async () =>
  (await identity.audit.list({ limit: 100 }))
    .map((record) => record.event as { event: string; action?: string; decision?: string; code?: string | null })
    .filter(({ event }) => event === 'second-factor')
    .map(({ action, decision, code }) => [action, decision, code])
    .reverse();

async function confirmed(): Promise<{ secret: string; codes: readonly string[] }> {
  const { secret } = await manage.enrol(eve, null, CONTEXT);
  const codes = await manage.confirm(eve, codeAt(secret, now()), CONTEXT);
  identity.clock.now += 90_000;
  return { secret, codes };
}

describe('managing one’s second factor', () => {
  it('enrols and confirms without a code before, labelled with the identifier, for this account alone', async () => {
    const setup = await manage.enrol(eve, null, CONTEXT);
    expect(decodeURIComponent(setup.uri)).toContain('/Swali:eve@example.org?');
    await manage.confirm(eve, codeAt(setup.secret, now()), CONTEXT);
    expect(await manage.readStatus(eve)).toEqual({ confirmed: true, recoveryCodesLeft: 10 });
    expect(await manage.readStatus({ ...eve, kind: 'admin', subject: 'admin:1' })).toEqual({
      confirmed: false,
      recoveryCodesLeft: 0,
    });
    const [record] = await identity.audit.list({ limit: 1 });
    expect(record?.event).toEqual({
      event: 'second-factor',
      requestId: CONTEXT.requestId,
      address: CONTEXT.address,
      userAgent: 'test',
      tenant: null,
      subject: 'employee:1',
      kind: 'employee',
      action: 'confirm',
      decision: 'accepted',
      code: null,
    });
  });

  it('changes a factor in force with a fresh code alone', async () => {
    const { secret, codes } = await confirmed();
    await expect(manage.enrol(eve, null, CONTEXT)).rejects.toMatchObject({ code: 'AUTH_SECOND_FACTOR_REQUIRED' });
    await expect(manage.enrol(eve, wrongCodeAt(secret, now()), CONTEXT)).rejects.toMatchObject({
      code: 'AUTH_SECOND_FACTOR_WRONG',
      status: 403,
    });
    // No seed waits after either of them, so that nothing can be confirmed.
    await expect(manage.confirm(eve, '123456', CONTEXT)).rejects.toMatchObject({ code: 'AUTH_SECOND_FACTOR_ABSENT' });
    const next = await manage.enrol(eve, codes[0] as string, CONTEXT);
    await manage.confirm(eve, codeAt(next.secret, now()), CONTEXT);
    expect(await manage.readStatus(eve)).toEqual({ confirmed: true, recoveryCodesLeft: 10 });
  });

  it('draws recovery codes and removes with a fresh code alone, each code once', async () => {
    const { secret } = await confirmed();
    const code = codeAt(secret, now());
    const wrong = { code: 'AUTH_SECOND_FACTOR_WRONG' };
    await expect(manage.drawRecoveryCodes(eve, wrongCodeAt(secret, now()), CONTEXT)).rejects.toMatchObject(wrong);
    const drawn = await manage.drawRecoveryCodes(eve, code, CONTEXT);
    expect(drawn).toHaveLength(10);
    await expect(manage.remove(eve, code, CONTEXT)).rejects.toMatchObject(wrong);
    expect(await manage.readStatus(eve)).toEqual({ confirmed: true, recoveryCodesLeft: 10 });
    await manage.remove(eve, drawn[9] as string, CONTEXT);
    expect(await manage.readStatus(eve)).toEqual({ confirmed: false, recoveryCodesLeft: 0 });
    await expect(manage.remove(eve, '123456', CONTEXT)).rejects.toMatchObject({ code: 'AUTH_SECOND_FACTOR_ABSENT' });
    expect(await actions()).toEqual([
      ['enrol', 'accepted', null],
      ['confirm', 'accepted', null],
      ['recovery-codes', 'refused', 'AUTH_SECOND_FACTOR_WRONG'],
      ['recovery-codes', 'accepted', null],
      ['remove', 'refused', 'AUTH_SECOND_FACTOR_WRONG'],
      ['remove', 'accepted', null],
      ['remove', 'refused', 'AUTH_SECOND_FACTOR_ABSENT'],
    ]);
  });

  it('shares the count of wrong codes with signing in', async () => {
    const { secret } = await confirmed();
    for (let n = 0; n < 5; n += 1) {
      await manage.remove(eve, wrongCodeAt(secret, now()), CONTEXT).catch(() => undefined);
    }
    const enter = identity.login.login('employee', 'eve@example.org', PASSWORD, CONTEXT, codeAt(secret, now()));
    await expect(enter).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterS: 30 });
  });

  it('hands out nothing while the audit log cannot be written', async () => {
    await identity.store.run((db) =>
      sql`create trigger full before insert on audit_records begin select raise(abort, 'full'); end`.execute(db),
    );
    await expect(manage.enrol(eve, null, CONTEXT)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  });

  it('does nothing for an account that is gone', async () => {
    await identity.store.run((db) => db.deleteFrom('employees').execute());
    await expect(manage.enrol(eve, null, CONTEXT)).rejects.toMatchObject({ code: 'AUTH_TOKEN_INVALID' });
    expect(await actions()).toEqual([['enrol', 'refused', 'AUTH_TOKEN_INVALID']]);
  });
});
