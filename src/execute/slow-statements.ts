import { digestText } from '../domain/digest-text.js';
import type { Logger, Metrics } from '../domain/ports.js';
import type { SealedStatement } from '../domain/sealed-statement.js';
import type { Source } from '../source/source.js';
import type { WatchStatements } from './execute.js';
import { withholdLiterals } from './withhold-literals.js';

/** Plans read in any minute at most: a source that is slow anyway must not get more to do. */
const PLANS_PER_MINUTE = 6;
const MINUTE_MS = 60_000;
/** Longest reading of one plan, in milliseconds. */
const PLAN_TIMEOUT_MS = 1000;
/** How long after the statement its plan is read, in milliseconds: its answer has mostly left by then. */
const PLAN_DELAY_MS = 100;

/** Why a line has no plan. */
type Missing = 'enough for this minute' | 'another is being read' | 'no idle connection' | 'refused';

/** What slow statements are watched with. */
export interface SlowStatementsDeps {
  readonly source: Pick<Source, 'explain'>;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'slowQuery'>;
  /** What takes longer is slow, in milliseconds. */
  readonly slowMs: number;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Calls once after so many milliseconds. */
  readonly later: (ms: number, work: () => void) => void;
}

/**
 * Logs and counts statements that take long, each with how the engine means to run it. In the log stand names, never
 * values: each literal is a `?`, and so is each parameter.
 *
 * The plan is read after the answer has left, on a connection that nobody uses, one at a time, and a few a minute. It tells
 * about hidden rows, as any estimate does: it goes to the log and nowhere else.
 */
export function createSlowStatements(deps: SlowStatementsDeps): WatchStatements {
  let minuteBegan = Number.NEGATIVE_INFINITY;
  let plans = 0;
  let reading = false;

  /** Why no plan may be read now; null where one may. */
  function whyNot(): Missing | null {
    if (reading) return 'another is being read';
    if (deps.now() - minuteBegan >= MINUTE_MS) {
      minuteBegan = deps.now();
      plans = 0;
    }
    plans += 1;
    return plans > PLANS_PER_MINUTE ? 'enough for this minute' : null;
  }

  async function readPlan(statement: SealedStatement): Promise<readonly unknown[] | Missing> {
    const parameters = statement.parameters.map(({ value }) => value);
    const { sql, kind, dialect } = statement;
    try {
      const plan = await deps.source.explain({ sql, parameters, kind, timeoutMs: PLAN_TIMEOUT_MS });
      if (plan === null) return 'no idle connection';
      const withhold = (value: unknown) => (typeof value === 'string' ? withholdLiterals(value, dialect) : value);
      return plan.map((step) =>
        Object.fromEntries(Object.entries(step).map(([name, value]) => [name, withhold(value)])),
      );
    } catch {
      return 'refused';
    }
  }

  return ({ statement, ms, rows, code }) => {
    // Whoever waited for a connection in vain has run nothing.
    if (ms <= deps.slowMs || code === 'EXECUTE_BUSY') return;
    deps.metrics.slowQuery(statement.kind);
    const sql = withholdLiterals(statement.sql, statement.dialect);
    const fields = {
      sql,
      sqlDigest: digestText(sql),
      relations: statement.provenance.relations,
      kind: statement.kind,
      durationMs: Math.round(ms * 1000) / 1000,
      rowCount: rows,
      code,
    };
    const tell = (plan: readonly unknown[] | Missing): void =>
      deps.logger.warn(
        typeof plan === 'string' ? { ...fields, plan: null, planMissing: plan } : { ...fields, plan },
        'a statement was slow',
      );
    const missing = whyNot();
    if (missing !== null) return tell(missing);
    reading = true;
    deps.later(PLAN_DELAY_MS, () => {
      void readPlan(statement).then((plan) => {
        reading = false;
        tell(plan);
      });
    });
  };
}
