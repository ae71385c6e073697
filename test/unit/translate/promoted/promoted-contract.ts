import { expect, it } from 'vitest';
import type { AccessEvent } from '../../../../src/domain/access-event.js';
import type { Principal } from '../../../../src/domain/principal.js';
import { SwaliError } from '../../../../src/errors/swali-error.js';
import { putOnRecord } from '../../../../src/identify/put-on-record.js';
import type { Policy } from '../../../../src/policy/policy.js';
import type { Store } from '../../../../src/store/store.js';
import { createVerifiedManager, type NewPromoted } from '../../../../src/translate/promoted/manage-verified.js';
import { createPromotedBook } from '../../../../src/translate/promoted/promoted-book.js';
import { recheckPromoted } from '../../../../src/translate/promoted/recheck-promoted.js';
import { codeOfPromise } from '../../../support/code-of-promise.js';
import { admin, employee } from '../../../support/principals.js';
import { policyOf } from '../../policy/policy-fixtures.js';

const ORDERS = `orders:
  open_to: [customer, employee, admin]
  rows: { customer: "customer_number = :customer_number" }
  columns: { id: {}, total: {}, status: {} }
`;
const SALARIES = 'salaries:\n  open_to: [employee, admin]\n  columns: { id: {}, amount: {} }\n';
const REST = `
verified:
  - { question: "How many orders did I place?", sql: "SELECT COUNT(*) FROM orders", open_to: [customer] }
`;

const CONTEXT = { requestId: 'r1', address: '203.0.113.9', userAgent: null, tenant: null };
const silent = { debug() {}, info() {}, warn() {}, error() {} };

function entry(question: string, more: Partial<NewPromoted> = {}): NewPromoted {
  return { question, sql: 'SELECT COUNT(*) FROM orders', open_to: ['employee'], ...more };
}

/**
 * What promotion must do, whichever engine it is kept in. Called inside a `describe`.
 *
 * @param store with its tables
 */
export function describePromotedContract(store: () => Store): void {
  let tenants = 0;
  /** A tenant of its own, and a process that serves it. */
  function open(policy: Policy = policyOf(ORDERS + SALARIES, { rest: REST })) {
    tenants += 1;
    return serve(`t${tenants}`, policy);
  }
  function serve(tenant: string, policy: Policy) {
    const time = { now: 1_000_000 };
    const events: AccessEvent[] = [];
    const audit = { append: async (event: AccessEvent) => void events.push(event) };
    const clock = () => time.now;
    const book = createPromotedBook({ store: store(), policy, clock, logger: silent });
    const manager = createVerifiedManager({
      store: store(),
      clock,
      policy,
      book,
      seal: async ({ sql }) => {
        if (sql.includes('nowhere')) throw new SwaliError('SEAL_RELATION_UNKNOWN');
      },
      putOnRecord: (attempt, work, describe) => putOnRecord(audit, attempt, work, describe),
    });
    const of = (principal: Principal): Principal => ({ ...principal, tenant });
    const questions = async () => {
      await book.refresh(tenant);
      return book.of(tenant).map(({ question }) => question);
    };
    const manage = of(employee(['orders'], 'manager'));
    return { manager, book, time, events, questions, tenant, boss: of(admin()), manage };
  }

  it('keeps what is promoted, for its tenant alone, until it is retired', async () => {
    const [one, other] = [open(), open()];
    const wanted = entry('How many orders in {year}?', {
      slots: { year: 'integer' },
      sql: 'SELECT COUNT(*) FROM orders WHERE id = :year',
    });
    const made = await one.manager.promote(one.manage, wanted, CONTEXT);
    expect(made).toMatchObject({
      question: wanted.question,
      status: 'active',
      createdBy: 'employee:1',
      showsSql: true,
    });
    expect(await one.questions()).toEqual(['How many orders in {year}?']);
    expect([...(one.book.of(one.tenant)[0]?.slots ?? [])]).toEqual([['year', 'integer']]);
    expect(await other.questions()).toEqual([]);
    expect(await one.manager.list(one.boss, { limit: 10 })).toEqual([made]);
    expect(await other.manager.list(other.boss, { limit: 10 })).toEqual([]);
    expect(await codeOfPromise(other.manager.retire(other.boss, made.id, CONTEXT))).toBe('VERIFIED_UNKNOWN');
    await one.manager.retire(one.manage, made.id, CONTEXT);
    expect(await one.questions()).toEqual([]);
    expect(await one.manager.list(one.boss, { limit: 10 })).toEqual([]);
    expect(await codeOfPromise(one.manager.retire(one.boss, made.id, CONTEXT))).toBe('VERIFIED_UNKNOWN');
    const again = await one.manager.promote(one.manage, wanted, CONTEXT);
    expect(again.id).toBeGreaterThan(made.id);
    const acts = one.events.map((event) => event.event === 'verified' && [event.action, event.verified, event.code]);
    expect(acts).toEqual([
      ['promote', `verified:${made.id}`, null],
      ['retire', `verified:${made.id}`, null],
      ['retire', `verified:${made.id}`, 'VERIFIED_UNKNOWN'],
      ['promote', `verified:${again.id}`, null],
    ]);
    // What was asked stands in no record.
    expect(JSON.stringify([...one.events, ...other.events])).not.toContain('How many');
  });

  it('is seen by another replica within five seconds, and by the own one at once', async () => {
    const one = open();
    const replica = serve(one.tenant, policyOf(ORDERS + SALARIES, { rest: REST }));
    expect(await replica.questions()).toEqual([]);
    expect(await one.questions()).toEqual([]);
    const { id } = await one.manager.promote(one.manage, entry('Count of orders'), CONTEXT);
    expect(await one.questions()).toEqual(['Count of orders']);
    replica.time.now += 4_999;
    expect(await replica.questions()).toEqual([]);
    replica.time.now += 1;
    expect(await replica.questions()).toEqual(['Count of orders']);
    await one.manager.retire(one.manage, id, CONTEXT);
    expect(await one.questions()).toEqual([]);
    replica.time.now += 5_000;
    expect(await replica.questions()).toEqual([]);
  });

  it('takes the same words once, also from two at the same time, and not those that the file answers for the same people', async () => {
    const { manager, manage, boss } = open();
    const both = [entry('How many  orders?'), entry('how MANY orders')];
    const codes = await Promise.all(both.map((each) => codeOfPromise(manager.promote(manage, each, CONTEXT))));
    expect(codes.filter((code) => code === 'VERIFIED_EXISTS')).toHaveLength(1);
    expect(await manager.list(boss, { limit: 10 })).toHaveLength(1);
    const taken = entry('how many orders did i place', { open_to: ['customer', 'admin'] });
    expect(await codeOfPromise(manager.promote(boss, taken, CONTEXT))).toBe('VERIFIED_EXISTS');
    await manager.promote(boss, { ...taken, open_to: ['employee'] }, CONTEXT);
  });

  it('lets employees open to employees alone, and retire what is theirs', async () => {
    const { manager, manage, boss, tenant } = open();
    for (const audience of ['customer', 'admin'] as const) {
      const wide = entry(`Orders of ${audience}`, { open_to: ['employee', audience] });
      expect(await codeOfPromise(manager.promote(manage, wide, CONTEXT))).toBe('AUTH_PERMISSION_MISSING');
      await manager.promote(boss, wide, CONTEXT);
    }
    const [mine] = await manager.list(boss, { limit: 1 });
    expect(await codeOfPromise(manager.retire(manage, mine!.id, CONTEXT))).toBe('VERIFIED_UNKNOWN');
    const lacking = (...permissions: readonly string[]): Principal => ({
      ...manage,
      tenant,
      permissions: new Set([...manage.permissions].filter((each) => !permissions.includes(each))),
    });
    const wanted = entry('Orders again');
    for (const permission of ['verified:promote', 'sql:read'] as const)
      expect(await codeOfPromise(manager.promote(lacking(permission), wanted, CONTEXT))).toBe(
        'AUTH_PERMISSION_MISSING',
      );
    expect(await codeOfPromise(manager.list(lacking('verified:promote'), { limit: 1 }))).toBe(
      'AUTH_PERMISSION_MISSING',
    );
    expect(await codeOfPromise(manager.retire(lacking('verified:promote'), mine!.id, CONTEXT))).toBe(
      'AUTH_PERMISSION_MISSING',
    );
    const shown = await manager.list(lacking('sql:read'), { limit: 10 });
    expect(shown.map(({ showsSql }) => showsSql)).toEqual([false, false]);
  });

  it('shows an employee nothing over tables that are closed to them', async () => {
    const { manager, manage, boss } = open();
    await manager.promote(boss, entry('What is paid?', { sql: 'SELECT amount FROM salaries' }), CONTEXT);
    const open_ = await manager.promote(boss, entry('How many are there?'), CONTEXT);
    expect((await manager.list(manage, { limit: 1 })).map(({ id }) => id)).toEqual([open_.id]);
    expect(await manager.list(boss, { limit: 10 })).toHaveLength(2);
  });

  it.each<[string, Partial<NewPromoted>, string]>([
    ['SQL that its promoter cannot ask', { sql: 'SELECT 1 FROM nowhere' }, 'SEAL_RELATION_UNKNOWN'],
    ['SQL over what is open to nobody', { sql: 'SELECT id FROM customers' }, 'VERIFIED_INVALID'],
    ['no SELECT', { sql: 'DELETE FROM orders' }, 'VERIFIED_INVALID'],
    ['a slot that the SQL does not use', { slots: { year: 'integer' } }, 'VERIFIED_INVALID'],
    ['a slot that is not declared', { question: 'Orders in {year}?' }, 'VERIFIED_INVALID'],
    ['braces that are no slot', { question: 'Orders { in?' }, 'VERIFIED_INVALID'],
    [
      'a slot with the name of a claim',
      {
        question: 'Orders of {customer_number}',
        slots: { customer_number: 'integer' },
        sql: 'SELECT id FROM orders WHERE id = :customer_number',
      },
      'VERIFIED_INVALID',
    ],
    ['a question without a word', { question: '?!' }, 'TRANSLATE_QUESTION_INVALID'],
  ])('refuses %s', async (_what, wrong, code) => {
    const { manager, boss, questions, events } = open();
    expect(await codeOfPromise(manager.promote(boss, entry('Which orders?', wrong), CONTEXT))).toBe(code);
    expect(await questions()).toEqual([]);
    expect(events).toEqual([expect.objectContaining({ event: 'verified', decision: 'refused', code, verified: null })]);
  });

  it('keeps long questions and statements whole', async () => {
    const { manager, boss, book, questions, tenant } = open();
    const question = `Orders ${'ü'.repeat(493)}`;
    const sql = `SELECT id FROM orders WHERE status IN (${Array.from({ length: 1500 }, () => "'漢'").join(', ')})`;
    await manager.promote(boss, entry(question, { sql }), CONTEXT);
    expect(await questions()).toEqual([question]);
    expect(book.of(tenant)[0]?.sql).toBe(sql);
  });

  it('marks what a changed policy does not fit, answers with it no more, and takes it back once it fits again', async () => {
    const first = open();
    const { id } = await first.manager.promote(
      first.boss,
      entry('What is paid?', { sql: 'SELECT amount FROM salaries' }),
      CONTEXT,
    );
    await first.manager.promote(first.boss, entry('How many orders?'), CONTEXT);
    const narrow = policyOf(ORDERS, { rest: REST });
    const mine = async (policy: Policy) =>
      (await recheckPromoted(store(), policy)).filter(({ tenant }) => tenant === first.tenant);
    const fault = 'the SQL reads salaries, which this policy opens to nobody';
    expect(await mine(narrow)).toEqual([{ tenant: first.tenant, broken: [`verified:${id}: ${fault}`], mended: 0 }]);
    expect(await mine(narrow)).toEqual([]);
    const second = serve(first.tenant, narrow);
    expect(await second.questions()).toEqual(['How many orders?']);
    const listed = await second.manager.list(second.boss, { limit: 10 });
    expect(listed.map((each) => [each.status, each.fault])).toEqual([
      ['broken', fault],
      ['active', null],
    ]);
    expect(await second.manager.list(second.manage, { limit: 10 })).toHaveLength(1);
    const wide = policyOf(ORDERS + SALARIES, { rest: REST });
    expect(await mine(wide)).toEqual([{ tenant: first.tenant, broken: [], mended: 1 }]);
    expect(await serve(first.tenant, wide).questions()).toEqual(['What is paid?', 'How many orders?']);
    // A replica whose policy is of before the check passes over what does not fit it.
    expect(await serve(first.tenant, narrow).questions()).toEqual(['How many orders?']);
  });

  it('passes over a row that somebody else wrote', async () => {
    const { manager, boss, questions, tenant } = open();
    const made = await manager.promote(boss, entry('How many orders?'), CONTEXT);
    for (const change of [{ slots: '{' }, { open_to: '["everybody"]' }, { slots: '{}', statement: '' }]) {
      await store().run((db) => db.updateTable('verified_questions').set(change).where('id', '=', made.id).execute());
      const policy = policyOf(ORDERS);
      expect(await serve(tenant, policy).questions()).toEqual([]);
      const changed = await recheckPromoted(store(), policy);
      expect(changed.filter((each) => each.tenant === tenant)).toHaveLength(change.slots === '{' ? 1 : 0);
    }
    expect(await questions()).toEqual([]);
  });

  it('takes a thousand for a tenant and no more', async () => {
    const { manager, boss, tenant } = open();
    const row = {
      tenant,
      slots: '{}',
      statement: 'SELECT 1',
      open_to: '["admin"]',
      created_by: 'admin:1',
      created_at: 0,
      status: 'active' as const,
      policy_version: '',
      fault: null,
    };
    const rows = Array.from({ length: 999 }, (_, at) => ({ ...row, question: `q${at}`, active_key: `k${at}` }));
    for (let at = 0; at < rows.length; at += 333)
      await store().run((db) =>
        db
          .insertInto('verified_questions')
          .values(rows.slice(at, at + 333))
          .execute(),
      );
    await manager.promote(boss, entry('The thousandth?'), CONTEXT);
    expect(await codeOfPromise(manager.promote(boss, entry('One more?'), CONTEXT))).toBe('VERIFIED_INVALID');
  });
}
