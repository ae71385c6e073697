import { Secret, TOTP } from 'otpauth';
import { beforeEach, describe, expect, it } from 'vitest';
import { FREE_TRIES, waitAfter } from '../../../src/identify/code-tries.js';
import type { FactorOwner } from '../../../src/identify/second-factor.js';
import type { Identity } from './identity-fixtures.js';

const ABSENT = { code: 'AUTH_SECOND_FACTOR_ABSENT', status: 409 };
const STEP_MS = 30_000;

/** What an app shows for a secret at a time, in milliseconds. */
export function codeAt(secret: string, atMs: number): string {
  return TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: atMs });
}

/** A code that no step around a time has. */
export function wrongCodeAt(secret: string, atMs: number): string {
  const right = new Set([-2, -1, 0, 1, 2].map((steps) => codeAt(secret, atMs + steps * STEP_MS)));
  for (let n = 0; ; n += 1) {
    const code = String(n).padStart(6, '0');
    if (!right.has(code)) return code;
  }
}

/**
 * What second factors do, whichever engine is behind the store. Called inside a `describe`.
 *
 * @param identity that stands open for the tests
 */
export function describeSecondFactorContract(identity: () => Identity): void {
  let owner: FactorOwner & { identifier: string };
  let other: FactorOwner & { identifier: string };
  let ids = 9000;
  beforeEach(() => {
    ids += 2;
    owner = { tenant: null, kind: 'admin', id: ids, subject: `admin:${ids}`, identifier: 'root@example.org' };
    other = { tenant: null, kind: 'admin', id: ids + 1, subject: `admin:${ids + 1}`, identifier: 'two@example.org' };
  });
  const factors = () => identity().secondFactors;
  const clock = () => identity().clock;
  const now = () => clock().now;

  /** Confirms a factor, then lets the code that did it run out. */
  async function confirmed(who = owner): Promise<{ secret: string; codes: readonly string[] }> {
    const { secret } = await factors().enrol(who, false);
    const codes = await factors().confirm(who, codeAt(secret, now()));
    clock().now += 3 * STEP_MS;
    return { secret, codes: codes ?? [] };
  }
  const read = () =>
    identity().store.run((db) =>
      db
        .selectFrom('second_factors')
        .selectAll()
        .where('kind', '=', owner.kind)
        .where('account_id', '=', owner.id)
        .executeTakeFirst(),
    );

  describe('enrolling', () => {
    it('puts nothing in force until a code of the new seed comes', async () => {
      const { secret } = await factors().enrol(owner, false);
      expect(secret).toMatch(/^[A-Z2-7]{32}$/);
      expect(await factors().readStatus(owner)).toEqual({ confirmed: false, recoveryCodesLeft: 0 });
      await expect(factors().verify(owner, codeAt(secret, now()))).rejects.toMatchObject(ABSENT);
      expect(await factors().confirm(owner, wrongCodeAt(secret, now()))).toBeNull();
      expect(await factors().isConfirmed(owner)).toBe(false);
      const codes = await factors().confirm(owner, codeAt(secret, now()));
      expect(new Set(codes).size).toBe(10);
      expect(await factors().readStatus(owner)).toEqual({ confirmed: true, recoveryCodesLeft: 10 });
      expect(await factors().readStatus(other)).toEqual({ confirmed: false, recoveryCodesLeft: 0 });
    });

    it('draws another seed each time; the last one counts, and is confirmed once', async () => {
      const [first, second] = [await factors().enrol(owner, false), await factors().enrol(owner, false)];
      expect(first.secret).not.toBe(second.secret);
      expect(await factors().confirm(owner, codeAt(first.secret, now()))).toBeNull();
      const code = codeAt(second.secret, now());
      expect(await factors().confirm(owner, code)).toHaveLength(10);
      await expect(factors().confirm(owner, code)).rejects.toMatchObject(ABSENT);
      await expect(factors().confirm(other, code)).rejects.toMatchObject(ABSENT);
    });

    it('hands out recovery codes once where one code confirms several times at once', async () => {
      const { secret } = await factors().enrol(owner, false);
      const code = codeAt(secret, now());
      const outcomes = await Promise.allSettled([1, 2, 3].map(() => factors().confirm(owner, code)));
      const handedOut = outcomes.flatMap((each) => (each.status === 'fulfilled' && each.value ? [each.value] : []));
      expect(handedOut).toHaveLength(1);
      expect(await factors().verify(owner, handedOut[0]?.[0] as string)).toBe(true);
    });

    it('takes two enrolments that come at once', async () => {
      await Promise.all([factors().enrol(owner, false), factors().enrol(owner, false)]);
    });

    it('leaves the factor in force until the new one is confirmed, which ends it and its recovery codes', async () => {
      const { secret, codes } = await confirmed();
      const next = await factors().enrol(owner, true);
      expect(await factors().verify(owner, codeAt(secret, now()))).toBe(true);
      expect(await factors().confirm(owner, codeAt(next.secret, now()))).toHaveLength(10);
      clock().now += 3 * STEP_MS;
      expect(await factors().verify(owner, codeAt(secret, now()))).toBe(false);
      expect(await factors().verify(owner, codes[0] as string)).toBe(false);
      expect(await factors().verify(owner, codeAt(next.secret, now()))).toBe(true);
    });

    it('replaces no factor without proof, and none that is not there', async () => {
      await confirmed();
      const before = await read();
      await expect(factors().enrol(owner, false)).rejects.toMatchObject({ code: 'AUTH_SECOND_FACTOR_REQUIRED' });
      expect(await read()).toEqual(before);
      await expect(factors().enrol(other, true)).rejects.toMatchObject(ABSENT);
    });
  });

  describe('verifying', () => {
    it('takes a code once', async () => {
      const { secret } = await confirmed();
      const code = codeAt(secret, now());
      expect(await factors().verify(owner, `${code.slice(0, 3)} ${code.slice(3)}`)).toBe(true);
      expect(await factors().verify(owner, code)).toBe(false);
    });

    it('takes a code once where it comes several times at once', async () => {
      const { secret } = await confirmed();
      const code = codeAt(secret, now());
      const outcomes = await Promise.all([1, 2, 3, 4].map(() => factors().verify(owner, code)));
      expect(outcomes.filter((each) => each)).toHaveLength(1);
    });

    it('does not take the code that confirmed, nor one of a step before a used one', async () => {
      const { secret } = await factors().enrol(owner, false);
      await factors().confirm(owner, codeAt(secret, now()));
      expect(await factors().verify(owner, codeAt(secret, now()))).toBe(false);
      clock().now += 3 * STEP_MS;
      expect(await factors().verify(owner, codeAt(secret, now() + STEP_MS))).toBe(true);
      expect(await factors().verify(owner, codeAt(secret, now()))).toBe(false);
      expect(await factors().verify(owner, codeAt(secret, now() - STEP_MS))).toBe(false);
    });

    it.each([
      [-2, false],
      [-1, true],
      [0, true],
      [1, true],
      [2, false],
    ])('takes a clock that is %i steps off: %s', async (steps, right) => {
      const { secret } = await confirmed();
      expect(await factors().verify(owner, codeAt(secret, now() + steps * STEP_MS))).toBe(right);
    });

    it('takes each recovery code once, also where it comes several times at once', async () => {
      const { codes } = await confirmed();
      const [one, two] = codes as [string, string];
      expect(await factors().verify(owner, one.toUpperCase().replaceAll('-', ' '))).toBe(true);
      expect(await factors().verify(owner, one)).toBe(false);
      const outcomes = await Promise.all([1, 2, 3].map(() => factors().verify(owner, two)));
      expect(outcomes.filter((each) => each)).toHaveLength(1);
      expect(await factors().readStatus(owner)).toEqual({ confirmed: true, recoveryCodesLeft: 8 });
    });

    it('takes no code of another account, of either sort', async () => {
      const [mine, theirs] = [await confirmed(), await confirmed(other)];
      expect(await factors().verify(owner, codeAt(theirs.secret, now()))).toBe(false);
      expect(await factors().verify(owner, theirs.codes[0] as string)).toBe(false);
      expect(await factors().verify(owner, mine.codes[0] as string)).toBe(true);
      expect(
        await factors()
          .verify({ ...owner, kind: 'employee' }, mine.codes[1] as string)
          .catch(() => false),
      ).toBe(false);
    });

    it('does not decrypt a row that was moved to another account; recovery codes still work', async () => {
      const mine = await confirmed();
      const theirs = await confirmed(other);
      const moved = (await read())?.secret as string;
      await identity().store.run((db) =>
        db.updateTable('second_factors').set({ secret: moved }).where('account_id', '=', other.id).execute(),
      );
      await expect(factors().verify(other, codeAt(mine.secret, now()))).rejects.toMatchObject({ code: 'INTERNAL' });
      expect(await factors().verify(other, theirs.codes[0] as string)).toBe(true);
      expect(await factors().verify(owner, codeAt(mine.secret, now()))).toBe(true);
    });
  });

  describe('wrong codes', () => {
    const fail = async (secret: string, times: number) => {
      for (let n = 0; n < times; n += 1) {
        expect(await factors().verify(owner, wrongCodeAt(secret, now()))).toBe(false);
      }
    };
    const limited = (retryAfterS: number) => ({ code: 'RATE_LIMITED', status: 429, retryAfterS });

    it('make tries wait from the fifth in a row on, longer each time, right codes too', async () => {
      const { secret, codes } = await confirmed();
      await fail(secret, 5);
      for (const waitS of [30, 60, 120]) {
        await expect(factors().verify(owner, codeAt(secret, now()))).rejects.toMatchObject(limited(waitS));
        await expect(factors().verify(owner, codes[0] as string)).rejects.toMatchObject(limited(waitS));
        clock().now += waitS * 1000 - 1;
        await expect(factors().verify(owner, codeAt(secret, now()))).rejects.toMatchObject(limited(1));
        clock().now += 1;
        await fail(secret, 1);
      }
      expect((await read())?.wrong_codes).toBe(8);
      clock().now += 240_000;
      expect(await factors().verify(owner, codeAt(secret, now()))).toBe(true);
    });

    it('make tries wait no longer for a clock that is put back', async () => {
      const { secret } = await confirmed();
      await fail(secret, 5);
      clock().now -= 3 * 3_600_000;
      await fail(secret, 1);
      await expect(factors().verify(owner, codeAt(secret, now()))).rejects.toMatchObject(limited(60));
    });

    it.each(['app', 'recovery'] as const)('are forgotten with a right code: %s', async (kind) => {
      const { secret, codes } = await confirmed();
      await fail(secret, 4);
      const right = kind === 'app' ? codeAt(secret, now()) : (codes[3] as string);
      expect(await factors().verify(owner, right)).toBe(true);
      await fail(secret, 4);
      clock().now += STEP_MS;
      expect(await factors().verify(owner, codeAt(secret, now()))).toBe(true);
    });

    it('are counted where they come at once: never more than five are looked at', async () => {
      const { secret } = await confirmed();
      const wrong = wrongCodeAt(secret, now());
      const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => factors().verify(owner, wrong)));
      expect(outcomes.filter((each) => each.status === 'fulfilled')).toHaveLength(FREE_TRIES);
      expect((await read())?.wrong_codes).toBe(FREE_TRIES);
    });

    it('of recovery codes and of confirming count too, those of others do not', async () => {
      const { secret } = await factors().enrol(owner, false);
      for (let n = 0; n < 5; n += 1) await factors().confirm(owner, wrongCodeAt(secret, now()));
      await expect(factors().confirm(owner, codeAt(secret, now()))).rejects.toMatchObject(limited(30));
      const theirs = await confirmed(other);
      expect(await factors().verify(other, '0000-0000-0000-0000')).toBe(false);
      expect(await factors().verify(other, codeAt(theirs.secret, now()))).toBe(true);
    });

    it('do not count where there is nothing to compare them with', async () => {
      await confirmed();
      await expect(factors().confirm(owner, '123456')).rejects.toMatchObject(ABSENT);
      expect((await read())?.wrong_codes).toBe(0);
    });

    it('wait for a day at most', () => {
      expect([0, 4, 5, 6, 16, 17, 1000].map(waitAfter)).toEqual([0, 0, 30, 60, 61_440, 86_400, 86_400]);
    });
  });

  describe('recovery codes and removal', () => {
    it('draws new recovery codes, and the old ones end', async () => {
      const { codes } = await confirmed();
      await factors().verify(owner, codes[0] as string);
      const next = await factors().drawRecoveryCodes(owner);
      expect(await factors().readStatus(owner)).toEqual({ confirmed: true, recoveryCodesLeft: 10 });
      expect(await factors().verify(owner, codes[1] as string)).toBe(false);
      expect(await factors().verify(owner, next[1] as string)).toBe(true);
      await expect(factors().drawRecoveryCodes(other)).rejects.toMatchObject(ABSENT);
    });

    it('removes all of one account, and nothing of another', async () => {
      const mine = await confirmed();
      const theirs = await confirmed(other);
      await factors().enrol(owner, true);
      await factors().remove(owner);
      expect(await read()).toBeUndefined();
      expect(await factors().readStatus(owner)).toEqual({ confirmed: false, recoveryCodesLeft: 0 });
      await expect(factors().verify(owner, mine.codes[0] as string)).rejects.toMatchObject(ABSENT);
      expect(await factors().verify(other, theirs.codes[0] as string)).toBe(true);
      await confirmed();
    });
  });

  it('keeps neither seed nor code readable in the store', async () => {
    const { secret, codes } = await confirmed();
    await factors().verify(owner, codes[0] as string);
    const kept = await identity().store.run(async (db) => [
      await db.selectFrom('second_factors').selectAll().execute(),
      await db.selectFrom('recovery_codes').selectAll().execute(),
    ]);
    const text = JSON.stringify(kept);
    const seed = Buffer.from(Secret.fromBase32(secret).bytes);
    for (const told of [secret, seed.toString('hex'), seed.toString('base64url'), seed.toString('base64')]) {
      expect(text).not.toContain(told);
    }
    for (const code of codes) {
      expect(text).not.toContain(code);
      expect(text).not.toContain(code.replaceAll('-', ''));
    }
  });
}
