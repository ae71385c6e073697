import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../src/errors/catalogue.js';
import { createBareApp } from '../support/bare-app.js';

const app = createBareApp();

describe('the page of error codes', () => {
  it('says every code, with its status and sentence', async () => {
    const { status, text, headers } = await request(app).get('/docs/errors');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    for (const [code, entry] of Object.entries(CATALOGUE)) {
      const row = text.split('\n').find((line) => line.startsWith(`<tr id="${code}">`));
      expect(row, code).toContain(`<td>${entry.status}</td>`);
      expect(row, code).toContain(entry.sentence.replaceAll('&', '&amp;'));
    }
  });

  it('runs no script, has no style of its own, and stands under the policy of every page', async () => {
    const page = await request(app).get('/docs/errors');
    const console = await request(app).get('/');
    expect(page.headers['content-security-policy']).toBe(console.headers['content-security-policy']);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.text).not.toMatch(/<script|<style|\sstyle=|\son\w+=/i);
  });

  it('is where the type of a problem document leads', async () => {
    const refused = await request(app).get('/nowhere');
    expect(refused.body).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND', type: '/docs/errors#ROUTE_NOT_FOUND' });
    const page = await request(app).get(refused.body.type);
    expect(page.text).toContain('id="ROUTE_NOT_FOUND"');
  });

  it('takes nothing but reading', async () => {
    expect((await request(app).head('/docs/errors')).status).toBe(200);
    expect((await request(app).post('/docs/errors').send({})).status).toBe(404);
  });
});
