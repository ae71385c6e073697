import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../support/limits.js';
import { openTestGateway, type TestGateway } from './open-test-gateway.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-tiers-'));
const file = join(folder, 'tiers.json');
let gateway: TestGateway;
beforeAll(async () => {
  const small = { ...LIMITS, rows: 3 };
  writeFileSync(file, JSON.stringify({ small }));
  gateway = await openTestGateway({ TIERS_FILE: file });
}, 120_000);
afterAll(async () => {
  await gateway?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('rows of an answer', () => {
  it('are no more than the tier’s, from the next request on, and no more than the policy’s', async () => {
    const ask = () => gateway.post('/v1/sql', 'employee', { sql: 'SELECT id FROM products ORDER BY id' });
    const before = await ask();
    expect(before.body).toMatchObject({ status: 'answered', truncated: false });
    expect(before.body.row_count).toBeGreaterThan(3);
    const { body } = await gateway.get('/v1/admin/employees?identifier=ada@example.org', 'admin');
    const setTier = (tier: string) =>
      request(gateway.app)
        .patch(`/v1/admin/employees/${body.accounts[0].id}`)
        .set('authorization', `Bearer ${gateway.tokens.admin}`)
        .send({ tier });
    expect((await setTier('small')).status).toBe(200);
    const after = await ask();
    expect(after.body).toMatchObject({ status: 'answered', row_count: 3, truncated: true });
    expect(after.body.rows).toEqual(before.body.rows.slice(0, 3));
    expect((await setTier('standard')).status).toBe(200);
    expect((await ask()).body.row_count).toBe(before.body.row_count);
  });
});
