import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { SmtpServer } from '../../../src/domain/mail.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { createSmtpMailer } from '../../../src/mail/smtp-mailer.js';
import { codeOfPromise } from '../../support/code-of-promise.js';
import { type MailServer, makeCertificate, startMailServer } from '../../support/mail-server.js';

const FROM = { name: 'Swali, the gateway', address: 'no-reply@example.org' };
const MESSAGE = {
  to: 'ada@example.org',
  subject: 'Your invitation',
  text: 'Grüße, hier:\n\nhttps://x.example/#reset=abc\n',
};
const USER = { name: 'swali', password: 'pass word:1' };

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});
async function open(...options: Parameters<typeof startMailServer>): Promise<MailServer> {
  const server = await startMailServer(...options);
  opened.push(server);
  return server;
}
const mailerTo = (server: Pick<SmtpServer, 'port'> & Partial<SmtpServer>, more: object = {}) =>
  createSmtpMailer({ server: { host: '127.0.0.1', security: 'none', user: null, ...server }, from: FROM, ...more });
/** What the log may hold of a failure. */
const causeOf = (sending: Promise<void>) =>
  sending.then(
    () => 'sent',
    (error: unknown) => (error instanceof SwaliError ? String(error.cause) : 'no refusal'),
  );

describe('the SMTP mailer', () => {
  it('sends plain text from the sender to the one address, and asks for no automatic answers', async () => {
    const server = await open();
    await mailerTo(server).send(MESSAGE);
    const mail = await server.waitFor(1);
    expect([mail.from, mail.to]).toEqual(['no-reply@example.org', ['ada@example.org']]);
    expect(mail.text).toContain('Grüße');
    expect(mail.text).toContain('https://x.example/#reset=abc');
    expect(mail.source).toMatch(/^From: "Swali, the gateway" <no-reply@example\.org>\r$/m);
    expect(mail.source).toMatch(/^To: ada@example\.org\r$/m);
    expect(mail.source).toMatch(/^Subject: Your invitation\r$/m);
    expect(mail.source).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(mail.source).toMatch(/^Content-Type: text\/plain; charset=utf-8/m);
  });

  it('signs in where a user is given', async () => {
    const server = await open();
    await mailerTo({ port: server.port, user: USER }).send(MESSAGE);
    expect(server.users).toEqual(['swali:pass word:1']);
  });

  it.each([
    'ada@example.org\r\nBcc: eve@example.org',
    'ada@example.org\n',
    'ada@example.org,eve@example.org',
    'ada@example.org;eve',
    'ada@example.org>',
    '<ada@example.org',
    'ada@example.org eve',
    '"ada"@example.org',
    'ada(x)@example.org',
    'ada@exam@ple.org',
    'ada\u2028@example.org',
    'ada@example.org\u0000',
    'eve',
    '@example.org',
    `${'a'.repeat(250)}@x.org`,
    '',
  ])('sends nothing to %j', async (to) => {
    const server = await open();
    expect(await codeOfPromise(mailerTo(server).send({ ...MESSAGE, to }))).toBe('MAIL_UNAVAILABLE');
    expect(server.mails).toEqual([]);
  });

  it.each(['Hello\r\nBcc: eve@example.org', 'Hello\nx', 'Hello\u0000'])('takes no subject %j', async (subject) => {
    const server = await open();
    expect(await codeOfPromise(mailerTo(server).send({ ...MESSAGE, subject }))).toBe('MAIL_UNAVAILABLE');
    expect(server.mails).toEqual([]);
  });

  it('keeps a body that looks like commands as a body', async () => {
    const server = await open();
    await mailerTo(server).send({ ...MESSAGE, text: 'one\r\n.\r\nMAIL FROM:<eve@example.org>\r\n' });
    expect((await server.waitFor(1)).text).toMatch(/^one\r\n\.\r\nMAIL FROM:<eve@example.org>\r\n/);
    expect(server.mails).toHaveLength(1);
  });
});

describe('TLS', () => {
  const certificate = makeCertificate();
  const trusting = { certificates: certificate.cert };

  it('is begun before the password and the mail, by STARTTLS or from the first byte', async () => {
    const starttls = await open({ ...certificate, disabledCommands: [] });
    const tls = await open({ ...certificate, secure: true });
    for (const [server, security] of [
      [starttls, 'starttls'],
      [tls, 'tls'],
    ] as const) {
      await mailerTo({ port: server.port, host: 'localhost', security, user: USER }, trusting).send(MESSAGE);
      expect((await server.waitFor(1)).secure).toBe(true);
      expect(server.users).toHaveLength(1);
    }
  });

  it('is not done without: a server that knows no STARTTLS gets neither password nor mail', async () => {
    const server = await open();
    const sending = mailerTo({ port: server.port, host: 'localhost', security: 'starttls', user: USER }).send(MESSAGE);
    expect(await codeOfPromise(sending)).toBe('MAIL_UNAVAILABLE');
    expect([server.users, server.mails]).toEqual([[], []]);
  });

  it.each(['starttls', 'tls'] as const)(
    'is broken off where nobody vouches for the certificate: %s',
    async (security) => {
      const server = await open({ ...certificate, disabledCommands: [], secure: security === 'tls' });
      const to = { port: server.port, host: 'localhost', security, user: USER };
      expect(await causeOf(mailerTo(to).send(MESSAGE))).toMatch(/self-signed certificate/);
      expect([server.users, server.mails]).toEqual([[], []]);
    },
  );

  it('is broken off where the certificate is another name’s', async () => {
    const server = await open({ ...certificate, secure: true });
    const to = { port: server.port, security: 'tls', user: USER } as const;
    expect(await causeOf(mailerTo(to, trusting).send(MESSAGE))).toMatch(/does not match certificate/);
    expect([server.users, server.mails]).toEqual([[], []]);
  });
});

describe('what fails', () => {
  it('is told by what went wrong, without the mail, its address or the server’s words', async () => {
    const refuses = await open({
      onRcptTo: (_address, _session, done) => done(new Error('no ada@example.org here #reset=abc')),
    });
    const locked = await open({ onAuth: (_auth, _session, done) => done(new Error('pass word:1 is wrong')) });
    const gone = await startMailServer();
    await gone.close();
    const causes = [
      await causeOf(mailerTo(refuses).send(MESSAGE)),
      await causeOf(mailerTo({ port: locked.port, user: USER }).send(MESSAGE)),
      await causeOf(mailerTo(gone).send(MESSAGE)),
    ];
    expect(causes[0]).toMatch(/^Error: the mail server answered 550, EENVELOPE/);
    expect(causes[1]).toMatch(/^Error: the mail server answered 535, EAUTH/);
    expect(causes[2]).toMatch(/ECONNREFUSED/);
    expect(causes.join()).not.toMatch(/ada@|#reset|pass word/);
  });

  it.each([
    ['says nothing', '', 3600_000],
    ['never ends its answer', '220 here\r\n', 20],
  ])('ends in time where the server %s', async (_what, greeting, everyMs) => {
    const silent = createServer((socket) => {
      socket.write(greeting);
      const drip = setInterval(() => socket.write('250-more\r\n'), everyMs);
      socket.on('error', () => undefined);
      socket.on('close', () => clearInterval(drip));
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    opened.push(silent);
    const { port } = silent.address() as { port: number };
    const begun = performance.now();
    expect(await codeOfPromise(mailerTo({ port }, { timeoutMs: 300 }).send(MESSAGE))).toBe('MAIL_UNAVAILABLE');
    expect(performance.now() - begun).toBeLessThan(3000);
  });
});
