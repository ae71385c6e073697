/** One thing that the gateway answers with. Rejects where it is not there. */
export interface ReadinessCheck {
  readonly name: string;
  run(): Promise<void>;
  /** True for what requests can do without: it is shown, and failing makes nothing unready. */
  readonly isOptional?: boolean;
}

/** Whether the gateway should get requests now. */
export interface Readiness {
  readonly ready: boolean;
  /** By name of the check; `stopping` while the gateway drains. */
  readonly checks: Readonly<Record<string, 'ok' | 'failing' | 'stopping'>>;
}

/** One check that was made, and how long it took. */
export interface CheckedDependency {
  readonly name: string;
  readonly ok: boolean;
  readonly isOptional: boolean;
  readonly latencyMs: number;
}

/** Answers the probes. */
export interface Health {
  /** False where the event loop runs late: the process should be started anew. */
  isAlive(): boolean;
  /** What the checks say, each with a time limit; never rejects and says nothing of why a check fails. */
  readiness(): Promise<Readiness>;
  /** The same in full, for operators; goes on while the gateway drains. */
  measure(): Promise<readonly CheckedDependency[]>;
  /** True from {@link drain} on. */
  isStopping(): boolean;
  /** From now on not ready: load balancers send no more. */
  drain(): void;
}

/** How checks are made. */
export interface HealthOptions {
  /** A check that takes longer counts as failing. Milliseconds. */
  readonly timeoutMs?: number;
  /**
   * How long an outcome is told again, in milliseconds: whoever asks more often, and anybody may, costs the databases
   * nothing.
   */
  readonly keepMs?: number;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
  /** Lateness of the event loop in milliseconds, and the most that it may be. */
  readonly loop?: { readonly lateMs: () => number; readonly mostMs: number };
}

/** @param checks made side by side, once for all who ask within `keepMs` */
export function createHealth(checks: readonly ReadinessCheck[], options: HealthOptions = {}): Health {
  const { timeoutMs = 2000, keepMs = 1000, now = () => performance.now(), loop } = options;
  let draining = false;
  let kept: { readonly at: number; readonly outcome: Promise<readonly CheckedDependency[]> } | null = null;

  /** The age counts from when the checks ended: those who come while they run get what they find. */
  function measure(): Promise<readonly CheckedDependency[]> {
    if (kept && now() - kept.at < keepMs) return kept.outcome;
    const outcome = Promise.all(checks.map((check) => make(check, timeoutMs, now)));
    kept = { at: Number.POSITIVE_INFINITY, outcome };
    void outcome.then(() => {
      kept = { at: now(), outcome };
    });
    return outcome;
  }

  return {
    isAlive: () => loop === undefined || loop.lateMs() <= loop.mostMs,
    async readiness() {
      if (draining) return { ready: false, checks: { gateway: 'stopping' } };
      const made = await measure();
      return {
        ready: made.every(({ ok, isOptional }) => ok || isOptional),
        checks: Object.fromEntries(made.map(({ name, ok }) => [name, ok ? 'ok' : 'failing'] as const)),
      };
    },
    measure,
    isStopping: () => draining,
    drain() {
      draining = true;
    },
  };
}

async function make(check: ReadinessCheck, timeoutMs: number, now: () => number): Promise<CheckedDependency> {
  const beganAt = now();
  const ok = await passes(check, timeoutMs);
  const latencyMs = Math.round((now() - beganAt) * 1000) / 1000;
  return { name: check.name, ok, isOptional: check.isOptional ?? false, latencyMs };
}

async function passes(check: ReadinessCheck, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([check.run().then(() => true), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
