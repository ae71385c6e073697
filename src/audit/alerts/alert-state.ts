import type { Store, StoreDatabase } from '../../store/store.js';
import type { Alert, AlertAbout, AlertFacts } from './alert.js';
import type { Rule } from './alert-file.js';
import { beginCoolDown } from './cool-down.js';
import { addToWindow, type Counted, carryOnStreak, meanOfEarlier, sumWindow } from './count-window.js';
import type { DigestKey } from './digest-key.js';
import { groupSignals, type SignalGroup } from './group-signals.js';
import { forgetAccount, rememberThing } from './known-things.js';
import { addDeliveries, type Delivery, dropDeadDeliveries } from './outbox.js';
import type { Signal, SignalOf } from './signal.js';

/** What a rule has found; it becomes an alert unless an equal one was made lately. */
interface Finding {
  readonly rule: Rule;
  readonly key: readonly string[];
  readonly about: AlertAbout;
  readonly at: number;
  readonly summary: string;
  readonly facts: AlertFacts;
}

/** What came of some signals. */
export interface Applied {
  readonly alerts: readonly Alert[];
  /** Findings that a cool-down held back. */
  readonly suppressed: number;
}

/** Where what rules count and remember is kept: the same for every replica, and over restarts. */
export interface AlertState {
  /**
   * Counts, remembers and decides, and writes the deliveries of what comes of it down, all in one transaction.
   *
   * @param addressed the deliveries of an alert
   * @throws SwaliError `STORE_UNAVAILABLE`; then nothing was counted
   */
  apply(
    signals: readonly Signal[],
    addressed: (alert: Alert, rule: Rule) => readonly Omit<Delivery, 'attempts'>[],
  ): Promise<Applied>;
  /** Forgets what is old. Never throws. */
  sweep(now: number): Promise<void>;
}

/** @param deps.digestOf keyed digests, the same for every replica */
export function createAlertState(deps: {
  readonly store: Store;
  readonly digestOf: DigestKey;
  readonly newId: () => string;
}): AlertState {
  const { store, digestOf, newId } = deps;

  async function judge(db: StoreDatabase, group: SignalGroup): Promise<Finding | null> {
    const [first] = group;
    switch (first.type) {
      case 'count':
        return judgeCount(db, group as SignalGroup<'count'>);
      case 'streak':
        return judgeStreak(db, group as SignalGroup<'streak'>);
      case 'volume':
        return judgeVolume(db, group as SignalGroup<'volume'>);
      case 'known':
        return (await rememberThing(store, db, digestOf, first)) ? describeKnown(first) : null;
      case 'fire':
        return toFinding(first, first.summary, first.facts);
      case 'forget':
        await forgetAccount(db, digestOf, first.account);
        return null;
    }
  }

  function countedOf({ rule, key, tenant }: SignalOf<'count' | 'streak' | 'volume'>): Counted {
    const keepMs = rule.kind === 'sudden-volume' ? rule.baseline : rule.window;
    return { digest: digestOf('count', rule.name, ...key), rule, tenant, windowMs: rule.window, keepMs };
  }

  async function judgeCount(db: StoreDatabase, group: SignalGroup<'count'>): Promise<Finding | null> {
    const { last, counted } = lastOf(group, countedOf);
    await addToWindow(store, db, counted, group.length, last.at);
    const count = await sumWindow(db, counted, last.at);
    const { threshold, window, per } = last.rule;
    if (count < threshold) return null;
    const whose = per === 'account' ? `of ${last.subject}` : `from ${last.address}`;
    const summary = `${count} failed sign-ins ${whose} within ${describeSpan(window)}`;
    return toFinding(last, summary, { count, threshold, window_s: window / 1000 });
  }

  async function judgeStreak(db: StoreDatabase, group: SignalGroup<'streak'>): Promise<Finding | null> {
    const { counted } = lastOf(group, countedOf);
    const runs = [0];
    for (const { broken } of group) {
      if (broken) runs.push(0);
      else runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
    }
    const refused = group.findLast(({ broken }) => !broken);
    const count = await carryOnStreak(store, db, counted, runs, (refused ?? group[0]).at);
    if (!refused || count < refused.rule.threshold) return null;
    const { threshold, window } = refused.rule;
    const summary = `${count} refusals in a row of ${refused.subject}`;
    return toFinding(refused, summary, { count, threshold, window_s: window / 1000 });
  }

  async function judgeVolume(db: StoreDatabase, group: SignalGroup<'volume'>): Promise<Finding | null> {
    const { last, counted } = lastOf(group, countedOf);
    const added = group.reduce((sum, { amount }) => sum + amount, 0);
    await addToWindow(store, db, counted, added, last.at);
    const count = await sumWindow(db, counted, last.at);
    const { measure, minimum, factor, window } = last.rule;
    if (count < minimum) return null;
    const usual = await meanOfEarlier(db, counted, last.at);
    if (count < usual * factor) return null;
    const summary = `${count} ${measure} of ${last.subject} within ${describeSpan(window)}, usually ${Math.round(usual)}`;
    return toFinding(last, summary, { count, usual: Math.round(usual), minimum, factor, window_s: window / 1000 });
  }

  async function raise(db: StoreDatabase, finding: Finding): Promise<Alert | null> {
    const { rule, key, about, at, summary, facts } = finding;
    const digest = digestOf('cool-down', rule.name, ...key);
    const suppressed = await beginCoolDown(store, db, { digest, rule, tenant: about.tenant }, at);
    if (suppressed === null) return null;
    const { name, kind, severity } = rule;
    return { id: newId(), rule: name, kind, severity, at, ...about, summary, facts, suppressed };
  }

  return Object.freeze({
    async apply(signals, addressed) {
      const groups = groupSignals(signals);
      return store.transaction(async (db) => {
        const alerts: Alert[] = [];
        let suppressed = 0;
        for (const group of groups) {
          const finding = await judge(db, group);
          const alert = finding && (await raise(db, finding));
          if (finding && !alert) suppressed += 1;
          if (!finding || !alert) continue;
          alerts.push(alert);
          await addDeliveries(db, addressed(alert, finding.rule), alert.at);
        }
        return { alerts, suppressed };
      });
    },
    async sweep(now) {
      await store
        .run(async (db) => {
          await db.deleteFrom('alert_counts').where('expires_at', '<=', now).execute();
          await db.deleteFrom('alert_known').where('expires_at', '<=', now).execute();
          // What was held back is told by the next alert, for a day more.
          await db
            .deleteFrom('alert_cool_downs')
            .where('until_at', '<=', now - 86_400_000)
            .execute();
          await dropDeadDeliveries(db, now);
        })
        .catch(() => undefined);
    },
  } satisfies AlertState);
}

function lastOf<S, C>(
  group: readonly [S, ...S[]],
  countedOf: (signal: S) => C,
): { readonly last: S; readonly counted: C } {
  const last = group.at(-1) ?? group[0];
  return { last, counted: countedOf(last) };
}

function describeKnown(signal: SignalOf<'known'>): Finding {
  const { subject, rule, facts, thing } = signal;
  const summary =
    rule.kind === 'new-country'
      ? `${subject} signed in from a country that is new to the account: ${facts.country}`
      : `${subject} signed in with a device that is new to the account`;
  // Each new thing is an alert of its own.
  return { ...toFinding(signal, summary, facts), key: [...signal.key, thing] };
}

function toFinding(
  { rule, key, at, tenant, subject, address, requestId }: Exclude<Signal, { type: 'forget' }>,
  summary: string,
  facts: AlertFacts,
): Finding {
  return { rule, key, at, about: { tenant, subject, address, requestId }, summary, facts };
}

function describeSpan(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}
