import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/audit/record.js';
import { LIMITS } from '../support/limits.js';
import { openTestGateway, PASSWORD, type TestGateway } from './open-test-gateway.js';

const MOST_ROWS = 40;
const MOST_BYTES = 6_000;
const folder = mkdtempSync(join(tmpdir(), 'swali-export-'));
let gateway: TestGateway;
beforeAll(async () => {
  const file = join(folder, 'tiers.json');
  // An export may have more rows than an answer.
  const standard = { ...LIMITS, rows: 2, export_rows: MOST_ROWS, export_bytes: MOST_BYTES };
  writeFileSync(file, JSON.stringify({ standard }));
  gateway = await openTestGateway({ TIERS_FILE: file, MAX_ROWS: '20' });
}, 120_000);
afterAll(async () => {
  await gateway?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Reads the body as text, whatever its type. */
const exported = (as: keyof TestGateway['tokens'], body: object) =>
  request(gateway.app)
    .post('/v1/export')
    .set('authorization', `Bearer ${gateway.tokens[as]}`)
    .buffer(true)
    .parse((response, done) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => done(null, text));
    })
    .send(body);
const problemOf = (text: string) => JSON.parse(text) as { code: string; detail: string };

const lastEvent = async () =>
  (await gateway.records())[0]?.event as Extract<AuditEvent, { event: 'question' | 'sql' | 'export' }>;

const rowsOf = (count: number) =>
  `SELECT a.id AS one, b.id AS two FROM products a, products b ORDER BY 1, 2 LIMIT ${count}`;

describe('POST /v1/export', () => {
  it('sends own SQL as a file of CSV, with more rows than an answer may have', async () => {
    const { status, headers, body } = await exported('employee', { sql: rowsOf(30), format: 'csv' });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(headers['content-disposition']).toBe('attachment; filename="swali-export.csv"');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cache-control']).toBe('no-store');
    const lines = String(body).split('\r\n');
    expect([lines[0], lines.length]).toEqual(['one,two', 32]);
    expect(await lastEvent()).toMatchObject({
      event: 'export',
      decision: 'answered',
      rowCount: 30,
      relations: ['products'],
      question: null,
    });
    const answer = await gateway.post('/v1/sql', 'employee', { sql: rowsOf(30) });
    expect(answer.body).toMatchObject({ row_count: 2, truncated: true });
  });

  it('sends the answer to a question as NDJSON', async () => {
    const question = 'Who are our best customers?';
    const { status, headers, body } = await exported('admin', { question, format: 'ndjson' });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    expect(headers['content-disposition']).toBe('attachment; filename="swali-export.ndjson"');
    const objects = String(body)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(objects.length).toBeGreaterThan(2);
    for (const each of objects) expect(Object.keys(each)).toEqual(Object.keys(objects[0]!));
    expect(await lastEvent()).toMatchObject({ event: 'export', question, decision: 'answered' });
  });

  it('sends nothing at all where it would have too many rows, or bytes', async () => {
    expect((await exported('employee', { sql: rowsOf(MOST_ROWS), format: 'csv' })).status).toBe(200);
    const rows = await exported('employee', { sql: rowsOf(MOST_ROWS + 1), format: 'csv' });
    expect(rows.status).toBe(422);
    expect(problemOf(rows.body)).toMatchObject({ code: 'EXPORT_TOO_LARGE' });
    expect(problemOf(rows.body).detail).toContain(`more than ${MOST_ROWS} rows`);
    expect(await lastEvent()).toMatchObject({ event: 'export', code: 'EXPORT_TOO_LARGE' });
    const wide = `SELECT '${'x'.repeat(1000)}' AS w FROM products LIMIT 7`;
    const bytes = await exported('employee', { sql: wide, format: 'csv' });
    expect(problemOf(bytes.body).detail).toContain(`more than ${MOST_BYTES} bytes`);
    // Its rows are few enough bytes; the names, said again in each line, are not.
    const named = rowsOf(30).replace('AS one', `AS "${'n'.repeat(200)}"`);
    expect((await exported('employee', { sql: named, format: 'csv' })).status).toBe(200);
    const repeated = await exported('employee', { sql: named, format: 'ndjson' });
    expect(problemOf(repeated.body)).toMatchObject({ code: 'EXPORT_TOO_LARGE' });
  });

  it('is open to those who may export, and own SQL to those who may write it', async () => {
    for (const [as, code] of [
      ['customer', 'AUTH_PERMISSION_MISSING'],
      ['viewer', 'AUTH_PERMISSION_MISSING'],
    ] as const) {
      const refused = await exported(as, { question: 'How many orders did I place in 2025?', format: 'csv' });
      expect([refused.status, problemOf(refused.body).code]).toEqual([403, code]);
    }
    const key = await gateway.post('/v1/auth/keys', 'employee', {
      name: 'exports',
      scopes: ['ask', 'export'],
      password: PASSWORD,
    });
    const byKey = await request(gateway.app)
      .post('/v1/export')
      .set('authorization', `Bearer ${key.body.key}`)
      .send({ sql: 'SELECT 1', format: 'csv' });
    expect([byKey.status, byKey.body.code]).toEqual([403, 'AUTH_PERMISSION_MISSING']);
    expect(await lastEvent()).toMatchObject({ event: 'export', decision: 'refused', code: 'AUTH_PERMISSION_MISSING' });
  });

  it('is sealed like any answer', async () => {
    const hidden = await exported('employee', { sql: 'SELECT id FROM invoices', format: 'csv' });
    expect(problemOf(hidden.body).code).toBe('SEAL_RELATION_UNKNOWN');
    const write = await exported('admin', { sql: 'DELETE FROM orders', format: 'csv' });
    expect(problemOf(write.body).code).toBe('SEAL_NOT_SELECT');
  });

  it('says why where a question has no answer', async () => {
    const { status, body } = await exported('admin', { question: 'What is the colour of the sky?', format: 'csv' });
    expect([status, problemOf(body).code]).toEqual([422, 'EXPORT_NOT_ANSWERED']);
    expect(problemOf(body).detail.length).toBeGreaterThan(60);
    expect((await lastEvent()).decision).toMatch(/refused|clarify/);
  });

  it.each([
    ['both a question and SQL', { question: 'How many?', sql: 'SELECT 1', format: 'csv' }],
    ['neither', { format: 'csv' }],
    ['another format', { sql: 'SELECT 1', format: 'xlsx' }],
    ['no format', { sql: 'SELECT 1' }],
    ['anything more', { sql: 'SELECT 1', format: 'csv', rows: 9 }],
  ])('takes no request with %s', async (_name, body) => {
    const refused = await exported('admin', body);
    expect([refused.status, problemOf(refused.body).code]).toEqual([400, 'REQUEST_INVALID']);
  });
});
