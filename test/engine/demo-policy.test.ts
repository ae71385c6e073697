import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import { demoAccounts } from '../../src/demo/demo-accounts.js';
import { makeDemo } from '../../src/demo/make-demo.js';
import type { SlotValue } from '../../src/domain/candidate.js';
import { type EmployeeRole, PERMISSIONS, type Principal, type PrincipalKind } from '../../src/domain/principal.js';
import { createExecute } from '../../src/execute/execute.js';
import { loadPolicy, type Policy } from '../../src/policy/policy.js';
import { runPolicyCases } from '../../src/policy/policy-cases.js';
import { createSeal } from '../../src/seal/index.js';
import { createJudges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import { matchVerified } from '../../src/translate/verified.js';
import { describeEngines } from '../engines/engines.js';

const policies = join(import.meta.dirname, '../../sql-policies');
const TODAY = { year: 2026, month: 7, day: 15 };
/** One question as somebody types it, for each verified question that takes a value. */
const SLOT_WORDS: Readonly<Record<string, string>> = {
  year: '2025',
  order_id: '2',
  country: 'Kenya',
  category: 'Coffee and tea',
  from_day: '2026-01-01',
  to_day: '2026-04-01',
};

const principalOf = (
  kind: PrincipalKind,
  role: EmployeeRole | null,
  allowTables: readonly string[] | null,
): Principal => ({
  kind,
  subject: `${kind}:1`,
  role,
  claims: new Map(kind === 'customer' ? [['customer_number', demoAccounts()[0]!.customerNumber!]] : []),
  allowTables,
  permissions: new Set(PERMISSIONS),
  tier: 'standard',
  tenant: null,
  session: null,
  lacksSecondFactor: false,
});
const everyTable = [...demoAccounts()[1]!.allowTables!, 'salaries'];
const principals: readonly Principal[] = [
  ...demoAccounts().map(({ kind, role, allowTables }) => principalOf(kind, role, allowTables)),
  principalOf('employee', 'manager', everyTable),
];

async function openDemo(url: string) {
  const source = await openSource({ url, allowWideGrants: true });
  const catalog = await readCatalog(source);
  const policy: Policy = loadPolicy({ dir: policies, source: 'demo', catalog, strict: true });
  const judges = createJudges({ timeoutMs: 5_000, threads: 1 });
  const { seal } = createSeal({ catalog, judges });
  const execute = createExecute(source);
  const run = async (sql: string, principal: Principal, slots: ReadonlyMap<string, SlotValue> = new Map()) => {
    const usage = { promptTokens: 0, completionTokens: 0 };
    const candidate = { sql, translator: 'verified' as const, slots, usage };
    return (await execute(await seal(candidate, principal, policy.viewFor(principal)))).rows;
  };
  return { policy, run, close: () => Promise.all([judges.close(), source.close()]) };
}

/** Numbers in one form, since SQLite has no DECIMAL. */
const spell = (rows: readonly (readonly unknown[])[]) =>
  JSON.stringify(
    rows.map((row) => row.map((value) => (/^-?\d+(\.\d+)?$/.test(String(value)) ? Number(value) : value))),
  );

/** Answers of the first engine, to compare the others with. */
const answers = new Map<string, { readonly dialect: string; readonly rows: string }>();

describeEngines('the policy of the demonstration', 'SELECT 1', (engine) => {
  let demo: Awaited<ReturnType<typeof openDemo>>;
  beforeAll(async () => {
    await makeDemo({ target: engine.url, scale: 1, seed: 2026, today: '2026-07-15' });
    demo = await openDemo(engine.url);
  }, 120_000);
  afterAll(async () => {
    await demo?.close();
  });

  it('fits the source without a fault or a warning', () => {
    expect(demo.policy.warnings).toEqual([]);
    expect(demo.policy.relations.size).toBe(10);
  });

  it("passes the owner's own cases", async () => {
    const text = readFileSync(join(policies, 'demo.test.yaml'), 'utf8');
    const results = await runPolicyCases(text, 'demo.test.yaml', {
      viewFor: (principal) => demo.policy.viewFor(principal),
      run: (sql, principal) => demo.run(sql, principal),
    });
    expect(results.length).toBeGreaterThanOrEqual(15);
    expect(results.filter((result) => !result.passed)).toEqual([]);
  }, 120_000);

  it('answers every verified question of every caller, alike on every engine', async () => {
    let asked = 0;
    for (const principal of principals) {
      const verified = demo.policy.verifiedFor(principal);
      for (const { question } of verified) {
        const typed = question.replace(/\{(\w+)\}/g, (_, name: string) => SLOT_WORDS[name]!);
        const found = matchVerified(typed, verified, TODAY);
        expect([typed, found?.kind]).toEqual([typed, 'sql']);
        if (found?.kind !== 'sql') continue;
        const key = `${principal.kind} ${principal.role}: ${typed}`;
        const rows = spell(await demo.run(found.candidate.sql, principal, found.candidate.slots));
        const first = answers.get(key) ?? { dialect: engine.dialect, rows };
        answers.set(key, first);
        expect([key, first.dialect, rows]).toEqual([key, first.dialect, first.rows]);
        asked += 1;
      }
    }
    expect(asked).toBeGreaterThanOrEqual(12 + 3 * 10);
    const empty = [...answers].filter(([, { rows }]) => rows === '[]').map(([key]) => key);
    // Order 2 is another customer's: asking for it gives nothing, not a refusal.
    expect(empty.every((key) => /^customer .*order 2|unpaid|open/.test(key))).toBe(true);
  }, 120_000);

  it('answers "last year" as the year before the day it is asked', async () => {
    const customer = principals[0]!;
    const found = matchVerified('How many orders did I place last year?', demo.policy.verifiedFor(customer), TODAY);
    expect(found?.kind === 'sql' && [...found.candidate.slots]).toEqual([['year', 2025]]);
    if (found?.kind !== 'sql') return;
    const owned = await engine.queryAsOwner(
      "SELECT COUNT(*) AS n FROM orders WHERE customer_number = 103 AND ordered_at >= '2025-01-01' AND ordered_at < '2026-01-01'",
    );
    expect(await demo.run(found.candidate.sql, customer, found.candidate.slots)).toEqual([[Number(owned[0]!.n)]]);
    expect(Number(owned[0]!.n)).toBeGreaterThan(5);
  });
});
