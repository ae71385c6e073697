import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { createLogMailer } from '../../../src/mail/log-mailer.js';
import type { Mailer, MailMessage } from '../../../src/mail/mailer.js';
import { createOutbox } from '../../../src/mail/outbox.js';
import { codeOfPromise } from '../../support/code-of-promise.js';

type Line = readonly [level: string, fields: Readonly<Record<string, unknown>>, message: string];

/** A log that keeps its lines. */
function keepLog() {
  const lines: Line[] = [];
  const into = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push([level, fields, message]);
  };
  return { lines, logger: { debug: into('debug'), info: into('info'), warn: into('warn'), error: into('error') } };
}

const mailTo = (to: string): MailMessage => ({ to, subject: 'Subject', text: 'https://x.example/#reset=abc' });
const nothing = async () => undefined;

/** A way to send that waits until it is let go, and keeps what was sent. */
function holdMailer() {
  const sent: string[] = [];
  let letGo: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const mailer: Mailer = {
    async send({ to }) {
      await gate;
      if (to.startsWith('bad')) throw new SwaliError('MAIL_UNAVAILABLE', { cause: new Error('refused, EENVELOPE') });
      sent.push(to);
    },
  };
  return { mailer, sent, letGo: () => letGo() };
}

describe('the outbox', () => {
  it('sends one after another, after whoever handed in has gone on, and all of them before it closes', async () => {
    const { mailer, sent, letGo } = holdMailer();
    const outbox = createOutbox({ mailer, logger: keepLog().logger, delayMs: 5 });
    for (const to of ['a@x', 'b@x', 'c@x']) outbox.sendLater(mailTo(to), nothing);
    expect(sent).toEqual([]);
    letGo();
    await outbox.close();
    expect(sent).toEqual(['a@x', 'b@x', 'c@x']);
  });

  it('logs a failure without the mail, tells of it, and goes on', async () => {
    const { mailer, sent, letGo } = holdMailer();
    const { lines, logger } = keepLog();
    const outbox = createOutbox({ mailer, logger, delayMs: 0 });
    const told: string[] = [];
    outbox.sendLater(mailTo('bad@x'), async () => void told.push('bad@x'));
    outbox.sendLater(mailTo('bad2@x'), () => Promise.reject(new Error('the audit log is gone')));
    outbox.sendLater(mailTo('b@x'), nothing);
    letGo();
    await outbox.close();
    expect([sent, told]).toEqual([['b@x'], ['bad@x']]);
    expect(lines.map(([level, , message]) => `${level}: ${message}`)).toEqual([
      'error: a mail could not be sent',
      'error: a mail could not be sent',
      'error: a failed mail is not on record',
    ]);
    expect(String(lines[0]?.[1].error)).toBe('Error: refused, EENVELOPE');
    expect(JSON.stringify(lines)).not.toMatch(/@x|#reset/);
  });

  it('takes a hundred that wait, and reports the rest as failed', async () => {
    const { mailer, sent, letGo } = holdMailer();
    const { lines, logger } = keepLog();
    const outbox = createOutbox({ mailer, logger, delayMs: 0 });
    let failed = 0;
    for (let n = 0; n < 103; n += 1)
      outbox.sendLater(mailTo(`${n}@x`), async () => {
        failed += 1;
      });
    await expect.poll(() => failed).toBe(3);
    expect(lines).toHaveLength(3);
    letGo();
    await outbox.close();
    expect([sent.length, failed]).toEqual([100, 3]);
  });

  it('does not hold up the stop of the gateway for ever, and says what was left', async () => {
    const { mailer } = holdMailer();
    const { lines, logger } = keepLog();
    const outbox = createOutbox({ mailer, logger, delayMs: 0, closeTimeoutMs: 20 });
    outbox.sendLater(mailTo('a@x'), nothing);
    await outbox.close();
    expect(lines).toEqual([['error', { mails: 1 }, 'stopped before every mail was sent']]);
  });

  it('is shut where there is no way to send, and says what to set', async () => {
    const outbox = createOutbox({ mailer: null, logger: keepLog().logger });
    expect(outbox.isOpen).toBe(false);
    await expect(outbox.send(mailTo('a@x'))).rejects.toThrow(/set SMTP_URL and MAIL_FROM/);
    expect(await codeOfPromise(outbox.send(mailTo('a@x')))).toBe('MAIL_UNAVAILABLE');
  });
});

it('writes the link into the log where no mail server is set', async () => {
  const { lines, logger } = keepLog();
  await createLogMailer(logger).send(mailTo('a@x'));
  expect(lines).toEqual([['info', mailTo('a@x'), 'a mail, not sent, as SMTP_URL is not set']]);
});
