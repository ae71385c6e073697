/** What every session of a server is set to before its first statement, so that text means what the printer meant. */
export interface SessionPins {
  readonly dialect: 'mysql' | 'mariadb';
  /** The server's default collation of utf8mb4: literals with an introducer have it, so parameters must have it too. */
  readonly collation: string;
  /** Fixed offset or a zone that the server knows. */
  readonly timeZone: string;
  /** Settings of the optimiser, `name=off,…`, for comparing what it gives under each; the server's own where absent. */
  readonly optimizerSwitch?: string;
}

/** Without ONLY_FULL_GROUP_BY (grouping is checked before), ANSI_QUOTES, PIPES_AS_CONCAT and NO_BACKSLASH_ESCAPES. */
export const SQL_MODE = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

/** Longest GROUP_CONCAT, in bytes; the server's default cuts at 1 KiB or 1 MiB without an error. */
const GROUP_CONCAT_BYTES = 1024 * 1024;
/** Longest wait for a lock, in seconds. */
const LOCK_WAIT_S = 5;
/** Most rounds of a recursive CTE, the same on both. */
const RECURSION_ROUNDS = 10_000;

/**
 * The statements that pin a session. Values are written here or checked by a pattern before they are quoted.
 *
 * - `sql_big_selects`: MAX_JOIN_SIZE refuses by an estimate that knows hidden rows
 * - `transaction_read_only` stops DDL and writes; what it does not stop (OUTFILE, locks) the account's grants must
 *
 * @throws Error where the collation or the zone is not made of the characters of such names
 */
export function printSessionPins({ dialect, collation, timeZone, optimizerSwitch }: SessionPins): readonly string[] {
  if (!/^utf8mb4_\w+$/.test(collation)) throw new Error(`not a collation of utf8mb4: ${collation}`);
  if (!/^[\w+:/-]+$/.test(timeZone)) throw new Error('not a time zone');
  if (optimizerSwitch !== undefined && !/^[a-z_=,]+$/.test(optimizerSwitch)) throw new Error('not an optimizer switch');
  const common = {
    sql_mode: `'${SQL_MODE}'`,
    time_zone: `'${timeZone}'`,
    sql_big_selects: '1',
    sql_select_limit: '18446744073709551615',
    group_concat_max_len: String(GROUP_CONCAT_BYTES),
    lock_wait_timeout: String(LOCK_WAIT_S),
    innodb_lock_wait_timeout: String(LOCK_WAIT_S),
    sql_auto_is_null: '0',
    div_precision_increment: '4',
    default_week_format: '0',
    lc_time_names: `'en_US'`,
    autocommit: '1',
  };
  const own =
    dialect === 'mariadb'
      ? { tx_read_only: '1', max_recursive_iterations: String(RECURSION_ROUNDS) }
      : {
          transaction_read_only: '1',
          cte_max_recursion_depth: String(RECURSION_ROUNDS),
          windowing_use_high_precision: 'ON',
        };
  const settings = Object.entries({
    ...common,
    ...own,
    ...(optimizerSwitch ? { optimizer_switch: `'${optimizerSwitch}'` } : {}),
  }).map(([name, value]) => `SESSION ${name} = ${value}`);
  return [`SET NAMES utf8mb4 COLLATE ${collation}`, `SET ${settings.join(', ')}`];
}

/** Sets the server's own time limit of the session's next statements. */
export function printTimeLimit(dialect: 'mysql' | 'mariadb', timeoutMs: number): string {
  const ms = Math.max(1, Math.ceil(timeoutMs));
  return dialect === 'mariadb'
    ? `SET SESSION max_statement_time = ${(ms / 1000).toFixed(3)}`
    : `SET SESSION max_execution_time = ${ms}`;
}
