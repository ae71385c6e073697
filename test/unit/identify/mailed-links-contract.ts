import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setAccountStatus } from '../../../src/identify/accounts.js';
import { codeOfPromise } from '../../support/code-of-promise.js';
import { type Identity, PASSWORD } from './identity-fixtures.js';
import { CONTEXT, LINK_TTL_S, type Links, NEW_PASSWORD, OTHER_PASSWORD, openLinks } from './link-fixtures.js';
import { codeAt } from './second-factor-contract.js';

/**
 * What mailed links do, whichever engine is behind the store. Called inside a `describe`.
 *
 * @param identity that stands open for the tests
 */
export function describeMailedLinksContract(identity: () => Identity): void {
  let links: Links;
  let made = 0;
  let address = '';
  beforeAll(() => {
    links = openLinks(identity());
  });
  beforeEach(() => {
    made += 1;
    address = `person${made}@example.org`;
  });
  const clock = () => identity().clock;
  const lastEvent = async () => (await identity().audit.list({ limit: 1 }))[0]?.event;
  const signIn = (password: string, totp?: string) =>
    identity().login.login('employee', address, password, CONTEXT, totp);
  const codeOfSignIn = (password: string) => codeOfPromise(signIn(password));
  const accept = (token: string, password = NEW_PASSWORD) =>
    links.setPassword('invitation', { token, password }, CONTEXT);
  const reset = (token: string, password = NEW_PASSWORD) => links.setPassword('reset', { token, password }, CONTEXT);
  const disable = (id: number) =>
    setAccountStatus({ store: identity().store, clock: () => clock().now }, { kind: 'employee', id }, 'disabled');
  /** An account with a password, and a link to set another. */
  async function forgotten(): Promise<{ readonly id: number; readonly token: string }> {
    const subject = await identity().add({ kind: 'employee', identifier: address });
    await links.forgot('employee', address, CONTEXT);
    return { id: Number(subject.split(':')[1]), token: links.lastToken() };
  }

  describe('an invitation', () => {
    it('lets nobody in before it is accepted, and then with the password of whoever accepted it', async () => {
      const { id, token } = await links.invited(address, { role: 'member' });
      expect(await codeOfSignIn(PASSWORD)).toBe('AUTH_CREDENTIALS_WRONG');
      await accept(token);
      expect(await lastEvent()).toMatchObject({
        event: 'invitation',
        action: 'accept',
        subject: `employee:${id}`,
        decision: 'accepted',
      });
      const { accessToken } = await signIn(NEW_PASSWORD);
      expect(await identity().authenticate(accessToken)).toMatchObject({ subject: `employee:${id}`, role: 'member' });
    });

    it('is accepted once, also by two at the same time', async () => {
      const { token } = await links.invited(address);
      const both = await Promise.all([accept(token), accept(token, OTHER_PASSWORD)].map(codeOfPromise));
      expect(both.sort()).toEqual(['AUTH_LINK_INVALID', 'answered']);
      expect(await codeOfPromise(accept(token))).toBe('AUTH_LINK_INVALID');
      const entered = await Promise.all([codeOfSignIn(NEW_PASSWORD), codeOfSignIn(OTHER_PASSWORD)]);
      expect(entered.sort()).toEqual(['AUTH_CREDENTIALS_WRONG', 'answered']);
    });

    it('is not used up by a weak password', async () => {
      const { token } = await links.invited(address);
      for (const weak of ['short', 'password1234', `${address}1`])
        expect(await codeOfPromise(accept(token, weak))).toBe('IDENTITY_INPUT_INVALID');
      expect(await lastEvent()).toMatchObject({ subject: expect.stringContaining('employee:'), decision: 'refused' });
      await accept(token);
    });

    it('ends with a newer one, with its time, with the account', async () => {
      const first = await links.invited(address);
      const second = await links.invited(address);
      expect(second.id).toBe(first.id);
      expect(await codeOfPromise(accept(first.token))).toBe('AUTH_LINK_INVALID');
      clock().now += LINK_TTL_S.invitation * 1000;
      expect(await codeOfPromise(accept(second.token))).toBe('AUTH_LINK_INVALID');
      const third = await links.invited(address);
      await disable(third.id);
      expect(await codeOfPromise(accept(third.token))).toBe('AUTH_LINK_INVALID');
      expect(await codeOfSignIn(NEW_PASSWORD)).toBe('AUTH_CREDENTIALS_WRONG');
    });
  });

  describe('a link for a forgotten password', () => {
    it('sets the password, ends every session and every wait, and signs nobody in', async () => {
      const { id, token } = await forgotten();
      const sessions = [await signIn(PASSWORD), await signIn(PASSWORD)];
      for (let n = 0; n < 6; n += 1) await codeOfSignIn('not the password');
      expect(await codeOfSignIn(PASSWORD)).toBe('RATE_LIMITED');
      await reset(token);
      expect(await lastEvent()).toMatchObject({
        event: 'password',
        action: 'reset',
        subject: `employee:${id}`,
        decision: 'accepted',
      });
      for (const { accessToken, refreshToken } of sessions) {
        expect(await codeOfPromise(identity().authenticate(accessToken))).toBe('AUTH_TOKEN_INVALID');
        expect(await codeOfPromise(identity().login.refresh(refreshToken, CONTEXT))).toBe('AUTH_TOKEN_INVALID');
      }
      const ended = await identity().store.run((db) =>
        db
          .selectFrom('sessions')
          .select('ended_by')
          .where('kind', '=', 'employee')
          .where('account_id', '=', id)
          .execute(),
      );
      expect(ended.map(({ ended_by }) => ended_by)).toEqual(['reset', 'reset']);
      expect(await codeOfSignIn(PASSWORD)).toBe('AUTH_CREDENTIALS_WRONG');
      await signIn(NEW_PASSWORD);
    });

    it('is good once, also for two at the same time', async () => {
      const { token } = await forgotten();
      const both = await Promise.all([reset(token), reset(token, OTHER_PASSWORD)].map(codeOfPromise));
      expect(both.sort()).toEqual(['AUTH_LINK_INVALID', 'answered']);
      expect(await codeOfPromise(reset(token))).toBe('AUTH_LINK_INVALID');
    });

    it('leaves the second factor in force', async () => {
      const { id, token } = await forgotten();
      const owner = { tenant: null, kind: 'employee' as const, id, subject: `employee:${id}`, identifier: address };
      const { secret } = await identity().secondFactors.enrol(owner, false);
      await identity().secondFactors.confirm(owner, codeAt(secret, clock().now));
      clock().now += 90_000;
      await reset(token);
      expect(await codeOfSignIn(NEW_PASSWORD)).toBe('AUTH_SECOND_FACTOR_REQUIRED');
      await signIn(NEW_PASSWORD, codeAt(secret, clock().now));
    });

    it('answers alike whatever is wrong with it, changes nothing, and is on record', async () => {
      const { id, token } = await forgotten();
      const invited = await links.invited(`invited.${address}`);
      const outcomes = [reset('x'.repeat(43)), reset(''), accept(token), reset(invited.token)];
      const refusals = await Promise.all(outcomes.map((each) => each.catch((error: unknown) => error)));
      await links.forgot('employee', address, CONTEXT);
      refusals.push(await reset(token).catch((error: unknown) => error));
      const newer = links.lastToken();
      clock().now += LINK_TTL_S.reset * 1000;
      refusals.push(await reset(newer).catch((error: unknown) => error));
      await links.forgot('employee', address, CONTEXT);
      await disable(id);
      refusals.push(await reset(links.lastToken()).catch((error: unknown) => error));
      expect(refusals).toHaveLength(7);
      const told = refusals.map((each) => {
        const { code, status, message } = each as { code: string; status: number; message: string };
        return JSON.stringify({ code, status, message });
      });
      expect(new Set(told).size).toBe(1);
      expect(told[0]).toContain('"AUTH_LINK_INVALID","status":400');
      expect(await lastEvent()).toMatchObject({
        subject: `employee:${id}`,
        decision: 'refused',
        code: 'AUTH_LINK_INVALID',
      });
      const row = await identity().store.run((db) =>
        db.selectFrom('employees').select('password_hash').where('id', '=', id).executeTakeFirstOrThrow(),
      );
      expect(await identity().passwords.matches(PASSWORD, row.password_hash)).toBe(true);
    });

    it('is not used up by a weak password', async () => {
      const { token } = await forgotten();
      expect(await codeOfPromise(reset(token, 'password1234'))).toBe('IDENTITY_INPUT_INVALID');
      expect(await codeOfSignIn(PASSWORD)).toBe('answered');
      await reset(token);
    });
  });
}
