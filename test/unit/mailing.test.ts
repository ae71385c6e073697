import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../src/config/settings.js';
import { openMailedLinks, openOutbox } from '../../src/mailing.js';
import { migrateStore, openStore } from '../../src/store/store.js';
import { codeOfPromise } from '../support/code-of-promise.js';

const LETTER = { to: 'ada@example.org', subject: 'Subject', text: 'https://x.example/#reset=abc' };
const SMTP = { SMTP_URL: 'smtps://mail.example.com', MAIL_FROM: 'no-reply@example.com' };
const PRODUCTION = {
  NODE_ENV: 'production',
  RECEIPT_PRIVATE_KEY: '7d0c2e9a41b8f3650d1c9e7a84b2f6350c1d8e7f90a3b4c5d6e7f8091a2b3c4d',
  JWT_SECRET: 'b0c1d2e3f4a5968778695a4b3c2d1e0f-Kq',
  STORE_KEY: 'Zt-0f1e2d3c4b5a69788796a5f4e3d2c1b0',
  AUDIT_PRIVATE_KEY: 'a private key',
  PUBLIC_URL: 'https://ask.example.com',
};

describe('the way out for mail', () => {
  const open = (env: Record<string, string>, lines: unknown[] = []) => {
    const keep = (...line: unknown[]) => void lines.push(line);
    return openOutbox({ settings: parseSettings(env), logger: { debug: keep, info: keep, warn: keep, error: keep } });
  };

  it('is shut in production without a mail server: no link is logged there', async () => {
    const lines: unknown[] = [];
    const outbox = open(PRODUCTION, lines);
    expect(outbox.isOpen).toBe(false);
    expect(await codeOfPromise(outbox.send(LETTER))).toBe('MAIL_UNAVAILABLE');
    expect(lines).toEqual([]);
    expect(open({ ...PRODUCTION, ...SMTP }).isOpen).toBe(true);
  });

  it('is the log in development without one', async () => {
    const lines: unknown[] = [];
    await open({}, lines).send(LETTER);
    expect(JSON.stringify(lines)).toContain('#reset=abc');
    expect(lines).toHaveLength(1);
  });
});

describe('links', () => {
  it.each([
    [{ PUBLIC_URL: 'https://ask.example.com/swali/' }, 'https://ask.example.com/swali/#reset=t'],
    [{}, 'http://127.0.0.1:3000/#reset=t'],
    [{ HOST: '::1', PORT: '80' }, 'http://[::1]:80/#reset=t'],
  ])('lead with %j to %s', async (env, link) => {
    const store = await openStore('sqlite::memory:');
    try {
      await migrateStore(store);
      const { letters } = openMailedLinks({ settings: parseSettings(env), clock: Date.now }, store);
      expect(letters.write('reset', { tenant: null, identifier: 'ada@example.org' }, 't').link).toBe(link);
    } finally {
      await store.close();
    }
  });
});
