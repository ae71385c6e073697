import { describe, expect, it } from 'vitest';
import type { Alert } from '../../../../src/audit/alerts/alert.js';
import type { Rule } from '../../../../src/audit/alerts/alert-file.js';
import type { AlertState } from '../../../../src/audit/alerts/alert-state.js';
import { startCourier } from '../../../../src/audit/alerts/courier.js';
import { createAlertEngine } from '../../../../src/audit/alerts/engine.js';
import { createMemoryOutbox } from '../../../../src/audit/alerts/memory-outbox.js';
import { observe } from '../../../../src/audit/alerts/observation.js';
import { signalGap } from '../../../../src/audit/alerts/reports.js';
import { createTally } from '../../../../src/audit/alerts/tally.js';
import { watchAudit } from '../../../../src/audit/alerts/watch-audit.js';
import { watchBudget } from '../../../../src/audit/alerts/watch-budget.js';
import type { AuditEvent } from '../../../../src/audit/record.js';
import type { ModelBudget, ModelCost } from '../../../../src/domain/ports.js';
import { SwaliError } from '../../../../src/errors/swali-error.js';
import { endlessBudget, spentBudget } from '../../../support/budgets.js';
import { admin } from '../../../support/principals.js';
import { loginEvent, questionEvent } from '../audit-fixtures.js';

const GAP: Rule = { name: 'gap', kind: 'audit-gap', severity: 'critical', cool_down: 60_000 };
const REFUSALS: Rule = {
  ...{ name: 'refusals', kind: 'refusals-in-a-row', severity: 'info', cool_down: 1000 },
  ...{ threshold: 1, window: 1000 },
};
const gap = (writer: string) => signalGap([GAP], { reason: 'append-failed', writer, detail: 'x' }, 1000);

/** An engine over a state that does what it is told to. */
function open(apply: AlertState['apply']) {
  const lines: string[] = [];
  const write = (_: object, message: string) => void lines.push(message);
  const logger = { debug: write, info: write, warn: write, error: write };
  const sent: Alert[] = [];
  const channel = {
    recipients: [''],
    send: async (alert: Alert) => {
      sent.push(alert);
      return { taken: true } as const;
    },
  };
  const tally = createTally();
  const memory = createMemoryOutbox(3);
  const engine = createAlertEngine({
    ...{ rules: [GAP, REFUSALS], channels: new Map([['hook', channel]]), memory, logger, tally, pauseMs: 0 },
    state: { apply, sweep: async () => undefined },
    couriers: { stored: { wake() {} }, remembered: { wake() {} } },
    clock: () => 1000,
    newId: () => crypto.randomUUID(),
  });
  return { engine, lines, sent, tally, memory, channel, logger };
}

const away: AlertState['apply'] = async () => {
  throw new SwaliError('STORE_UNAVAILABLE');
};

describe('the engine', () => {
  it('drops what there is no room for, counts it and says so once', async () => {
    const { engine, lines, tally } = open(async () => ({ alerts: [], suppressed: 0 }));
    const refused = observe(
      { ...questionEvent('x'), decision: 'refused', code: 'SEAL_SYNTAX' } as ReturnType<typeof questionEvent>,
      null,
      1000,
    );
    for (let n = 0; n < 10_100; n += 1) engine.observe(refused);
    expect(tally.read().dropped).toBe(100);
    expect(lines).toEqual(['too much waits; alerts may be missing']);
    await engine.close();
    engine.observe(refused);
    expect(tally.read().dropped).toBe(100);
  });

  it('keeps what is an alert by itself where the store is away, once until it has cooled down, and no more than fits', async () => {
    const { engine, tally, memory, lines, channel, logger } = open(away);
    engine.report([...gap('a'), ...gap('a'), ...gap('b'), ...gap('c'), ...gap('d')]);
    engine.observe(observe(questionEvent('x'), null, 1000));
    await engine.close();
    expect(tally.read()).toMatchObject({ raised: { gap: 4 }, suppressed: 1, dropped: 2 });
    expect(lines.filter((line) => line.startsWith('alerts cannot be decided over'))).toHaveLength(1);
    const courier = startCourier({
      ...{ outbox: memory, channels: new Map([['hook', channel]]), attempts: 2, logger, tally, pollMs: 5 },
      times: { first_retry: 1, longest_retry: 1 },
      clock: () => 1000,
      random: () => 0,
    });
    await expect.poll(() => tally.read().delivered).toBe(3);
    await courier.close();
    expect(await memory.nextDueAt()).toBeNull();
  });

  it('never stands in the way of an answer', async () => {
    const { engine } = open(() => new Promise(() => undefined));
    const audit = watchAudit(
      { append: async (_event: AuditEvent) => undefined },
      { noted: (event) => engine.observe(observe(event, null, 1)), missed() {} },
    );
    await audit.append(questionEvent('x'));
  });
});

describe('a watched audit log', () => {
  it('tells of records that are durable, and of those that could not be made so', async () => {
    const told: string[] = [];
    class Log {
      #fails = false;
      async append(event: { readonly event: string }) {
        if (this.#fails) throw new SwaliError('AUDIT_UNAVAILABLE');
        told.push(`durable ${event.event}`);
      }
      break(): string {
        this.#fails = true;
        return 'broken';
      }
    }
    const log = watchAudit(new Log(), {
      noted: (event) => told.push(`noted ${event.event}`),
      missed: (event, error) => told.push(`missed ${event.event} ${error instanceof SwaliError}`),
    });
    await log.append(loginEvent(1));
    expect(log.break()).toBe('broken');
    await expect(log.append(loginEvent(2))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(told).toEqual(['durable login', 'noted login', 'missed login true']);
  });
});

it('tells of a budget that is spent, and hands on what the budget says', async () => {
  const spent: string[] = [];
  const principal = { ...admin(), subject: 'admin:5' };
  const most = { tokens: 5, money: 0 };
  const watch = (budget: ModelBudget) => watchBudget(budget, ({ subject }) => void spent.push(subject));
  const costs: ModelCost[] = [];
  const held = await watch(endlessBudget(costs)).reserve(principal, most);
  if ('settle' in held) await held.settle(most);
  expect([costs, spent]).toEqual([[most], []]);
  const running = { whenSpent: 'offline', isSpent: false, detail: 'held', retryAfterS: 5 } as const;
  expect(await watch({ reserve: async () => running }).reserve(principal, most)).toBe(running);
  expect(spent).toEqual([]);
  const refused = await watch(spentBudget('offline', 9)).reserve(principal, most);
  expect(refused).toMatchObject({ isSpent: true, whenSpent: 'offline', retryAfterS: 9 });
  expect(spent).toEqual(['admin:5']);
});
