import express from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { contextOf, openContext } from '../../../src/http/request-context.js';

const app = express();
app.use(openContext());
app.get('/', (given, response) => {
  response.json({ userAgent: contextOf(given).userAgent });
});

describe('the user agent of a request', () => {
  it.each([
    ['as it came', 'Mozilla/5.0 (X11; Linux x86_64)', 'Mozilla/5.0 (X11; Linux x86_64)'],
    ['without control and format characters', 'a\u0085b\tc\u00add', 'abcd'],
    ['with at most 255 characters, those that are dropped not counted', `\t${'x'.repeat(300)}`, 'x'.repeat(255)],
    ['empty where there is none', '', ''],
  ])('is known %s', async (_, given, known) => {
    const { body } = await request(app).get('/').set('user-agent', given);
    expect(body.userAgent).toBe(known);
  });
});
