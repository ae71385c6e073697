import { createServer } from 'node:http';
import express, { type Express } from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createLimits } from '../../../src/http/limits.js';
import { answerProblems } from '../../../src/http/problem.js';
import { openContext } from '../../../src/http/request-context.js';
import { readTiers } from '../../../src/identify/tiers.js';
import { LIMITS } from '../../support/limits.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** An app that counts whom the header `x-who` names, as `subject/tier`. */
function serve(tiers: object, work: () => Promise<void> = async () => {}): Express {
  const limits = createLimits({ enabled: true, tiers: readTiers(JSON.stringify(tiers)), redis: null, key: 'k' });
  const handlers = limits('ask', (asked) => {
    const [subject, name] = (asked.get('x-who') ?? '').split('/');
    return subject && name ? { subject, tier: name } : null;
  });
  const app = express();
  app.use(openContext());
  app.get('/', ...handlers, async (_asked, response) => {
    await work();
    response.json({});
  });
  app.use(answerProblems(silent, { note: async () => {}, close: async () => {} }));
  return app;
}

const ask = (app: Express, who: string) => request(app).get('/').set('x-who', who);
const statusesOf = async (app: Express, who: string, times: number) => {
  const statuses: number[] = [];
  for (let n = 0; n < times; n += 1) statuses.push((await ask(app, who)).status);
  return statuses;
};

describe('what an account may ask', () => {
  it('in a minute is its tier’s, and each account’s own', async () => {
    const app = serve({ small: { ...LIMITS, requests_per_minute: 2 }, large: { ...LIMITS, requests_per_minute: 4 } });
    expect(await statusesOf(app, 'a/small', 3)).toEqual([200, 200, 429]);
    expect(await statusesOf(app, 'b/small', 1)).toEqual([200]);
    expect(await statusesOf(app, 'c/large', 5)).toEqual([200, 200, 200, 200, 429]);
    const refused = await ask(app, 'a/small');
    expect(refused.body.code).toBe('RATE_LIMITED');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
  });

  it('in a day is its tier’s, and says when it may go on', async () => {
    const app = serve({ small: { ...LIMITS, requests_per_day: 2 } });
    expect(await statusesOf(app, 'a/small', 3)).toEqual([200, 200, 429]);
    expect(Number((await ask(app, 'a/small')).headers['retry-after'])).toBeGreaterThan(3600);
  });

  it('at the same time is its tier’s, and free again when an answer has left', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let running = 0;
    const app = serve({ small: { ...LIMITS, concurrency: 2 } }, () => {
      running += 1;
      return gate;
    });
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as { port: number };
      const send = (who: string) => fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-who': who } });
      const first = [send('a/small'), send('a/small')];
      await expect.poll(() => running).toBe(2);
      const third = await send('a/small');
      expect([third.status, third.headers.get('retry-after')]).toEqual([429, '1']);
      const other = send('b/small');
      await expect.poll(() => running).toBe(3);
      release();
      expect((await Promise.all([...first, other])).map(({ status }) => status)).toEqual([200, 200, 200]);
      await expect.poll(async () => (await send('a/small')).status).toBe(200);
    } finally {
      server.close();
    }
  });

  it('is nothing where limits are off', () => {
    expect(createLimits({ enabled: false, tiers: readTiers(null), redis: null, key: 'k' })('ask', () => null)).toEqual(
      [],
    );
  });
});
