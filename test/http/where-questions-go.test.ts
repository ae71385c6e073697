import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenants, type Tenants } from '../../src/identify/tenants.js';
import { openStore, type Store } from '../../src/store/store.js';
import { type ModelReply, type ModelServer, startModelServer } from './model-server.js';
import { openTestGateway, type TestGateway } from './open-test-gateway.js';
import { serveTenants, type TenantGateway } from './tenant-gateway.js';

const QUESTION = 'How many orders are there in all?';
const sql = (text: string): ModelReply => ({
  kind: 'answer',
  answer: { kind: 'sql', sql: text, message: null, choices: [] },
});
const GOOD = sql('SELECT COUNT(*) AS n FROM orders');

let first: ModelServer;
let second: ModelServer;
beforeAll(async () => {
  first = await startModelServer();
  second = await startModelServer();
});
afterAll(async () => {
  await first.close();
  await second.close();
});

const providers = () => ({
  OPENAI_BASE_URL: first.baseUrl,
  OPENAI_REGION: 'us',
  FALLBACK_OPENAI_BASE_URL: second.baseUrl,
  FALLBACK_OPENAI_REGION: 'eu',
  MODEL_TIMEOUT_MS: '3000',
});

describe('an answer', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await openTestGateway(providers());
  }, 60_000);
  afterAll(() => gateway.close());
  const ask = async (question: string) => (await gateway.post('/v1/ask', 'admin', { question })).body;

  it('says whose model wrote it, and who failed before; the record says it too', async () => {
    first.reply({ kind: 'tool' });
    second.reply(GOOD);
    const { status, provenance } = await ask(QUESTION);
    expect([status, provenance.translator]).toEqual(['answered', 'openai']);
    expect(provenance.model).toEqual({ provider: 'fallback', failed: ['openai'], cached: false, candidates: 1 });
    const [record] = await gateway.records();
    expect(record?.event).toMatchObject({ translator: 'openai' });
    expect((record!.event as { reasons: string[] }).reasons).toContain('model: fallback, after openai failed');
  });

  it('says so too where nothing ran', async () => {
    first.reply({ kind: 'answer', answer: { kind: 'refuse', sql: null, message: 'No.', choices: [] } });
    expect((await ask(QUESTION)).provenance.model).toMatchObject({ provider: 'openai', failed: [] });
  });

  it('made offline says who failed; one that no model was asked for says nothing', async () => {
    first.reply({ kind: 'tool' });
    second.reply({ kind: 'tool' });
    expect((await ask(QUESTION)).provenance).toMatchObject({
      translator: 'offline',
      model: { provider: 'offline', failed: ['openai', 'fallback'] },
    });
    const own = await gateway.post('/v1/sql', 'admin', { sql: 'SELECT COUNT(*) FROM orders' });
    expect(own.body.provenance.model).toBeNull();
    const dry = await gateway.post('/v1/sql', 'admin', { sql: 'SELECT COUNT(*) FROM orders', dry_run: true });
    expect(dry.body.provenance.model).toBeNull();
  });

  it('finds a person by what the model was not told', async () => {
    const mine = await gateway.post('/v1/sql', 'admin', {
      sql: 'SELECT email, phone FROM customers WHERE email IS NOT NULL AND phone IS NOT NULL ORDER BY email LIMIT 1',
    });
    const [email, phone] = mine.body.rows[0] as [string, string];
    for (const condition of [
      "email = 'WithheldEmail1'",
      "LOWER(email) LIKE '%withheldemail1%'",
      "phone = 'WithheldPhone2' AND email = 'WithheldEmail1'",
      'phone = WithheldPhone2 AND email = WithheldEmail1',
    ]) {
      first.reply(sql(`SELECT COUNT(*) AS n FROM customers WHERE ${condition}`));
      const { rows, status } = await ask(`Is there a customer ${email} with the phone ${phone}?`);
      expect([condition, status, rows]).toEqual([condition, 'answered', [[1]]]);
      expect(first.requests).toHaveLength(1);
      expect(first.requests[0]!.raw).not.toContain(email);
      expect(first.requests[0]!.raw).not.toContain(phone);
    }
  });
});

describe('without tenants', () => {
  it('nothing is sent but to whom MODEL_PROVIDERS and MODEL_REGIONS allow', async () => {
    const gateway = await openTestGateway({ ...providers(), MODEL_REGIONS: 'eu' });
    try {
      first.reply(GOOD);
      second.reply(GOOD);
      const { body } = await gateway.post('/v1/ask', 'admin', { question: QUESTION });
      expect(body.provenance.model).toMatchObject({ provider: 'fallback', failed: [] });
      expect(first.requests).toHaveLength(0);
    } finally {
      await gateway.close();
    }
  }, 60_000);
});

describe('with tenants', () => {
  let gateway: TenantGateway;
  let store: Store;
  let tenants: Tenants;
  beforeAll(async () => {
    gateway = await serveTenants({ ...providers(), MODEL_PROVIDERS: 'openai,fallback' });
    store = await openStore(`sqlite:${gateway.storePath}`);
    tenants = createTenants({ store, clock: Date.now, enabled: true });
  }, 60_000);
  afterAll(async () => {
    await store?.close();
    await gateway?.stop();
  });
  const question = 'Give me the thing that we talked about.';
  const askAs = async (name: 'acmeAdmin' | 'globexAdmin') => {
    first.reply(GOOD);
    second.reply(GOOD);
    const { body } = await gateway.ask(name, question);
    return [
      body.provenance?.model?.provider ?? body.provenance?.translator,
      first.requests.length,
      second.requests.length,
    ];
  };

  it('each one’s lists hold for its own people, from the next question on', async () => {
    expect(await askAs('acmeAdmin')).toEqual(['openai', 1, 0]);
    await tenants.setAllowed('acme', { providers: ['fallback'] });
    expect(await askAs('acmeAdmin')).toEqual(['fallback', 0, 1]);
    expect(await askAs('globexAdmin')).toEqual(['openai', 1, 0]);
    await tenants.setAllowed('acme', { providers: null, regions: ['eu'] });
    expect(await askAs('acmeAdmin')).toEqual(['fallback', 0, 1]);
    await tenants.setAllowed('acme', { regions: ['ch'] });
    expect(await askAs('acmeAdmin')).toEqual(['offline', 0, 0]);
    await tenants.setAllowed('acme', { regions: null });
    expect(await askAs('acmeAdmin')).toEqual(['openai', 1, 0]);
  });
});
