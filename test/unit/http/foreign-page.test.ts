import express from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { contextOf, openContext } from '../../../src/http/request-context.js';

/** Whether a gateway that people reach at that origin takes a request for a foreign page's. */
async function judge(publicOrigin: string | null, headers: Readonly<Record<string, string>>): Promise<boolean> {
  const app = express();
  app.use(openContext(publicOrigin));
  app.get('/', (given, response) => void response.json(contextOf(given).fromForeignPage));
  const { body } = await request(app).get('/').set('host', 'swali.test:3000').set(headers);
  return body;
}

const ORIGIN = 'https://ask.example.com';

describe('the page that a request is of', () => {
  it.each([
    ['a program, which names none', ORIGIN, {}, false],
    ['one’s own', ORIGIN, { origin: ORIGIN, 'sec-fetch-site': 'same-origin' }, false],
    ['nobody’s: an address that was typed', ORIGIN, { 'sec-fetch-site': 'none' }, false],
    ['another site’s', ORIGIN, { 'sec-fetch-site': 'cross-site' }, true],
    ['a neighbour’s', ORIGIN, { 'sec-fetch-site': 'same-site' }, true],
    ['another origin’s', ORIGIN, { origin: 'https://evil.example' }, true],
    ['another origin’s, whatever the other header says', ORIGIN, { origin: 'null', 'sec-fetch-site': 'none' }, true],
    ['two at once', ORIGIN, { origin: `${ORIGIN}, https://evil.example` }, true],
    ['that of the host that was called, which is not its name', ORIGIN, { origin: 'http://swali.test:3000' }, true],
    ['that of the host that was called, where it has no name', null, { origin: 'http://swali.test:3000' }, false],
    ['another port’s of that host', null, { origin: 'http://swali.test:3001' }, true],
    ['that of the host by https', null, { origin: 'https://swali.test:3000' }, true],
  ])('is told: %s', async (_what, publicOrigin, headers, isForeign) => {
    expect(await judge(publicOrigin, headers as Record<string, string>)).toBe(isForeign);
  });
});
