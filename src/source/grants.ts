import type { ResultValue } from '../domain/result-set.js';
import { SwaliError } from '../errors/swali-error.js';
import { type Grant, parseGrant, type ReadRight, readRightsOf } from './grant-line.js';
import { hasServerNumber } from './mysql-errors.js';

/** Rights that reading the one database needs. Everything else is a fault. */
const READING: ReadonlySet<string> = new Set(['USAGE', 'SELECT', 'SHOW VIEW']);

/** Whether a database pattern of a grant means this database alone. `\_` and `\%` are the characters themselves. */
function isOnlyDatabase(pattern: string, database: string, visible: readonly string[]): boolean {
  if (pattern === database && !/[%\\]/.test(pattern)) {
    // An unescaped _ stands for any character; it does no harm as long as no other database fits.
    const fits = new RegExp(`^${pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('_', '.')}$`, 'i');
    return !visible.some((name) => name !== database && fits.test(name));
  }
  return pattern.replace(/\\([_%\\])/g, '$1') === database && !/(?<!\\)(?:\\\\)*[_%]/.test(pattern);
}

/** Faults of the rights that one line gives. */
function judgeRights(
  grant: Extract<Grant, { readonly kind: 'rights' }>,
  database: string,
  visible: readonly string[],
): readonly string[] {
  const where = grant.database === '*' ? 'every database' : grant.database;
  const names = grant.rights.map(({ name }) => (grant.routine === '' ? name : `${name} ${grant.routine}`));
  const wide = names.filter((name) => !READING.has(name)).map((name) => `${name} on ${where}`);
  const reads = names.some((name) => name !== 'USAGE');
  // Only a grant on a whole database takes its name for a pattern.
  const isOwn = grant.object === '*' ? isOnlyDatabase(grant.database, database, visible) : grant.database === database;
  return [
    ...wide,
    ...(reads && !isOwn ? [`reading ${where}`] : []),
    ...(grant.mayGrant ? [`handing on its rights on ${where}`] : []),
  ];
}

/**
 * Judges what an account may do: one line for each right beyond reading the database.
 *
 * @param lines of SHOW GRANTS, with the lines of every role the account may take
 * @param database the one that the gateway reads
 * @param visible databases that the account sees
 * @returns faults in plain words; empty where the account can only read
 * @remarks A line that is not understood is a fault. What this does not see: rights that the server gives to everybody
 *   without a grant, such as reading information_schema.
 */
export function judgeGrants(lines: readonly string[], database: string, visible: readonly string[]): readonly string[] {
  return lines.map(parseGrant).flatMap((grant) => {
    // The rest of such a line may name a host or hold the hash of a password.
    if (grant.kind === 'unknown') return [`a grant that is not understood: ${grant.line.split(' TO ')[0]}`];
    return grant.kind === 'rights' ? judgeRights(grant, database, visible) : [];
  });
}

type Inspect = (sql: string) => Promise<readonly Readonly<Record<string, ResultValue>>[]>;

async function readLines(inspect: Inspect, sql: string): Promise<readonly string[]> {
  return (await inspect(sql)).map((row) => String(Object.values(row)[0]));
}

/** Texts that read the rights of the roles in some lines. */
function printRoleQueries(lines: readonly string[], dialect: 'mysql' | 'mariadb'): readonly string[] {
  const roles = lines.flatMap((line) => {
    const grant = parseGrant(line);
    return grant.kind === 'roles' ? grant.roles : [];
  });
  if (roles.length === 0) return [];
  // MySQL tells an account about roles that it was given; MariaDB only about the one that is active.
  return dialect === 'mysql'
    ? [`SHOW GRANTS FOR CURRENT_USER() USING ${roles.join(', ')}`]
    : roles.map((role) => `SHOW GRANTS FOR ${role}`);
}

/** What an account may do. */
export interface AccountGrants {
  /** What it may do beyond reading the database, sorted and each once; a role that cannot be read is one. */
  readonly faults: readonly string[];
  /** What it may read, as its grants and those of its roles and of everybody (PUBLIC) say. */
  readonly reads: readonly ReadRight[];
}

/**
 * Reads what the current account may do, through every role it was given (a role that is not active now could be taken
 * later), and judges it.
 *
 * @param inspect runs trusted text as that account
 * @throws SwaliError of `inspect`
 */
export async function readGrants(
  inspect: Inspect,
  dialect: 'mysql' | 'mariadb',
  database: string,
): Promise<AccountGrants> {
  const visible = await readLines(inspect, 'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA');
  const faults = new Set<string>();
  const reads: ReadRight[] = [];
  const seen = new Set<string>();
  const pending: string[] = ['SHOW GRANTS'];
  if (dialect === 'mariadb') pending.push('SHOW GRANTS FOR PUBLIC');
  for (let sql = pending.shift(); sql !== undefined; sql = pending.shift()) {
    if (seen.has(sql)) continue;
    seen.add(sql);
    let lines: readonly string[];
    try {
      lines = await readLines(inspect, sql);
    } catch (error) {
      if (!(error instanceof SwaliError) || !hasServerNumber(error.cause)) throw error;
      // Servers before PUBLIC was made have none; everything else that cannot be read is a fault.
      if (sql !== 'SHOW GRANTS FOR PUBLIC')
        faults.add(`what ${sql.replace(/^.* (?:FOR|USING) /, '')} may do cannot be read`);
      continue;
    }
    for (const fault of judgeGrants(lines, database, visible)) faults.add(fault);
    reads.push(...lines.flatMap((line) => readRightsOf(parseGrant(line))));
    pending.push(...printRoleQueries(lines, dialect));
  }
  return { faults: [...faults].sort(), reads };
}
