import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDemo } from '../../src/demo/make-demo.js';
import { readFixture } from '../support/seal-engine.js';
import { type ModelReply, type ModelServer, startModelServer } from './model-server.js';
import { ACCOUNTS, type Reply, type ServedGateway, serveGateway } from './served-gateway.js';

/** A question that nobody would ask, or not like this, and what comes of it with a model and without. */
interface Case {
  readonly id: string;
  readonly question: string;
  /** Said over and over until it has this many characters. */
  readonly fill?: number;
  readonly why: string;
  /** `answered`, `clarify`, `refused`, or a status and a code; several that are right, with `|` between. */
  readonly model: string;
  readonly offline: string;
}

const cases = readFixture('cases/odd-questions.jsonl')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Case);

const questionOf = ({ question, fill }: Case): string =>
  fill === undefined ? question : question.repeat(Math.ceil(fill / question.length)).slice(0, fill);

const outcomeOf = ({ status, body }: Reply): string => (status === 200 ? body.status : `${status} ${body.code}`);

/** A model that answers what can be answered, and asks back where several things are asked at once. */
function answer(question: string): ModelReply {
  const asks = question.match(/\b(?:how many|who|which|what)\b/gi)?.length ?? 0;
  const several = asks > 1 && asks < 4;
  return {
    kind: 'answer',
    answer: several
      ? { kind: 'clarify', sql: null, message: 'One at a time, please.', choices: ['How many orders?', 'Who am I?'] }
      : { kind: 'sql', sql: 'SELECT COUNT(*) AS n FROM orders', message: null, choices: [] },
  };
}

let folder = '';
let model: ModelServer;
const gateways = {} as Record<'model' | 'offline', ServedGateway<keyof typeof ACCOUNTS>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swali-odd-'));
  const source = `sqlite:${join(folder, 'business.sqlite')}`;
  await makeDemo({ target: source, scale: 0.1, seed: 1, today: '2026-03-01' });
  model = await startModelServer();
  model.reply(({ body }) => answer(/<question>(.*)<\/question>/.exec(body.messages.at(-1)!.content)?.[1] ?? ''));
  gateways.model = await serveGateway(ACCOUNTS, {
    SOURCE_URL: source,
    OPENAI_BASE_URL: model.baseUrl,
    OPENAI_API_KEY: 'sk-test',
    TRANSLATOR: 'openai',
  });
  gateways.offline = await serveGateway(ACCOUNTS, { SOURCE_URL: source, TRANSLATOR: 'offline' });
  for (const gateway of Object.values(gateways)) expect((await gateway.signIn('customer')).status).toBe(200);
}, 120_000);
afterAll(async () => {
  for (const gateway of Object.values(gateways)) await gateway.stop();
  await model?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the table of odd questions', () => {
  it('is long, says of each why it is there, and expects every kind of outcome', () => {
    expect(cases.length).toBeGreaterThanOrEqual(50);
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    expect(cases.filter(({ why }) => why.length < 5)).toEqual([]);
    for (const outcome of ['answered', 'clarify', '422 TRANSLATE_QUESTION_INVALID'])
      expect(cases.filter(({ model: expected }) => expected === outcome).length, outcome).toBeGreaterThanOrEqual(3);
    const offline = new Set(cases.map((each) => each.offline));
    expect(offline.size).toBeGreaterThanOrEqual(3);
  });
});

describe.each(['model', 'offline'] as const)('an odd question, asked with the translator %s', (mode) => {
  it.each(cases)('$id: $why', async (each) => {
    const asked = model.requests.length;
    const reply = await gateways[mode].ask('customer', questionOf(each));
    expect(each[mode].split('|'), reply.text).toContain(outcomeOf(reply));
    if (reply.status !== 200) {
      expect(Object.keys(reply.body)).not.toContain('rows');
      expect(reply.headers.get('content-type')).toContain('problem+json');
    } else if (reply.body.status === 'clarify') {
      expect(reply.body.message.length).toBeGreaterThan(0);
      if (mode === 'model') expect(reply.body.choices.length).toBeGreaterThanOrEqual(2);
    } else if (reply.body.status === 'answered') {
      expect(reply.body.row_count).toBe(reply.body.rows.length);
    } else {
      expect(reply.body.message.length).toBeGreaterThan(0);
    }
    // What is no question reaches no model.
    if (mode === 'model' && reply.status === 422) expect(model.requests).toHaveLength(asked);
    expect(reply.text).not.toMatch(/at .*\.(?:ts|js):\d+/);
  });

  it('leaves the gateway as it was: the next question is answered', async () => {
    const reply = await gateways[mode].ask('customer', 'What are my latest orders?');
    expect([reply.body.status, reply.body.provenance.translator]).toEqual(['answered', 'verified']);
  });
});
