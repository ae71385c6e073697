import type { ResultValue } from '../domain/result-set.js';
import { SwaliError } from '../errors/swali-error.js';
import { hasServerNumber } from './mysql-errors.js';

/** Rights that reading the one database needs. Everything else is a fault. */
const READING: ReadonlySet<string> = new Set(['USAGE', 'SELECT', 'SHOW VIEW']);

/** One line of SHOW GRANTS, taken apart. */
type Grant =
  | {
      readonly kind: 'rights';
      readonly rights: readonly string[];
      readonly database: string;
      readonly mayGrant: boolean;
    }
  | { readonly kind: 'role'; readonly role: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown'; readonly line: string };

/** The rights before ON: split at commas outside parentheses, column lists dropped. */
function splitRights(text: string): readonly string[] {
  return text
    .replace(/\([^)]*\)/g, '')
    .split(',')
    .map((right) => right.trim().toUpperCase())
    .filter((right) => right !== '');
}

const IDENTIFIER = '(?:`(?:[^`]|``)*`|\\*|[^\\s.`*]+)';
const RIGHTS_LINE = new RegExp(
  `^GRANT (.+?) ON (TABLE |FUNCTION |PROCEDURE |PACKAGE |PACKAGE BODY )?(${IDENTIFIER})\\.(${IDENTIFIER}) TO `,
  'i',
);
const ROLE_LINE = /^GRANT ((?:`(?:[^`]|``)*`(?:@`(?:[^`]|``)*`)?(?:, ?)?)+|[\w-]+) TO /i;

function unquote(name: string): string {
  return name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name;
}

/** Reads one line of SHOW GRANTS; what it does not know is `unknown`, which is a fault. */
function parseGrant(line: string): Grant {
  if (/^REVOKE /i.test(line) || /^SET DEFAULT ROLE /i.test(line)) return { kind: 'nothing' };
  const rights = RIGHTS_LINE.exec(line);
  if (rights) {
    const routine = (rights[2] ?? '').trim().toUpperCase();
    const mayGrant = / WITH .*GRANT OPTION/i.test(line.slice(rights[0].length));
    const granted = splitRights(rights[1]!).map((right) =>
      routine === '' || routine === 'TABLE' ? right : `${right} ${routine}`,
    );
    return { kind: 'rights', rights: granted, database: unquote(rights[3]!), mayGrant };
  }
  const role = ROLE_LINE.exec(line);
  return role ? { kind: 'role', role: role[1]! } : { kind: 'unknown', line };
}

/** Whether a database pattern of a grant means this database alone. `\_` and `\%` are the characters themselves. */
function isOnlyDatabase(pattern: string, database: string, visible: readonly string[]): boolean {
  if (pattern === database && !/[%\\]/.test(pattern)) {
    // An unescaped _ stands for any character; it does no harm as long as no other database fits.
    const fits = new RegExp(`^${pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('_', '.')}$`, 'i');
    return !visible.some((name) => name !== database && fits.test(name));
  }
  return pattern.replace(/\\([_%\\])/g, '$1') === database && !/(?<!\\)(?:\\\\)*[_%]/.test(pattern);
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
  return lines.flatMap((line) => {
    const grant = parseGrant(line);
    if (grant.kind === 'nothing' || grant.kind === 'role') return [];
    // The rest of such a line may name a host or hold the hash of a password.
    if (grant.kind === 'unknown') return ['a grant that is not understood: ' + grant.line.split(' TO ')[0]];
    const where = grant.database === '*' ? 'every database' : grant.database;
    const wide = grant.rights.filter((right) => !READING.has(right)).map((right) => `${right} on ${where}`);
    const reads = grant.rights.some((right) => right !== 'USAGE');
    const foreign = reads && !isOnlyDatabase(grant.database, database, visible) ? [`reading ${where}`] : [];
    return [...wide, ...foreign, ...(grant.mayGrant ? [`handing on its rights on ${where}`] : [])];
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
    return grant.kind === 'role' ? (grant.role.match(/`(?:[^`]|``)*`(?:@`(?:[^`]|``)*`)?|[\w-]+/g) ?? []) : [];
  });
  if (roles.length === 0) return [];
  // MySQL tells an account about roles that it was given; MariaDB only about the one that is active.
  return dialect === 'mysql'
    ? [`SHOW GRANTS FOR CURRENT_USER() USING ${roles.join(', ')}`]
    : roles.map((role) => `SHOW GRANTS FOR ${role}`);
}

/**
 * Reads what the current account may do, through every role it was given (a role that is not active now could be taken
 * later), and judges it.
 *
 * @param inspect runs trusted text as that account
 * @returns faults, sorted and each once; a role that cannot be read is one
 * @throws SwaliError of `inspect`
 */
export async function readGrantFaults(
  inspect: Inspect,
  dialect: 'mysql' | 'mariadb',
  database: string,
): Promise<readonly string[]> {
  const visible = await readLines(inspect, 'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA');
  const faults = new Set<string>();
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
    pending.push(...printRoleQueries(lines, dialect));
  }
  return [...faults].sort();
}
