import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPasswords, type Passwords } from '../../../src/identify/passwords.js';

let passwords: Passwords;
beforeAll(async () => {
  passwords = await createPasswords({ cost: 4, threads: 1 });
});
afterAll(() => passwords.close());

const LONGEST = 'x'.repeat(72);

describe('passwords', () => {
  it('keeps a bcrypt digest that only the password matches', async () => {
    const digest = await passwords.hash('correct horse battery');
    expect(digest).toMatch(/^\$2b\$04\$.{53}$/);
    expect(await passwords.matches('correct horse battery', digest)).toBe(true);
    expect(await passwords.matches('correct horse batterz', digest)).toBe(false);
    expect(await passwords.hash('correct horse battery')).not.toBe(digest);
  });

  it('takes a password typed in another Unicode spelling', async () => {
    const digest = await passwords.hash('caf\u00e9 au lait noir');
    expect(await passwords.matches('cafe\u0301 au lait noir', digest)).toBe(true);
  });

  it('takes 72 bytes and refuses 73, which bcrypt would cut', async () => {
    const digest = await passwords.hash(LONGEST);
    expect(await passwords.matches(LONGEST, digest)).toBe(true);
    expect(await passwords.matches(`${LONGEST}y`, digest)).toBe(false);
    await expect(passwords.hash(`${LONGEST}y`)).rejects.toMatchObject({ code: 'IDENTITY_INPUT_INVALID' });
    await expect(passwords.hash('é'.repeat(37))).rejects.toMatchObject({ code: 'IDENTITY_INPUT_INVALID' });
  });

  it('refuses a new password that is short or has control characters, and does not repeat it', async () => {
    for (const password of ['', 'elevenchars', '🜁'.repeat(11), 'with a\nline break']) {
      const error: unknown = await passwords.hash(password).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'IDENTITY_INPUT_INVALID' });
      if (password) expect(String(error)).not.toContain(password);
    }
  });

  it('matches nothing without a digest, and works for that answer as long as with one', async () => {
    const slow = await createPasswords({ cost: 9, threads: 1 });
    const digest = await slow.hash('correct horse battery');
    const measure = async (given: string | null) => {
      const times: number[] = [];
      for (let run = 0; run < 7; run += 1) {
        const start = performance.now();
        expect(await slow.matches('some other password', given)).toBe(false);
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[1] as number;
    };
    const [known, unknown] = [await measure(digest), await measure(null)];
    await slow.close();
    expect(unknown / known).toBeGreaterThan(0.4);
    expect(unknown / known).toBeLessThan(2.5);
  });

  it('does not match the password that unknown accounts are compared with', async () => {
    expect(await passwords.matches('\u0000 no account has this password', null)).toBe(false);
  });

  it('knows a digest of a lower cost', async () => {
    expect(passwords.isOutdated('$2b$03$' + 'x'.repeat(53))).toBe(true);
    expect(passwords.isOutdated(await passwords.hash('correct horse battery'))).toBe(false);
  });

  it('keeps the event loop free while it hashes', async () => {
    const slow = await createPasswords({ cost: 11, threads: 1 });
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 5);
    await slow.hash('correct horse battery');
    clearInterval(timer);
    await slow.close();
    expect(ticks).toBeGreaterThan(5);
  });

  it('turns the flood away with 429 and serves those it took', async () => {
    const digest = await passwords.hash('correct horse battery');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 120 }, () => passwords.matches('correct horse battery', digest)),
    );
    const served = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    const turnedAway = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(served.length).toBeGreaterThanOrEqual(60);
    expect(turnedAway.length).toBeGreaterThan(0);
    for (const { reason } of turnedAway) expect(reason).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
  });

  it('refuses a cost that is too low or too high', async () => {
    for (const cost of [3, 17, 4.5, Number.NaN]) {
      await expect(createPasswords({ cost })).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
    }
  });
});
