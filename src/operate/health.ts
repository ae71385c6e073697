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

/** Answers the probes. Liveness is having answered at all, so it has no function here. */
export interface Health {
  /** Runs every check with a time limit; never rejects and says nothing of why a check fails. */
  readiness(): Promise<Readiness>;
  /** From now on not ready: load balancers send no more. */
  drain(): void;
}

/**
 * @param checks run at each probe, side by side
 * @param timeoutMs a check that takes longer counts as failing
 */
export function createHealth(checks: readonly ReadinessCheck[], timeoutMs = 2000): Health {
  let draining = false;
  return {
    async readiness() {
      if (draining) return { ready: false, checks: { gateway: 'stopping' } };
      const results = await Promise.all(
        checks.map(async (check) => [check.name, (await passes(check, timeoutMs)) ? 'ok' : 'failing'] as const),
      );
      const needed = results.filter((_, index) => !checks[index]?.isOptional);
      return { ready: needed.every(([, result]) => result === 'ok'), checks: Object.fromEntries(results) };
    },
    drain() {
      draining = true;
    },
  };
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
