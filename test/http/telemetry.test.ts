import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startModelServer } from './model-server.js';
import { ACCOUNTS, type ServedGateway, serveGateway } from './served-gateway.js';
import { startTraceCollector } from './trace-collector.js';

const TOKEN = 'metrics-token-0123456789-abcdefghij';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const QUESTION = 'How many zebra-striped orders did Wanjiku place?';
const SQL = 'SELECT COUNT(*) AS n FROM orders WHERE id > 424242';

describe('a gateway that is watched', () => {
  let gateway: ServedGateway<keyof typeof ACCOUNTS>;
  let collector: Awaited<ReturnType<typeof startTraceCollector>>;
  let model: Awaited<ReturnType<typeof startModelServer>>;
  let operations = '';
  beforeAll(async () => {
    collector = await startTraceCollector();
    model = await startModelServer();
    model.reply({ kind: 'answer', answer: { kind: 'sql', sql: SQL, message: null, choices: [] } });
    gateway = await serveGateway(ACCOUNTS, {
      METRICS_TOKEN: TOKEN,
      OPERATIONS_PORT: '0',
      SLOW_QUERY_MS: '1',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=a%20key',
      TRACE_MODEL_CALLS: 'on',
      OPENAI_BASE_URL: model.baseUrl,
    });
    operations = gateway.operationsUrl ?? '';
    for (const name of ['customer', 'employee', 'admin'] as const)
      expect((await gateway.signIn(name)).status).toBe(200);
  }, 120_000);
  afterAll(async () => {
    await gateway?.stop();
    await collector?.close();
    await model?.close();
  });

  const look = (url: string, token: string | null, path: string) =>
    fetch(`${url}${path}`, token === null ? {} : { headers: { authorization: `Bearer ${token}` } });
  const scrape = async () => (await look(gateway.url, TOKEN, '/metrics')).text();

  it.each(['/metrics', '/healthz/deep'])('shows %s to operators alone', async (path) => {
    expect((await look(gateway.url, null, path)).status).toBe(401);
    expect((await look(gateway.url, `${TOKEN}x`, path)).status).toBe(401);
    expect((await look(gateway.url, TOKEN.slice(1), path)).status).toBe(401);
    expect((await gateway.call('GET', path, 'customer')).body.code).toBe('AUTH_PERMISSION_MISSING');
    expect((await gateway.call('GET', path, 'employee')).body.code).toBe('AUTH_PERMISSION_MISSING');
    expect((await look(gateway.url, TOKEN, path)).status).toBe(200);
    expect((await look(operations, null, path)).status).toBe(401);
    expect((await look(operations, TOKEN, path)).status).toBe(200);
  });

  it('shows admins how it fares', async () => {
    const { status, body } = await gateway.call('GET', '/healthz/deep', 'admin');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'ok',
      versions: { swali: '0.1.0', store: 'sqlite', source: expect.stringMatching(/^sqlite 3/) },
      event_loop: { most_ms: 5000 },
      model: { configured: true },
      audit: { waiting: 0 },
    });
    expect(body.dependencies.map(({ name }: { name: string }) => name)).toEqual([
      'store',
      'source',
      'policy',
      'migrations',
    ]);
    for (const { status, latency_ms } of body.dependencies)
      expect([status, latency_ms]).toEqual(['ok', expect.any(Number)]);
    expect(body.pools).toContainEqual({ name: 'source children', size: 3, busy: 0, waiting: 0 });
    expect(body.pools).toContainEqual(expect.objectContaining({ name: 'store', size: 1 }));
  });

  it('has nothing but probes and figures at the listener of operators', async () => {
    expect((await look(operations, null, '/livez')).status).toBe(200);
    expect(await (await look(operations, null, '/readyz')).json()).toEqual({
      status: 'ready',
      checks: { store: 'ok', source: 'ok', policy: 'ok', migrations: 'ok' },
    });
    for (const path of ['/', '/v1/schema', '/v1/audit', '/openapi.json', '/docs/errors'])
      expect((await look(operations, TOKEN, path)).status).toBe(404);
  });

  it('counts requests by the patterns of their routes, and what nobody mounted as other', async () => {
    const before = (await scrape()).split('\n').length;
    for (let n = 0; n < 300; n += 1) {
      const path = n % 3 === 0 ? `/v1/auth/sessions/${n}-customer` : `/v1/${'x'.repeat(n % 7)}${n}/%0a"?q=${n}`;
      await fetch(`${gateway.url}${path}`, {
        method: n % 2 ? 'GET' : 'DELETE',
        headers: { 'user-agent': `agent ${n}` },
      });
    }
    const text = await scrape();
    expect(text).toMatch(
      /^swali_http_requests_total\{method="DELETE",route="\/v1\/auth\/sessions\/:id",status="4xx"\} \d+$/m,
    );
    expect(text).toMatch(/^swali_http_requests_total\{method="GET",route="other",status="4xx"\} \d+$/m);
    expect(text.split('\n').length - before).toBeLessThan(120);
    expect(text).not.toMatch(/xxx|agent|-customer"/);
  }, 60_000);

  it('follows a request through its stages, below the trace of its caller, and tells no text', async () => {
    const { headers } = await gateway.call('GET', '/livez', null);
    expect(headers.get('traceparent')).toBeNull();
    const answer = await gateway.ask('admin', QUESTION, { traceparent: `00-${TRACE}-${PARENT}-01` });
    expect(answer.body.status, answer.text).toBe('answered');
    const refused = await gateway.sql('customer', 'SELECT secret_thing FROM nowhere_at_all');
    expect(refused.status).toBe(403);
    const notFollowed = await gateway.ask('admin', QUESTION, { traceparent: `00-${'1'.repeat(32)}-${PARENT}-00` });
    expect(notFollowed.body.status).toBe('answered');
    const invalid = await gateway.ask('admin', QUESTION, {
      traceparent: `00-${'0'.repeat(32)}-${PARENT}-01`,
      tracestate: 'x=hush',
    });
    expect(invalid.body.status).toBe('answered');
    await expect
      .poll(() => collector.spans().filter(({ name }) => name === 'POST /v1/ask').length, { timeout: 20_000 })
      .toBe(2);

    const ofCaller = collector.spans().filter(({ traceId }) => traceId === TRACE);
    const root = ofCaller.find(({ name }) => name === 'POST /v1/ask');
    expect(root?.parentSpanId).toBe(PARENT);
    const stages = ofCaller.filter(({ name }) => name.startsWith('swali.'));
    expect(stages.map(({ name }) => name).sort()).toEqual([
      'swali.answer',
      'swali.audit',
      'swali.execute',
      'swali.receipt',
      'swali.seal',
      'swali.translate',
    ]);
    for (const { parentSpanId } of stages) expect(parentSpanId).toBe(root?.spanId);
    const attributes = stages.find(({ name }) => name === 'swali.seal')?.attributes;
    expect(attributes).toContainEqual({
      key: 'swali.sql_digest',
      value: { stringValue: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    });

    const failed = collector.spans().find(({ name }) => name === 'POST /v1/sql');
    expect(failed?.status).toMatchObject({ code: 2, message: 'AUTH_PERMISSION_MISSING' });
    expect(collector.spans().map(({ traceId }) => traceId)).not.toContain('1'.repeat(32));
    const other = collector.spans().filter(({ name, traceId }) => name === 'POST /v1/ask' && traceId !== TRACE);
    expect(other).toHaveLength(1);
    expect(other[0]?.traceId).not.toBe('0'.repeat(32));
    expect(other[0]?.parentSpanId ?? '').toBe('');

    expect(collector.headers[0]).toMatchObject({ 'x-collector-key': 'a key' });
    const found = collector.bodies.flatMap(
      (body) => body.match(/zebra|Wanjiku|SELECT|nowhere|secret_thing|hush|Bearer/g) ?? [],
    );
    expect(found).toEqual([]);
    // Ids and times are numbers too, so these are looked for where something could be told.
    const told = JSON.stringify(collector.spans().map(({ name, attributes, status }) => [name, attributes, status]));
    expect(told.match(/424242|"103"|customer:\d/g)).toBeNull();
  }, 60_000);

  it('tells the model which trace its call belongs to, where that is switched on', async () => {
    await gateway.ask('admin', 'How many orders were there?', { traceparent: `00-${TRACE}-${PARENT}-01` });
    const told = model.requests.at(-1)?.traceparent ?? '';
    expect(told).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    expect(told).not.toContain(PARENT);
  });

  it('logs each request once, by its pattern, with its id in every line of it', async () => {
    const reply = await gateway.ask('admin', `${QUESTION} again?`, { 'x-request-id': 'request-of-the-test' });
    expect(reply.status).toBe(200);
    const lines = gateway.log.filter((line) => line.includes('request-of-the-test'));
    expect(lines.filter((line) => line.startsWith('served '))).toHaveLength(1);
    const served = JSON.parse(lines.find((line) => line.startsWith('served '))!.slice('served '.length));
    expect(served).toMatchObject({ method: 'POST', route: '/v1/ask', status: 200, code: null });
    expect(served.bytes).toBeGreaterThan(100);
    await fetch(`${gateway.url}/v1/schema?token=hush-in-the-query`);
    await expect.poll(() => gateway.log.filter((line) => line.includes('"/v1/schema"')).length).toBeGreaterThan(0);
    expect(gateway.log.join('\n')).not.toMatch(/hush-in-the-query|zebra|424242/);
  });

  it('counts what the stages, the model and the caches did', async () => {
    const text = await scrape();
    for (const metric of [
      'swali_stage_duration_seconds_count{stage="translate"}',
      'swali_stage_duration_seconds_count{stage="audit"}',
      'swali_translations_total{translator="openai",kind="sql"}',
      'swali_model_calls_total{provider="openai",outcome="answered"}',
      'swali_model_tokens_total{provider="openai",kind="prompt"}',
      'swali_cache_reads_total{cache="plans",outcome="miss"}',
      'swali_cache_reads_total{cache="views",outcome="hit"}',
      'swali_refusals_total{code="AUTH_PERMISSION_MISSING"}',
      'swali_audit_append_duration_seconds_count',
      'swali_pool_connections{pool="store",state="size"}',
      'swali_sqlite_children',
    ])
      expect(text).toMatch(new RegExp(`^${metric.replace(/[{}"]/g, '\\$&')} [1-9]`, 'm'));
  });

  it('shows the transactions of the audit log, and every circuit', async () => {
    const text = await scrape();
    expect(text).toMatch(/^swali_audit_batch_records_count [1-9]/m);
    expect(text).toMatch(/^swali_audit_batch_duration_seconds_count [1-9]/m);
    for (const breaker of ['model', 'source', 'store'])
      expect(text).toMatch(new RegExp(`^swali_breaker_state\\{breaker="${breaker}"\\} 0$`, 'm'));
  });

  it('logs slow statements with their plans, names alone', async () => {
    const slow =
      'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20077) SELECT COUNT(*) AS n FROM n';
    const reply = await gateway.sql('admin', slow);
    expect(reply.status, reply.text).toBe(200);
    await expect
      .poll(
        () =>
          gateway.log.filter((line) => line.startsWith('a statement was slow') && line.includes('RECURSIVE')).length,
        { timeout: 10_000 },
      )
      .toBeGreaterThan(0);
    const line = gateway.log.find((each) => each.startsWith('a statement was slow') && each.includes('RECURSIVE'))!;
    const told = JSON.parse(line.slice('a statement was slow '.length));
    expect(line).not.toContain('20077');
    expect(told).toMatchObject({
      kind: 'admin',
      rowCount: 1,
      code: null,
      sqlDigest: expect.stringMatching(/^sha256:/),
    });
    expect(told.plan ?? told.planMissing).toBeTruthy();
    expect(await scrape()).toMatch(/^swali_slow_queries_total\{kind="admin"\} [1-9]/m);
  });
});

describe('a gateway whose METRICS are off', () => {
  it('has no metrics, and shows who may how it fares', async () => {
    const gateway = await serveGateway(ACCOUNTS, { METRICS: 'off', OPERATIONS_PORT: '0' });
    try {
      expect((await fetch(`${gateway.operationsUrl}/metrics`)).status).toBe(404);
      const deep = await fetch(`${gateway.operationsUrl}/healthz/deep`);
      expect([deep.status, ((await deep.json()) as { status: string }).status]).toEqual([200, 'ok']);
    } finally {
      await gateway.stop();
    }
  }, 60_000);
});
