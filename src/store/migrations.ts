import { type Kysely, type Migration, sql } from 'kysely';

/** Column types that the two families of engine spell differently. */
interface TypeNames {
  readonly autoId: string;
  readonly id: string;
  readonly count: string;
  readonly text: (length: number) => string;
  readonly longText: string;
  /** After the closing parenthesis of CREATE TABLE. */
  readonly suffix: string;
}

const SQLITE_TYPES: TypeNames = {
  autoId: 'integer primary key autoincrement',
  id: 'integer',
  count: 'integer',
  text: (length) => `text check (length("%") <= ${length})`,
  longText: 'text',
  suffix: '',
};

const MYSQL_TYPES: TypeNames = {
  autoId: 'bigint not null auto_increment primary key',
  id: 'bigint',
  count: 'bigint',
  text: (length) => `varchar(${length})`,
  longText: 'mediumtext',
  suffix: ' engine = InnoDB default character set utf8mb4 collate utf8mb4_bin',
};

type Families = 'sqlite' | 'mysql';

/** Runs one statement of trusted text. */
async function run(db: Kysely<unknown>, text: string): Promise<void> {
  await sql.raw(text).execute(db);
}

function typesOf(family: Families): TypeNames {
  return family === 'sqlite' ? SQLITE_TYPES : MYSQL_TYPES;
}

/** A text column of bounded length; longer text is an error on both families. */
function textColumn(types: TypeNames, name: string, length: number, rest: string): string {
  return `${name} ${types.text(length).replace('%', name)} ${rest}`;
}

async function createAccountTables(db: Kysely<unknown>, types: TypeNames): Promise<void> {
  const own: Readonly<Record<string, readonly string[]>> = {
    admins: [],
    employees: [textColumn(types, 'role', 32, 'not null'), `allow_tables ${types.longText} not null`],
    customers: [textColumn(types, 'customer_number', 190, 'null unique')],
  };
  for (const [table, columns] of Object.entries(own)) {
    const all = [
      `id ${types.autoId}`,
      textColumn(types, 'identifier', 254, 'not null unique'),
      textColumn(types, 'password_hash', 100, 'not null'),
      textColumn(types, 'status', 16, 'not null'),
      textColumn(types, 'tier', 32, 'not null'),
      `claims ${types.longText} not null`,
      `created_at ${types.count} not null`,
      ...columns,
    ];
    await run(db, `create table if not exists ${table} (${all.join(', ')})${types.suffix}`);
  }
}

async function createSessionTables(db: Kysely<unknown>, types: TypeNames): Promise<void> {
  const sessions = [
    textColumn(types, 'id', 64, 'not null primary key'),
    textColumn(types, 'kind', 16, 'not null'),
    `account_id ${types.id} not null`,
    textColumn(types, 'address', 190, 'not null'),
    `created_at ${types.count} not null`,
    `ended_at ${types.count} null`,
    textColumn(types, 'ended_by', 16, 'null'),
    'unique (kind, account_id, id)',
  ];
  const refreshTokens = [
    textColumn(types, 'digest', 64, 'not null primary key'),
    textColumn(types, 'session_id', 64, 'not null'),
    `created_at ${types.count} not null`,
    `expires_at ${types.count} not null`,
    `used_at ${types.count} null`,
    'unique (session_id, digest)',
    'foreign key (session_id) references sessions (id)',
  ];
  await run(db, `create table if not exists sessions (${sessions.join(', ')})${types.suffix}`);
  await run(db, `create table if not exists refresh_tokens (${refreshTokens.join(', ')})${types.suffix}`);
}

async function createAuditTables(db: Kysely<unknown>, types: TypeNames): Promise<void> {
  const records = [
    `id ${types.autoId}`,
    textColumn(types, 'writer', 64, 'not null'),
    `sequence ${types.count} not null`,
    `at ${types.count} not null`,
    textColumn(types, 'event', 32, 'not null'),
    `body ${types.longText} not null`,
    textColumn(types, 'previous_hash', 64, 'not null'),
    textColumn(types, 'hash', 64, 'not null'),
    'unique (writer, sequence)',
  ];
  const heads = [
    textColumn(types, 'writer', 64, 'not null primary key'),
    `sequence ${types.count} not null`,
    textColumn(types, 'hash', 64, 'not null'),
  ];
  await run(db, `create table if not exists audit_records (${records.join(', ')})${types.suffix}`);
  await run(db, `create table if not exists audit_heads (${heads.join(', ')})${types.suffix}`);
}

/** One factor for each account at most; `pending_secret` waits to be confirmed while `secret` stays in force. */
async function createSecondFactorTables(db: Kysely<unknown>, types: TypeNames): Promise<void> {
  const account = [textColumn(types, 'kind', 16, 'not null'), `account_id ${types.id} not null`];
  const factors = [
    ...account,
    textColumn(types, 'secret', 190, 'null'),
    textColumn(types, 'pending_secret', 190, 'null'),
    `confirmed_at ${types.count} null`,
    `last_step ${types.count} not null`,
    `wrong_codes ${types.count} not null`,
    `locked_until ${types.count} not null`,
    `created_at ${types.count} not null`,
    'primary key (kind, account_id)',
  ];
  const codes = [
    ...account,
    textColumn(types, 'digest', 64, 'not null'),
    `used_at ${types.count} null`,
    'primary key (kind, account_id, digest)',
  ];
  await run(db, `create table if not exists second_factors (${factors.join(', ')})${types.suffix}`);
  await run(db, `create table if not exists recovery_codes (${codes.join(', ')})${types.suffix}`);
}

/** Indexes are not unique: under tries at the same time, unique ones would lock each other's neighbours on a server. */
async function createSignInAttempts(db: Kysely<unknown>, family: Families): Promise<void> {
  const types = typesOf(family);
  const columns = [
    textColumn(types, 'digest', 64, 'not null primary key'),
    textColumn(types, 'scope', 16, 'not null'),
    textColumn(types, 'account_digest', 64, 'null'),
    `failures ${types.count} not null`,
    `first_at ${types.count} not null`,
    `last_at ${types.count} not null`,
    `blocked_until ${types.count} not null`,
  ];
  const indexes = { sign_in_attempts_account: 'account_digest', sign_in_attempts_age: 'last_at' };
  const named = Object.entries(indexes);
  // MySQL knows no CREATE INDEX IF NOT EXISTS, SQLite no index inside CREATE TABLE.
  const inside = family === 'mysql' ? named.map(([name, column]) => `index ${name} (${column})`) : [];
  await run(db, `create table if not exists sign_in_attempts (${[...columns, ...inside].join(', ')})${types.suffix}`);
  if (family === 'mysql') return;
  for (const [name, column] of named)
    await run(db, `create index if not exists ${name} on sign_in_attempts (${column})`);
}

/** Whoever may drop a trigger may still change a record; the hash chain then shows it. */
async function createAuditTriggers(db: Kysely<unknown>, family: Families): Promise<void> {
  for (const operation of ['update', 'delete']) {
    const name = `audit_records_no_${operation}`;
    const refuse =
      family === 'sqlite'
        ? `begin select raise(abort, 'audit records are append-only'); end`
        : `for each row signal sqlstate '45000' set message_text = 'audit records are append-only'`;
    await run(db, `drop trigger if exists ${name}`);
    await run(db, `create trigger ${name} before ${operation} on audit_records ${refuse}`);
  }
}

/** Milliseconds since 1970 by the database's own clock: a migration has no other. */
const NOW_MS: Readonly<Record<Families, string>> = {
  sqlite: "cast(strftime('%s', 'now') as integer) * 1000",
  mysql: 'unix_timestamp() * 1000',
};

/** The end that sessions get which began before sessions had one, in milliseconds. */
const FIRST_SESSION_LIFE_MS = 30 * 86_400_000;

async function readColumns(db: Kysely<unknown>, family: Families, table: string): Promise<ReadonlySet<string>> {
  const { rows } = await (family === 'sqlite'
    ? sql<{ name: string }>`select name from pragma_table_info(${table})`
    : sql<{ name: string }>`select column_name as name from information_schema.columns
        where table_schema = database() and table_name = ${table}`
  ).execute(db);
  return new Set(rows.map((row) => row.name));
}

/** Rows of today keep working: for them both spans begin with the migration. */
async function addSessionLifetimes(db: Kysely<unknown>, family: Families): Promise<void> {
  const types = typesOf(family);
  const columns: Readonly<Record<string, string>> = {
    user_agent: textColumn(types, 'user_agent', 255, "not null default ''"),
    last_used_at: `last_used_at ${types.count} not null default 0`,
    expires_at: `expires_at ${types.count} not null default 0`,
  };
  const there = await readColumns(db, family, 'sessions');
  for (const [name, column] of Object.entries(columns)) {
    if (!there.has(name)) await run(db, `alter table sessions add column ${column}`);
  }
  const now = NOW_MS[family];
  await run(db, `update sessions set last_used_at = ${now} where last_used_at = 0`);
  await run(db, `update sessions set expires_at = ${now} + ${FIRST_SESSION_LIFE_MS} where expires_at = 0`);
}

async function createKeyTable(db: Kysely<unknown>, types: TypeNames): Promise<void> {
  const columns = [
    textColumn(types, 'id', 32, 'not null primary key'),
    textColumn(types, 'digest', 64, 'not null'),
    textColumn(types, 'kind', 16, 'not null'),
    `account_id ${types.id} not null`,
    textColumn(types, 'name', 190, 'not null'),
    `scopes ${types.longText} not null`,
    `created_at ${types.count} not null`,
    `expires_at ${types.count} not null`,
    `last_used_at ${types.count} null`,
    `revoked_at ${types.count} null`,
    'unique (kind, account_id, id)',
  ];
  await run(db, `create table if not exists api_keys (${columns.join(', ')})${types.suffix}`);
}

/** Unique twice: an identity has one account, and an account one identity of each provider. */
async function createSingleSignOnTables(db: Kysely<unknown>, types: TypeNames): Promise<void> {
  const tenant = textColumn(types, 'tenant', 64, "not null default ''");
  const account = [textColumn(types, 'kind', 16, 'not null'), `account_id ${types.id} not null`];
  const identities = [
    tenant,
    textColumn(types, 'digest', 64, 'not null primary key'),
    textColumn(types, 'provider', 32, 'not null'),
    textColumn(types, 'issuer', 255, 'not null'),
    textColumn(types, 'subject', 255, 'not null'),
    ...account,
    `created_at ${types.count} not null`,
    `last_used_at ${types.count} not null`,
    'unique (kind, account_id, provider)',
  ];
  const flows = [
    tenant,
    textColumn(types, 'digest', 64, 'not null primary key'),
    textColumn(types, 'provider', 32, 'not null'),
    textColumn(types, 'browser_digest', 64, 'not null'),
    textColumn(types, 'nonce', 64, 'not null'),
    textColumn(types, 'verifier', 128, 'not null'),
    textColumn(types, 'stage', 16, 'not null'),
    textColumn(types, 'ticket_digest', 64, 'null unique'),
    ...account,
    textColumn(types, 'identity_digest', 64, 'not null'),
    textColumn(types, 'provider_session', 64, 'not null'),
    `factor_met ${types.count} not null`,
    `created_at ${types.count} not null`,
    `expires_at ${types.count} not null`,
    'unique (expires_at, digest)',
  ];
  const replays = [
    textColumn(types, 'digest', 64, 'not null primary key'),
    `expires_at ${types.count} not null`,
    'unique (expires_at, digest)',
  ];
  await run(db, `create table if not exists external_identities (${identities.join(', ')})${types.suffix}`);
  await run(db, `create table if not exists sso_flows (${flows.join(', ')})${types.suffix}`);
  await run(db, `create table if not exists sso_replays (${replays.join(', ')})${types.suffix}`);
}

/** Sessions say which provider's word began them, so that the provider can end them. */
async function addSessionOrigins(db: Kysely<unknown>, family: Families): Promise<void> {
  const types = typesOf(family);
  const columns: Readonly<Record<string, string>> = {
    identity_digest: textColumn(types, 'identity_digest', 64, "not null default ''"),
    provider_session: textColumn(types, 'provider_session', 64, "not null default ''"),
    factor_met: `factor_met ${types.count} not null default 0`,
  };
  const there = await readColumns(db, family, 'sessions');
  for (const [name, column] of Object.entries(columns)) {
    if (!there.has(name)) await run(db, `alter table sessions add column ${column}`);
  }
}

/**
 * Every migration of the store, by name, in order. A migration that was released is never edited: the next change is
 * the next entry. MySQL commits each DDL statement by itself, so each step can be run again after a break.
 *
 * @param family `mysql` for MySQL and MariaDB
 */
export function migrationsFor(family: Families): Readonly<Record<string, Migration>> {
  const types = typesOf(family);
  return {
    '0001-accounts': { up: (db) => createAccountTables(db, types) },
    '0002-sessions': { up: (db) => createSessionTables(db, types) },
    '0003-audit': {
      up: async (db) => {
        await createAuditTables(db, types);
        await createAuditTriggers(db, family);
      },
    },
    '0004-session-lifetimes': { up: (db) => addSessionLifetimes(db, family) },
    '0005-second-factor': { up: (db) => createSecondFactorTables(db, types) },
    '0006-sign-in-attempts': { up: (db) => createSignInAttempts(db, family) },
    '0007-api-keys': { up: (db) => createKeyTable(db, types) },
    '0010-single-sign-on': {
      up: async (db) => {
        await createSingleSignOnTables(db, types);
        await addSessionOrigins(db, family);
      },
    },
  };
}
