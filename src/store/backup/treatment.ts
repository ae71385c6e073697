import type { StoreTables } from '../tables.js';

/**
 * What becomes of each table of the store in a backup. `left-out` is what means nothing elsewhere or later: sign-ins that
 * are under way, what alerts count just now, and who made the last backup. A table that is not named here does not compile, and stops a backup.
 */
export const TREATMENT: Readonly<Record<keyof StoreTables, 'copied' | 'left-out'>> = {
  tenants: 'copied',
  admins: 'copied',
  employees: 'copied',
  customers: 'copied',
  sessions: 'copied',
  refresh_tokens: 'copied',
  api_keys: 'copied',
  employee_groups: 'copied',
  employee_group_members: 'copied',
  second_factors: 'copied',
  recovery_codes: 'copied',
  sign_in_attempts: 'copied',
  mailed_tokens: 'copied',
  usage_counters: 'copied',
  external_identities: 'copied',
  sso_flows: 'left-out',
  sso_replays: 'copied',
  audit_records: 'copied',
  audit_heads: 'copied',
  audit_subject_keys: 'copied',
  audit_checkpoints: 'copied',
  audit_archives: 'copied',
  kept_secrets: 'copied',
  alert_known: 'copied',
  alert_deliveries: 'copied',
  alert_counts: 'left-out',
  alert_cool_downs: 'left-out',
  erasures: 'copied',
  verified_questions: 'copied',
  backup_turns: 'left-out',
  reports: 'copied',
  report_readers: 'copied',
  report_runs: 'copied',
  conversations: 'copied',
  turns: 'copied',
};

/** The migrator's own; which migrations ran stands in the head of the backup instead. */
const OF_THE_MIGRATOR = ['kysely_migration', 'kysely_migration_lock'];

/** What becomes of a table that the database has; null where it is none of ours. */
export function treatmentOf(table: string): 'copied' | 'left-out' | null {
  if (OF_THE_MIGRATOR.includes(table)) return 'left-out';
  return Object.hasOwn(TREATMENT, table) ? TREATMENT[table as keyof StoreTables] : null;
}
