import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runInRequest } from '../../../src/domain/request-scope.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { createLogger } from '../../../src/operate/logger.js';

function capture(level: 'info' | 'silent' = 'info') {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: createLogger(level, stream), lines };
}

describe('createLogger', () => {
  it('writes one JSON line per event, with the time as ISO text', () => {
    const { log, lines } = capture();
    log.info({ requestId: 'r1' }, 'answered');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', requestId: 'r1', msg: 'answered' });
    expect(JSON.parse(lines[0] ?? '').time).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  it('says in every line which request it belongs to', async () => {
    const { log, lines } = capture();
    log.info({}, 'before');
    await Promise.all(
      ['r1', 'r2'].map((id) =>
        runInRequest(id, async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          log.info({}, id);
        }),
      ),
    );
    const told = lines.map((line) => JSON.parse(line));
    expect(told[0].requestId).toBeUndefined();
    for (const { requestId, msg } of told.slice(1)) expect(requestId).toBe(msg);
  });

  it.each([
    ['password', 'hush'],
    ['newPassword', 'hush'],
    ['PASSWORD', 'hush'],
    ['passwd', 'hush'],
    ['client_secret', 'hush'],
    ['accessToken', 'hush'],
    ['refresh_token', 'hush'],
    ['authorization', 'hush'],
    ['Set-Cookie', 'hush'],
    ['api-key', 'hush'],
    ['apiKey', 'hush'],
    ['privateKey', 'hush'],
    ['totp', '123456'],
    ['card_number', '4111111111111111'],
    ['rows', [['hush']]],
    ['parameters', ['hush']],
    ['claims', { customer_number: 'hush' }],
    ['question', 'hush'],
    ['headers', { x: 'hush' }],
  ])('withholds a field called %s, however deep', (name, value) => {
    const { log, lines } = capture();
    log.error({ [name]: value, a: { [name]: value, b: [{ c: { [name]: value } }] }, m: new Map([[name, value]]) }, 'x');
    expect(lines.join()).not.toMatch(/hush|123456|4111/);
    expect(lines.join().match(/\[withheld\]/g)).toHaveLength(4);
  });

  it.each([
    'Bearer abcdefghijklmnop',
    'Authorization: Basic dXNlcjpodXNoaHVzaA==',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefgh',
    `swali_0123456789abcdef_${'k'.repeat(43)}`,
    'sk-abcdefghijklmnopqrstuv',
    'mysql://reader:hushhush@db.example.org/shop',
    'redis://:hushhush@127.0.0.1',
    'smtps://mail:hush%20hush@smtp.example.org',
    'password=hushhush&x=1',
    "password='hush hush'",
    'api_key = hushhush',
    '{"client_secret":"hush \\" hush"}',
    '-----BEGIN PRIVATE KEY-----\nMIIhush\n-----END PRIVATE KEY-----',
    '-----BEGIN EC PRIVATE KEY-----\nMIIhush',
  ])('withholds what has the form of a secret, wherever it stands: %s', (text) => {
    const { log, lines } = capture();
    const error = new SwaliError('INTERNAL', { cause: new Error(`outer ${text}`, { cause: `inner ${text}` }) });
    log.error({ note: `before ${text} after`, list: [text], [`named ${text}`]: 1, error }, `about ${text}`);
    expect(lines).toHaveLength(1);
    for (const secret of [/hush/, /abcdefghijkl/, /dXNlcj/, /eyJzdWIi/, /kkkkkk/]) expect(lines[0]).not.toMatch(secret);
    expect(lines[0]).toContain('before ');
  });

  it('keeps the link of a development mail, which is meant to be read there', () => {
    const { log, lines } = capture();
    const link = `http://127.0.0.1:3000/?tenant=acme#invitation=${'t'.repeat(43)}`;
    log.info({ to: 'ada@example.org', text: `Open ${link}` }, 'a mail, not sent, as SMTP_URL is not set');
    expect(lines[0]).toContain(link);
  });

  it('keeps words, places and causes of an error, and nothing else that it carries', () => {
    const { log, lines } = capture();
    const driver = Object.assign(new Error("Duplicate entry 'ada@example.org' for key 'email'"), {
      errno: 1062,
      sqlState: '23000',
      sql: "INSERT INTO accounts VALUES ('ada@example.org')",
      sqlMessage: "Duplicate entry 'ada@example.org'",
      request: { headers: { authorization: 'hush' } },
    });
    log.error({ error: new Error('outer', { cause: driver }) }, 'failed');
    const { error } = JSON.parse(lines[0] ?? '');
    expect(error).toMatchObject({ type: 'Error', message: 'outer', stack: expect.stringContaining('    at ') });
    expect(error.cause).toMatchObject({ errno: 1062, sqlState: '23000' });
    expect(lines[0]).not.toMatch(/ada@example|INSERT|hush/);
  });

  it('withholds what SQLite quotes, which a row may hold', () => {
    const { log, lines } = capture();
    const words = "bad JSON path: '$.ada'";
    log.info({ cause: Object.assign(new Error(words), { name: 'SqliteError' }) }, 'failed');
    expect(JSON.parse(lines[0] ?? '').cause).toMatchObject({
      type: 'SqliteError',
      message: "bad JSON path: '[withheld]'",
    });
    expect(lines[0]).not.toContain('ada');
  });

  it('keeps the names that a database complains of', () => {
    const { log, lines } = capture();
    const missing = Object.assign(new Error("Table 'shop.orders' doesn't exist"), { errno: 1146, sqlState: '42S02' });
    log.error({ error: missing }, 'failed');
    expect(lines[0]).toContain("Table 'shop.orders' doesn't exist");
  });

  it('writes nothing that breaks a line, moves the cursor or turns the text round', () => {
    const { log, lines } = capture();
    const evil = 'a\nb\r{"level":"error"}\u001b[2J\u009b2J\u2028\u2029\u202egnp\u200b\u0000';
    log.info({ [`k${evil}`]: evil, requestId: evil }, evil);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
    expect(Object.keys(JSON.parse(lines[0] ?? ''))).toHaveLength(5);
  });

  it('takes a message as it is, whatever stands in it', () => {
    const { log, lines } = capture();
    log.info({ a: 1 }, '100 %s of %d %j');
    expect(JSON.parse(lines[0] ?? '').msg).toBe('100 %s of %d %j');
  });

  it('comes to an end with what is endless', () => {
    const { log, lines } = capture();
    const circle: Record<string, unknown> = {
      n: 1n,
      at: new Date(0),
      bytes: Buffer.alloc(9),
      list: new Array(1e5).fill('x'),
    };
    circle.self = circle;
    log.info({ circle, long: 'y'.repeat(1e6) }, 'x');
    expect(lines[0]?.length).toBeLessThan(40_000);
    expect(JSON.parse(lines[0] ?? '').circle).toMatchObject({
      n: '1',
      at: '1970-01-01T00:00:00.000Z',
      bytes: '9 bytes',
    });
  });

  it('writes nothing where it is silent', () => {
    const { log, lines } = capture('silent');
    log.error({}, 'failed');
    expect(lines).toEqual([]);
  });
});
