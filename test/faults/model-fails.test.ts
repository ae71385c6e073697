import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelReply, type ModelServer, startModelServer } from '../http/model-server.js';
import { type Caller, countEnds, expectCoded, openCaller, type Told } from './caller.js';
import { reportFigures } from './figures.js';
import { type GatewayHome, openHome } from './gateway-home.js';
import { untilAnswered } from './load.js';
import { expectAudited } from './records.js';

const MODEL_TIMEOUT_MS = 800;
/** What a question takes beside the model, on a machine that does much else, in milliseconds. */
const AROUND_MS = 8000;

/** No verified question matches it, and the offline translator can answer it. */
const QUESTION = 'How many shipped orders are there?';
const GOOD: ModelReply = {
  kind: 'answer',
  answer: { kind: 'sql', sql: 'SELECT COUNT(*) AS n FROM orders', message: null, choices: [] },
};

const FAULTS: readonly (readonly [what: string, reply: ModelReply])[] = [
  ['hangs', { kind: 'hang' }],
  ['answers a byte at a time for ever', { kind: 'trickle' }],
  ['answers with 500', { kind: 'error', status: 500 }],
  ['says that it is overloaded', { kind: 'error', status: 503, headers: { 'retry-after': '2' } }],
  ['drops the connection', { kind: 'drop' }],
  ['answers with a page of HTML', { kind: 'body', type: 'text/html', body: '<html><h1>Bad gateway</h1></html>' }],
  ['answers with JSON that is cut off', { kind: 'body', type: 'application/json', body: '{"choices":[{"mess' }],
  ['answers with JSON of another shape', { kind: 'body', type: 'application/json', body: '{"choices":{"0":[]}}' }],
  ['talks garbage', { kind: 'text', text: '\u0000\ufffd]]} 0x90 DROP' }],
];

describe.each(['openai', 'auto'] as const)('a model that fails, with TRANSLATOR=%s', (mode) => {
  let model: ModelServer;
  let home: GatewayHome;
  let caller: Caller;
  const told: Told[] = [];
  beforeAll(async () => {
    model = await startModelServer();
    home = await openHome({
      TRANSLATOR: mode,
      OPENAI_BASE_URL: model.baseUrl,
      MODEL_TIMEOUT_MS: String(MODEL_TIMEOUT_MS),
    });
    await home.start();
    caller = openCaller(home.url);
    await caller.signIn('employee');
  }, 120_000);
  afterAll(async () => {
    caller?.close();
    await home?.remove();
    await model?.close();
  });

  const askMany = async (times: number): Promise<readonly Told[]> => {
    const seen = await Promise.all(Array.from({ length: times }, () => caller.ask('employee', QUESTION)));
    told.push(...seen);
    return seen;
  };

  /** Waits until questions go through the model: after a fault it is left alone for a while. @returns seconds */
  const untilWell = (): Promise<number> => {
    model.reply(GOOD);
    return untilAnswered(async () => {
      const [next] = await askMany(1);
      const isByModel = next!.end === 'answered' && JSON.parse(next!.text).provenance.translator === 'openai';
      return isByModel ? next! : { ...next!, end: 'refused' };
    }, performance.now());
  };

  it.each(FAULTS)(
    'that %s: each question ends in time, with a code or an answer made offline',
    async (_, reply) => {
      await untilWell();
      model.reply(reply);
      const seen = await askMany(3);
      expect(model.requests.length).toBeGreaterThan(0);
      for (const each of seen) {
        // Half of the bound is the product's word, the other half what a busy machine may add.
        expect(each.ms).toBeLessThan(MODEL_TIMEOUT_MS + AROUND_MS);
        if (mode === 'auto') {
          expect([each.status, JSON.parse(each.text).provenance?.translator], each.text).toEqual([200, 'offline']);
        } else {
          expectCoded([each], ['TRANSLATE_MODEL_UNAVAILABLE', 'TRANSLATE_MODEL_UNUSABLE']);
          expect(each.status).toBe(503);
        }
      }
    },
    60_000,
  );

  it('is soon left alone, and asked again once it is well', async () => {
    await untilWell();
    model.reply({ kind: 'error', status: 500 });
    await askMany(10);
    const before = model.requests.length;
    await askMany(5);
    // The circuit is open: what may get through is a single call that looks whether the model is back.
    expect(model.requests.length - before).toBeLessThanOrEqual(1);
    const recoveryS = await untilWell();
    reportFigures({
      fault: mode === 'auto' ? 'model-fallback' : 'model-fails',
      on: `MODEL_TIMEOUT_MS=${MODEL_TIMEOUT_MS}`,
      saw: countEnds(told),
      unaudited: await expectAudited(told, home),
      recoveryS,
      more: { 'longest wait of a caller': `${(Math.max(...told.map(({ ms }) => ms)) / 1000).toFixed(2)} s` },
    });
  }, 120_000);
});
