import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/errors/catalogue.js';
import { createMetrics } from '../../../src/operate/metrics.js';

const make = () => createMetrics({ swali: '0.1.0', node: '20.19.0' });

/** Lines of our own metrics, without comments. */
async function readOwn(metrics: ReturnType<typeof make>): Promise<readonly string[]> {
  return (await metrics.scrape()).split('\n').filter((line) => line.startsWith('swali_'));
}

describe('metrics', () => {
  it('count requests by method, route and class of status', async () => {
    const metrics = make();
    metrics.request({ method: 'GET', route: '/v1/sessions/:id', status: 204, seconds: 0.003 });
    metrics.request({ method: 'GET', route: null, status: 404, seconds: 0.001 });
    const lines = await readOwn(metrics);
    expect(lines).toContain('swali_http_requests_total{method="GET",route="/v1/sessions/:id",status="2xx"} 1');
    expect(lines).toContain('swali_http_requests_total{method="GET",route="other",status="4xx"} 1');
    expect(lines).toContain('swali_http_request_duration_seconds_count{method="GET",route="other"} 1');
  });

  it('count what the stages, the model, caches and the audit do', async () => {
    const metrics = make();
    metrics.stage('seal', 0.0005);
    metrics.refusal('SEAL_SYNTAX');
    metrics.translation('offline', 'sql');
    metrics.modelTokens('openai', 120, 40);
    metrics.modelCall('openai', 'answered');
    metrics.modelFallback('offline');
    metrics.summary('written');
    metrics.cacheRead('plans', true);
    metrics.cacheRead('plans', false);
    metrics.auditAppend();
    metrics.auditAppend()();
    metrics.auditBatch(3, 0.002);
    metrics.alertSent('webhook', false);
    metrics.slowQuery('customer');
    metrics.breakerState('model', 'open');
    metrics.shed('queue full');
    metrics.retry('store');
    const lines = await readOwn(metrics);
    for (const line of [
      'swali_stage_duration_seconds_count{stage="seal"} 1',
      'swali_refusals_total{code="SEAL_SYNTAX"} 1',
      'swali_translations_total{translator="offline",kind="sql"} 1',
      'swali_model_tokens_total{provider="openai",kind="prompt"} 120',
      'swali_model_tokens_total{provider="openai",kind="completion"} 40',
      'swali_model_calls_total{provider="openai",outcome="answered"} 1',
      'swali_cache_reads_total{cache="plans",outcome="hit"} 1',
      'swali_cache_reads_total{cache="plans",outcome="miss"} 1',
      'swali_audit_waiting 1',
      'swali_audit_append_duration_seconds_count 1',
      'swali_audit_batch_records_sum 3',
      'swali_audit_batch_duration_seconds_count 1',
      'swali_alerts_sent_total{channel="webhook",outcome="failed"} 1',
      'swali_slow_queries_total{kind="customer"} 1',
      'swali_breaker_state{breaker="model"} 2',
      'swali_breaker_changes_total{breaker="model",state="open"} 1',
      'swali_shed_total{reason="queue full"} 1',
      'swali_retries_total{dependency="store"} 1',
      'swali_build_info{version="0.1.0",node="20.19.0"} 1',
    ])
      expect(lines).toContain(line);
  });

  it('read pools, children and the event loop when somebody looks', async () => {
    const metrics = make();
    metrics.watch({
      pools: () => [{ name: 'source customer', size: 3, busy: 2, waiting: 1 }],
      sqliteChildren: () => 2,
      loopLateMs: () => 1500,
    });
    const lines = await readOwn(metrics);
    expect(lines).toContain('swali_pool_connections{pool="source customer",state="busy"} 2');
    expect(lines).toContain('swali_pool_connections{pool="source customer",state="waiting"} 1');
    expect(lines).toContain('swali_sqlite_children 2');
    expect(lines).toContain('swali_event_loop_late_seconds 1.5');
  });

  it('tell of the process and of Node', async () => {
    const text = await make().scrape();
    expect(text).toMatch(/^process_cpu_seconds_total /m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  });

  it('keep a bounded number of series, whatever ten thousand hostile callers make the code say', async () => {
    const metrics = make();
    for (let n = 0; n < 10_000; n += 1) {
      const text = `customer:${n} said "x${n}"\n`;
      metrics.request({ method: `M${n}`, route: `/v1/${n}`, status: n, seconds: 0 });
      metrics.request({ method: 'GET', route: text, status: -n, seconds: 0 });
      metrics.stage(text, 0);
      metrics.refusal(`CODE_${n}`);
      metrics.translation(text, text);
      metrics.modelTokens(`p${n}`, Number.NaN, -n);
      metrics.modelCall(`p${n}`, text as 'answered');
      metrics.modelFallback(text);
      metrics.summary(text as 'written');
      metrics.cacheRead(`c${n}`, true);
      metrics.alertSent(text, true);
      metrics.slowQuery(text);
      metrics.breakerState(`b${n}`, (n % 2 ? 'open' : 'toString') as 'open');
      metrics.shed(`r${n}`);
      metrics.retry(`d${n}`);
    }
    const lines = await readOwn(metrics);
    expect(lines.length).toBeLessThan(4500);
    expect(lines.join('\n')).not.toContain('said');
    expect(lines).toContain('swali_refusals_total{code="other"} 10000');
    const again = lines.length;
    metrics.request({ method: 'GET', route: '/v1/another', status: 200, seconds: 0 });
    metrics.shed('another');
    expect((await readOwn(metrics)).length).toBeLessThanOrEqual(again + 1);
  });

  it('know every code of the catalogue', async () => {
    const metrics = make();
    for (const code of Object.keys(CATALOGUE)) metrics.refusal(code);
    const lines = await readOwn(metrics);
    for (const code of Object.keys(CATALOGUE)) expect(lines).toContain(`swali_refusals_total{code="${code}"} 1`);
  });

  it('of two gateways in one process are apart', async () => {
    const [one, two] = [make(), make()];
    one.shed('queue full');
    expect((await readOwn(two)).filter((line) => line.startsWith('swali_shed_total'))).toEqual([]);
  });
});

describe('docs/observability.md', () => {
  const page = readFileSync(new URL('../../../docs/observability.md', import.meta.url), 'utf8');

  it('lists every metric of our own, with its labels, and no other', async () => {
    const listed = [...page.matchAll(/^\| `(swali_\w+)` \| ([^|]*) \| [^|]+ \|$/gm)].map(([, name]) => name);
    const own = make()
      .names()
      .filter((name) => name.startsWith('swali_'));
    expect(own.length).toBeGreaterThan(20);
    expect([...listed].sort()).toEqual([...own].sort());
  });
});
