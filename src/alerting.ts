import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { readAlertPlan } from './alert-channels.js';
import type { Alert, AlertCounts } from './audit/alerts/alert.js';
import { createAlertState } from './audit/alerts/alert-state.js';
import { type Courier, startCourier } from './audit/alerts/courier.js';
import { createDigestKey } from './audit/alerts/digest-key.js';
import { createAlertEngine } from './audit/alerts/engine.js';
import { forgetAccount } from './audit/alerts/known-things.js';
import { createMemoryOutbox } from './audit/alerts/memory-outbox.js';
import { accountKey, observe } from './audit/alerts/observation.js';
import { type AlertOutbox, createStoreOutbox } from './audit/alerts/outbox.js';
import { type AuditGap, signalBudget, signalGap, signalGrants } from './audit/alerts/reports.js';
import { createTally } from './audit/alerts/tally.js';
import { watchAudit } from './audit/alerts/watch-audit.js';
import { watchBudget } from './audit/alerts/watch-budget.js';
import type { GuardedAuditLog } from './audit/guarded-log.js';
import type { ModelBudget } from './domain/ports.js';
import type { Tenant } from './domain/tenant.js';
import type { Records, Surroundings } from './gateway.js';
import { chance } from './gateway.js';
import { createRequestOrigins } from './http/request-origin.js';
import { readStoreKey } from './store-key.js';

/** Deliveries that wait in memory at most, while the store cannot be written. */
const MAX_REMEMBERED = 100;

/** Alerts over what the gateway does. */
export interface Alerting {
  /** The audit log, watched: what is appended to it is judged once it is durable. */
  readonly audit: GuardedAuditLog;
  /** Must run right behind the context of each request. */
  readonly rememberOrigin: RequestHandler;
  /** The budget of the model, watched. */
  readonly watchBudget: (budget: ModelBudget) => ModelBudget;
  /** Something is wrong with the audit log. Returns at once and never throws. */
  readonly reportGap: (gap: AuditGap) => void;
  /** Accounts of the source may do more than they need; none where all is well. Returns at once and never throws. */
  readonly reportGrants: (rights: readonly string[]) => void;
  readonly counts: () => AlertCounts;
  /** Decides over what waits, ends what runs; what is not delivered yet stays in the store. */
  close(): Promise<void>;
}

/**
 * Starts the watch over the audit log and the deliveries of what it finds.
 *
 * @param options.pauseMs between two decisions; what comes meanwhile is decided over together
 * @param options.pollMs longest time without a look at the outbox
 * @throws SwaliError `SETTINGS_INVALID` for the faults of `ALERTS_FILE`, and as {@link readStoreKey}
 */
export function openAlerting(
  surroundings: Surroundings,
  records: Pick<Records, 'store' | 'audit'>,
  options: { readonly pauseMs?: number; readonly pollMs?: number } = {},
): Alerting {
  const { settings, clock, logger } = surroundings;
  const { store } = records;
  const { rules, channels, delivery } = readAlertPlan(settings, logger, surroundings.metrics);
  const tally = createTally();
  const digestOf = createDigestKey(readStoreKey(surroundings));
  const memory = createMemoryOutbox(MAX_REMEMBERED);
  const start = (outbox: AlertOutbox): Courier =>
    startCourier({
      ...{ outbox, channels, clock, logger, tally, attempts: delivery.attempts, times: delivery },
      random: chance,
      ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }),
    });
  const couriers = { stored: start(createStoreOutbox({ store, newId: randomUUID })), remembered: start(memory) };
  const engine = createAlertEngine({
    ...{ rules, channels, couriers, memory, clock, logger, tally, newId: randomUUID },
    state: createAlertState({ store, digestOf, newId: randomUUID }),
    ...(options.pauseMs === undefined ? {} : { pauseMs: options.pauseMs }),
  });
  const { countryHeader, trustProxy } = settings;
  const origins = createRequestOrigins({ countryHeader, trustProxy });
  const reportGap = (gap: AuditGap): void => engine.report(signalGap(rules, gap, clock()));
  const audit = watchAudit(records.audit, {
    noted: (event) => engine.observe(observe(event, origins.current(), clock())),
    missed: ({ requestId }) =>
      reportGap({ reason: 'append-failed', writer: null, detail: 'a record could not be written', requestId }),
  });
  return Object.freeze({
    audit,
    rememberOrigin: origins.remember,
    watchBudget: (budget) => watchBudget(budget, (principal) => engine.report(signalBudget(rules, principal, clock()))),
    reportGap,
    reportGrants: (rights) => engine.report(signalGrants(rules, rights, clock())),
    counts: tally.read,
    async close() {
      await engine.close();
      await Promise.all([couriers.stored.close(), couriers.remembered.close()]);
    },
  } satisfies Alerting);
}

/**
 * Forgets what alerts remember of an account that was erased by a command, which nothing watches.
 *
 * @throws SwaliError `STORE_UNAVAILABLE`, and as {@link readStoreKey}
 */
export async function forgetAlertsOf(
  surroundings: Pick<Surroundings, 'settings'>,
  { store }: Pick<Records, 'store'>,
  tenant: Tenant,
  subject: string,
): Promise<void> {
  const digestOf = createDigestKey(readStoreKey(surroundings));
  await store.run((db) => forgetAccount(db, digestOf, accountKey(tenant, subject)));
}

/** An alert that says that it is none. */
export function makeTestAlert(now: number): Alert {
  return {
    id: randomUUID(),
    rule: 'test',
    kind: 'test',
    severity: 'info',
    at: now,
    tenant: null,
    subject: null,
    address: null,
    requestId: null,
    summary: 'this is a test of the way of alerts; nothing has happened',
    facts: {},
    suppressed: 0,
  };
}
