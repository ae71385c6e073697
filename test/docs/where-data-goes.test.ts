import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelReply, type ModelRequest, type ModelServer, startModelServer } from '../http/model-server.js';
import { OWN_NUMBER, openTestGateway, PASSWORD, type TestGateway } from '../http/open-test-gateway.js';

const page = readFileSync(new URL('../../docs/security/where-data-goes.md', import.meta.url), 'utf8');

/** What stands first in the rows of the table under a heading. */
function listed(heading: string): readonly string[] {
  const section = page.split(/^## /m).find((each) => each.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name!);
}

/** Every field of a body; what the form of the answer holds is one field. */
function fieldsOf(body: object): readonly string[] {
  return Object.entries(body).flatMap(([name, value]) =>
    Array.isArray(value)
      ? value.flatMap((each: object) => Object.keys(each).map((inner) => `${name}[].${inner}`))
      : [name],
  );
}

const sql = (text: string): ModelReply => ({
  kind: 'answer',
  answer: { kind: 'sql', sql: text, message: null, choices: [] },
});

describe('docs/security/where-data-goes.md', () => {
  let model: ModelServer;
  let gateway: TestGateway;
  const requests: ModelRequest[] = [];
  beforeAll(async () => {
    model = await startModelServer();
    gateway = await openTestGateway({ OPENAI_BASE_URL: model.baseUrl, OPENAI_API_KEY: 'sk-of-the-provider' });
    // One is refused for a field, one is mended, one is answered.
    model.reply(
      { kind: 'error', status: 400, param: 'max_tokens' },
      sql('SELECT internal_note FROM orders'),
      sql('SELECT COUNT(*) AS n FROM orders'),
    );
    const { body } = await gateway.post('/v1/ask', 'customer', { question: 'Give me the thing, please.' });
    expect(body.status).toBe('answered');
    requests.push(...model.requests);
    expect(requests).toHaveLength(3);
  }, 60_000);
  afterAll(async () => {
    await gateway?.close();
    await model?.close();
  });

  it('lists every field of the body, and no other', () => {
    const sent = new Set(requests.flatMap(({ body }) => fieldsOf(body)));
    expect([...sent].sort()).toEqual([...listed('The body of a request')].sort());
    expect(new Set(requests.flatMap(({ body }) => body.messages.map(({ role }) => role)))).toEqual(
      new Set(['system', 'user', 'assistant']),
    );
    for (const { body } of requests) expect(body.store).toBe(false);
  });

  it('lists every header, and no other but that of traces', () => {
    const sent = new Set(requests.flatMap(({ headers }) => headers));
    expect([...sent, 'traceparent'].sort()).toEqual([...listed('Headers')].sort());
  });

  it('is right about what never leaves', () => {
    const { raw } = requests.at(-1)!;
    expect(raw).toContain('Give me the thing, please.');
    for (const secret of [
      String(OWN_NUMBER),
      'customer:1',
      PASSWORD,
      gateway.tokens.customer,
      'sk-of-the-provider',
      '127.0.0.1',
      'standard',
      'employees.rows',
      'credit_limit',
    ])
      expect(raw).not.toContain(secret);
  });

  it('names the settings that change something', () => {
    for (const name of ['MODEL_PROVIDERS', 'MODEL_REGIONS', 'MODEL_WITHHOLD_PERSONAL', 'TRACE_MODEL_CALLS'])
      expect(page).toContain(`\`${name}`);
  });
});
