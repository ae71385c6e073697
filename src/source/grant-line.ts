/** One right to read that an account holds, as SHOW GRANTS states it. */
export interface ReadRight {
  /** `*` for every database; where `relation` is null a pattern in which `_` and `%` stand for any characters. */
  readonly database: string;
  /** Table or view; null for every one, also those added later. */
  readonly relation: string | null;
  /** Null for every column, also those added later. */
  readonly columns: readonly string[] | null;
}

/** One right of a line: its name in capitals, and the columns that it is for; null where it is for no column in particular. */
export interface GrantedRight {
  readonly name: string;
  readonly columns: readonly string[] | null;
}

/** One line of SHOW GRANTS, taken apart. */
export type Grant =
  | {
      readonly kind: 'rights';
      readonly rights: readonly GrantedRight[];
      readonly database: string;
      /** `*` for every one. */
      readonly object: string;
      /** `FUNCTION`, `PROCEDURE` …; empty for tables. */
      readonly routine: string;
      readonly mayGrant: boolean;
    }
  | { readonly kind: 'roles'; readonly roles: readonly string[] }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown'; readonly line: string };

const QUOTED = '`(?:[^`]|``)*`';
/** Servers of today quote every name; older ones print columns bare. */
const COLUMN = `(?:${QUOTED}|[^\\s,()\`]+)`;
const RIGHT = `[A-Z_]+(?: [A-Z_]+)*(?: ?\\(${COLUMN}(?:, ?${COLUMN})*\\))?`;
const NAME = `(?:${QUOTED}|\\*|[^\\s.\`*]+)`;
// From the first character to the last before TO, name by name: a column may be called "x`) ON `other`.`t` TO ".
const RIGHTS_LINE = new RegExp(
  `^GRANT (${RIGHT}(?:, ?${RIGHT})*) ON (?:(TABLE|FUNCTION|PROCEDURE|PACKAGE|PACKAGE BODY) )?(${NAME})\\.(${NAME}) TO `,
  'i',
);
const ONE_RIGHT = new RegExp(`([A-Z_]+(?: [A-Z_]+)*)(?: ?\\((${COLUMN}(?:, ?${COLUMN})*)\\))?(?:, ?|$)`, 'giy');
const ROLE = `(?:${QUOTED}(?:@${QUOTED})?|[\\w-]+)`;
const ROLE_LINE = new RegExp(`^GRANT (${ROLE}(?:, ?${ROLE})*) TO `, 'i');

function unquote(name: string): string {
  return name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name;
}

function readRights(text: string): readonly GrantedRight[] {
  return [...text.matchAll(ONE_RIGHT)].map(([, name = '', columns]) => ({
    name: name.toUpperCase(),
    columns: columns === undefined ? null : (columns.match(new RegExp(COLUMN, 'g')) ?? []).map(unquote),
  }));
}

/** Reads one line of SHOW GRANTS; what it does not know is `unknown`, which is a fault. */
export function parseGrant(line: string): Grant {
  if (/^REVOKE /i.test(line) || /^SET DEFAULT ROLE /i.test(line)) return { kind: 'nothing' };
  const found = RIGHTS_LINE.exec(line);
  if (found) {
    const [whole, rights = '', kind = '', database = '', object = ''] = found;
    return {
      kind: 'rights',
      rights: readRights(rights),
      database: unquote(database),
      object: unquote(object),
      routine: kind.toUpperCase() === 'TABLE' ? '' : kind.toUpperCase(),
      mayGrant: / WITH .*GRANT OPTION/i.test(line.slice(whole.length)),
    };
  }
  const roles = ROLE_LINE.exec(line);
  return roles ? { kind: 'roles', roles: roles[1]!.match(new RegExp(ROLE, 'gi')) ?? [] } : { kind: 'unknown', line };
}

/** The rights to read in one line: those of SELECT, and of ALL PRIVILEGES, which holds it. */
export function readRightsOf(grant: Grant): readonly ReadRight[] {
  if (grant.kind !== 'rights' || grant.routine !== '') return [];
  return grant.rights
    .filter(({ name }) => name === 'SELECT' || name === 'ALL' || name === 'ALL PRIVILEGES')
    .map(({ columns }) => ({
      database: grant.database,
      relation: grant.object === '*' ? null : grant.object,
      columns,
    }));
}
