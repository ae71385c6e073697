import cookieParser from 'cookie-parser';
import express from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { contextOf, openContext } from '../../../src/http/request-context.js';

const app = express();
app.use(cookieParser());
app.use(openContext());
app.get('/', (given, response) => {
  const { userAgent, cookies } = contextOf(given);
  response.json({ userAgent, cookies: [...cookies] });
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

describe('the cookies of a request', () => {
  it.each([
    ['none', '', []],
    [
      'by name',
      'a=1; b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['none of a name that comes twice', 'a=1; b=2; a=3', [['b', '2']]],
    ['none of a name that comes twice, however it is spaced or empty', 'a =1;a=;  b=2', [['b', '2']]],
    ['no object', 'a=j:{"x":1}; b=2', [['b', '2']]],
    [
      'no name that is another’s in other letters',
      'a=1; A=2',
      [
        ['a', '1'],
        ['A', '2'],
      ],
    ],
  ])('are known: %s', async (_what, given, known) => {
    const { body } = await request(app).get('/').set('cookie', given);
    expect(body.cookies).toEqual(known);
  });
});
