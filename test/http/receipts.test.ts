import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readVerifier } from '../../src/audit/ed25519.js';
import { verifyReceipt } from '../../src/audit/receipts/verify-receipt.js';
import type { AuditEvent } from '../../src/audit/record.js';
import type { Answer } from '../../src/domain/answer.js';
import { openTestGateway, type TestGateway } from './open-test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway({ PUBLIC_URL: 'https://ask.example.com' });
}, 120_000);
afterAll(() => gateway?.close());

const policy = readFileSync(new URL('../../sql-policies/demo.yaml', import.meta.url));
const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** The keys, as anyone has them from the gateway. */
async function fetchVerifier() {
  const { body } = await gateway.get('/v1/receipts/keys', null);
  return readVerifier('a test', body.keys);
}

/** What fails of an answer as it came over the wire. */
async function failuresOf(answer: Answer) {
  const { jws, salt } = answer.receipt!;
  const { checks } = verifyReceipt({ jws, salt, answer, policy }, await fetchVerifier());
  return checks.filter(({ holds }) => !holds).map(({ name }) => name);
}

describe('GET /v1/receipts/keys', () => {
  it('gives the public keys to anyone, to be cached, and no private part', async () => {
    const response = await gateway.get('/v1/receipts/keys', null);
    expect(response.status).toBe(200);
    expect(response.headers['cache-control']).toBe('public, max-age=300');
    expect(response.body.keys).toHaveLength(1);
    expect(Object.keys(response.body.keys[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    expect((await gateway.get('/v1/schema', 'admin')).headers['cache-control']).toBe('no-store');
  });
});

describe('the receipt of an answer', () => {
  it.each([
    ['customer', '/v1/ask', { question: 'How many orders did I place in 2025?' }],
    ['employee', '/v1/ask', { question: 'How many orders were placed in 2025?' }],
    ['admin', '/v1/ask', { question: 'What was the revenue per branch in 2025?' }],
    ['admin', '/v1/sql', { sql: 'SELECT * FROM customers ORDER BY 1 LIMIT 20' }],
    ['employee', '/v1/sql', { sql: 'SELECT 1.5e0 AS a, NULL AS a, 1 AS `x"y`' }],
  ] as const)('holds for a %s at %s, with the policy file', async (as, path, body) => {
    const { body: answer } = await gateway.post(path, as, body);
    expect(answer.status, JSON.stringify(answer)).toBe('answered');
    expect(await failuresOf(answer)).toEqual([]);
  });

  it('and the audit record point at each other', async () => {
    const response = await gateway.post('/v1/sql', 'admin', { sql: 'SELECT COUNT(*) FROM orders' });
    const event = (await gateway.records())[0]?.event as Extract<AuditEvent, { event: 'question' | 'sql' | 'export' }>;
    const { jws, salt } = response.body.receipt;
    expect(event).toMatchObject({ event: 'sql', receiptDigest: digestOf(jws) });
    const { claims } = verifyReceipt({ jws, salt }, await fetchVerifier());
    expect(claims).toMatchObject({
      iss: 'https://ask.example.com',
      source: 'demo',
      sub: event.subject,
      request_id: event.requestId,
      sql_digest: event.sqlDigest,
      translator: 'caller',
    });
    expect(JSON.stringify(await gateway.records())).not.toContain(salt);
  });

  it('fails with any digit of the rows changed', async () => {
    const { body: answer } = await gateway.post('/v1/sql', 'admin', {
      sql: 'SELECT id, total, ordered_at FROM orders ORDER BY id LIMIT 5',
    });
    const rows = JSON.stringify(answer.rows);
    const digits = [...rows.matchAll(/\d/g)].map(({ index }) => index);
    const verifier = await fetchVerifier();
    fc.assert(
      fc.property(fc.constantFrom(...digits), fc.integer({ min: 1, max: 9 }), (at, by) => {
        const changed = rows.slice(0, at) + ((Number(rows[at]) + by) % 10) + rows.slice(at + 1);
        let forged: Answer['rows'];
        try {
          forged = JSON.parse(changed);
        } catch {
          // A zero in front of a number: no JSON, so no answer.
          return;
        }
        const { jws, salt } = answer.receipt;
        expect(verifyReceipt({ jws, salt, answer: { ...answer, rows: forged } }, verifier).holds).toBe(false);
      }),
    );
  });

  it('is missing where nothing ran', async () => {
    expect((await gateway.post('/v1/ask', 'customer', { question: 'payroll' })).body.receipt).toBeNull();
    const dry = await gateway.post('/v1/sql', 'admin', { sql: 'SELECT 1', dry_run: true });
    expect(dry.body).not.toHaveProperty('receipt');
  });
});

describe('the receipt of an export', () => {
  it.each(['csv', 'ndjson'] as const)('comes in headers and holds for the very bytes of %s', async (format) => {
    const response = await request(gateway.app)
      .post('/v1/export')
      .set('authorization', `Bearer ${gateway.tokens.admin}`)
      .buffer(true)
      .parse((stream, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => done(null, Buffer.concat(chunks).toString('utf8')));
      })
      .send({ sql: 'SELECT id, name FROM products ORDER BY id', format });
    const text = response.body as string;
    const { 'swali-receipt': jws = '', 'swali-receipt-salt': salt = '' } = response.headers as Record<string, string>;
    const verifier = await fetchVerifier();
    expect(verifyReceipt({ jws, salt, text, policy }, verifier)).toMatchObject({ holds: true, claims: { format } });
    expect(verifyReceipt({ jws, salt, text: text.replace('1', '2') }, verifier).holds).toBe(false);
    expect(jws.length).toBeLessThan(4096);
    const [record] = await gateway.records();
    expect(record?.event).toMatchObject({ event: 'export', receiptDigest: digestOf(jws) });
  });
});
