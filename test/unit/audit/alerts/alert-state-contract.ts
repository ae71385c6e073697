import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { RuleOf } from '../../../../src/audit/alerts/alert-file.js';
import { createAlertState } from '../../../../src/audit/alerts/alert-state.js';
import { createDigestKey } from '../../../../src/audit/alerts/digest-key.js';
import { createStoreOutbox } from '../../../../src/audit/alerts/outbox.js';
import type { Signal } from '../../../../src/audit/alerts/signal.js';
import type { Store } from '../../../../src/store/store.js';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const MINUTE = 60_000;

const shared = { severity: 'warning', cool_down: 10 * MINUTE } as const;
const COUNT: RuleOf<'failed-logins'> = {
  ...shared,
  name: 'count',
  kind: 'failed-logins',
  per: 'account',
  threshold: 20,
  window: 12 * MINUTE,
};
const STREAK: RuleOf<'refusals-in-a-row'> = {
  ...shared,
  name: 'streak',
  kind: 'refusals-in-a-row',
  threshold: 10,
  window: 60 * MINUTE,
};
const DEVICE: RuleOf<'new-device'> = {
  ...shared,
  name: 'device',
  kind: 'new-device',
  compare: 'pair',
  remember: 30 * 86_400_000,
};

/**
 * What the state of alerts must do, whichever engine it is in. Called inside a `describe`.
 *
 * @param store with its tables
 */
export function describeAlertStateContract(store: () => Store): void {
  let accounts = 0;
  /** An account of which nothing is known, and two replicas. */
  const open = () => {
    accounts += 1;
    const subject = `customer:${accounts}`;
    const digestOf = createDigestKey('a key of a test, thirty-two letters');
    const replicas = [1, 2].map(() => createAlertState({ store: store(), digestOf, newId: randomUUID }));
    const about = (tenant: string | null, at: number) => ({
      key: [tenant ?? '', subject],
      at,
      tenant,
      subject,
      address: null,
      requestId: null,
    });
    return {
      ...{ one: replicas[0]!, other: replicas[1]! },
      count: (at: number, tenant: string | null = null): Signal => ({
        type: 'count',
        rule: COUNT,
        ...about(tenant, at),
      }),
      streak: (broken: boolean, at = NOON): Signal => ({ type: 'streak', rule: STREAK, broken, ...about(null, at) }),
      device: (thing: string, at = NOON): Signal => ({
        type: 'known',
        rule: DEVICE,
        thing,
        facts: {},
        ...about(null, at),
      }),
      account: ['', subject],
    };
  };
  const nowhere = () => [];
  const times = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

  it('counts what replicas see together, and makes one alert of it', async () => {
    const { one, other, count } = open();
    const results = await Promise.all(times(40, (n) => (n % 2 ? one : other).apply([count(NOON + n)], nowhere)));
    expect(results.flatMap(({ alerts }) => alerts)).toHaveLength(1);
    expect(results.reduce((sum, { suppressed }) => sum + suppressed, 0)).toBe(20);
    const late = NOON + 11 * MINUTE;
    const { alerts } = await one.apply([count(late)], nowhere);
    expect(alerts).toMatchObject([{ suppressed: 20, facts: { threshold: 20 } }]);
  });

  it('counts each tenant by itself, and forgets what is out of the window', async () => {
    const { one, count } = open();
    const first = await one.apply([...times(19, () => count(NOON)), count(NOON, 'acme')], nowhere);
    expect(first).toEqual({ alerts: [], suppressed: 0 });
    expect(await one.apply([count(NOON + 13 * MINUTE)], nowhere)).toMatchObject({ alerts: [] });
    const full = await one.apply(
      times(19, () => count(NOON, 'acme')),
      nowhere,
    );
    expect(full.alerts).toMatchObject([{ tenant: 'acme', facts: { count: 20 } }]);
  });

  it('carries a row of refusals over replicas until something is served', async () => {
    const { one, other, streak } = open();
    const refused = (count: number) => times(count, () => streak(false));
    await Promise.all(times(8, (n) => (n % 2 ? one : other).apply(refused(1), nowhere)));
    expect((await one.apply([streak(true), ...refused(9)], nowhere)).alerts).toEqual([]);
    expect((await other.apply([...refused(1)], nowhere)).alerts).toMatchObject([{ facts: { count: 10 } }]);
  });

  it('sees a row that begins and ends within what came together', async () => {
    const { one, streak } = open();
    const row = [...times(3, () => streak(false)), streak(true), ...times(10, () => streak(false)), streak(true)];
    expect((await one.apply(row, nowhere)).alerts).toMatchObject([{ facts: { count: 10 } }]);
    const next = await one.apply(
      times(9, () => streak(false, NOON + 11 * MINUTE)),
      nowhere,
    );
    expect(next).toEqual({ alerts: [], suppressed: 0 });
  });

  it('begins a row anew that has rested', async () => {
    const { one, streak } = open();
    await one.apply(
      times(9, () => streak(false)),
      nowhere,
    );
    const late = NOON + 61 * MINUTE;
    expect((await one.apply([streak(false, late)], nowhere)).alerts).toEqual([]);
    const rest = times(9, () => streak(false, late));
    expect((await one.apply(rest, nowhere)).alerts).toHaveLength(1);
  });

  it('learns the first thing of an account in silence, tells of each other one once, and forgets them', async () => {
    const { one, other, device, account } = open();
    const told = async (state: typeof one, thing: string, at = NOON) =>
      (await state.apply([device(thing, at)], nowhere)).alerts.length;
    expect([await told(one, 'a'), await told(other, 'a'), await told(one, 'b'), await told(other, 'b')]).toEqual([
      ...[0, 0, 1, 0],
    ]);
    // Seen again in time it stays known; else it is new again.
    const day = 86_400_000;
    expect(await told(one, 'a', NOON + 29 * day)).toBe(0);
    expect(await told(one, 'a', NOON + 58 * day)).toBe(0);
    expect(await told(one, 'b', NOON + 58 * day)).toBe(1);
    await one.apply([{ type: 'forget', account }], nowhere);
    expect(await told(one, 'c', NOON + 58 * day)).toBe(0);
  });

  it('keeps nothing that says who or from where', async () => {
    const { one, device } = open();
    await one.apply([device('a-device-of-somebody')], nowhere);
    const rows = await store().run((db) => db.selectFrom('alert_known').selectAll().execute());
    expect(JSON.stringify(rows)).not.toMatch(/customer:|a-device/);
  });

  it('writes deliveries down with the alert, and hands each to one of the replicas that ask', async () => {
    const { one, count } = open();
    const channels = times(12, (n) => `channel-${n}`);
    const { alerts } = await one.apply(
      times(20, () => count(NOON)),
      (alert) => channels.map((channel) => ({ id: randomUUID(), channel, recipient: '', alert })),
    );
    const outboxes = times(3, () => createStoreOutbox({ store: store(), newId: randomUUID }));
    const claims = (await Promise.all(outboxes.map((each) => each.claim(NOON, 8)))).flat();
    claims.push(...(await outboxes[0]!.claim(NOON, 100)));
    expect(claims.map(({ channel }) => channel).sort()).toEqual([...channels].sort());
    expect(claims[0]?.alert).toEqual(alerts[0]);
    // One is taken, one waits, one is given up; the others are nobody's word, so their lease brings them back.
    const [taken, waiting, dead, ...rest] = claims;
    const outbox = outboxes[0]!;
    await outbox.finish(taken!);
    await outbox.postpone(waiting!, NOON + MINUTE, 'x'.repeat(500));
    await outbox.bury(dead!, NOON, 'gone');
    expect(await outbox.nextDueAt()).toBe(NOON + MINUTE);
    expect((await outbox.claim(NOON + MINUTE, 100)).map(({ id, attempts }) => [id, attempts])).toEqual([
      [waiting!.id, 1],
    ]);
    const back = await outbox.claim(NOON + 10 * MINUTE, 100);
    expect(back.map(({ id }) => id).sort()).toEqual([waiting, ...rest].map((each) => each!.id).sort());
    // Who has lost a delivery to another may not say what became of it.
    await outbox.finish(waiting!);
    for (const each of back) await outbox.finish(each);
    const left = await store().run((db) => db.selectFrom('alert_deliveries').select(['id', 'fault']).execute());
    expect(left).toEqual([{ id: dead!.id, fault: 'gone' }]);
    await one.sweep(NOON + 31 * 86_400_000);
    expect(await store().run((db) => db.selectFrom('alert_deliveries').select('id').execute())).toEqual([]);
  });

  it('counts nothing where the transaction fails', async () => {
    const { one, count } = open();
    const fail = () => {
      throw new Error('no room');
    };
    await expect(
      one.apply(
        times(20, () => count(NOON)),
        fail,
      ),
    ).rejects.toThrow();
    expect((await one.apply([count(NOON)], nowhere)).alerts).toEqual([]);
  });

  it('forgets what is old', async () => {
    const { one, count, streak, device } = open();
    await one.apply([...times(20, () => count(NOON)), streak(false), device('a')], nowhere);
    await one.sweep(NOON + 400 * 86_400_000);
    for (const table of ['alert_counts', 'alert_known', 'alert_cool_downs'] as const)
      expect(await store().run((db) => db.selectFrom(table).select('rule').execute())).toEqual([]);
  });
}
