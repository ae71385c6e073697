import { type Kysely, type Migration, sql } from 'kysely';
import { createBackupTables } from './migrations/0019-backups.js';
import { createConversationTables } from './migrations/0020-conversations.js';
import { createVerifiedQuestions } from './migrations/0021-verified-questions.js';
import { createReportTables } from './migrations/0022-reports.js';
import { addModelProviders } from './migrations/0023-model-providers.js';

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

/**
 * Makes a table and its indexes. Those are not unique: under writes at the same time, unique ones would lock each other's
 * neighbours on a server.
 *
 * @param indexes name → columns
 */
async function createIndexed(
  db: Kysely<unknown>,
  family: Families,
  table: string,
  columns: readonly string[],
  indexes: Readonly<Record<string, string>>,
): Promise<void> {
  const named = Object.entries(indexes);
  // MySQL knows no CREATE INDEX IF NOT EXISTS, SQLite no index inside CREATE TABLE.
  const inside = family === 'mysql' ? named.map(([name, on]) => `index ${name} (${on})`) : [];
  await run(db, `create table if not exists ${table} (${[...columns, ...inside].join(', ')})${typesOf(family).suffix}`);
  if (family === 'mysql') return;
  for (const [name, on] of named) await run(db, `create index if not exists ${name} on ${table} (${on})`);
}

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
  await createIndexed(db, family, 'sign_in_attempts', columns, indexes);
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

/** MySQL knows no CREATE INDEX IF NOT EXISTS. */
async function hasIndex(db: Kysely<unknown>, family: Families, table: string, index: string): Promise<boolean> {
  const { rows } = await (family === 'sqlite'
    ? sql`select 1 from pragma_index_list(${table}) where name = ${index}`
    : sql`select 1 from information_schema.statistics
        where table_schema = database() and table_name = ${table} and index_name = ${index} limit 1`
  ).execute(db);
  return rows.length > 0;
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

/** The account tables with what is unique in each: by itself so far, within a tenant from now on. */
const UNIQUE_OF_ACCOUNTS: Readonly<Record<string, readonly string[]>> = {
  admins: ['identifier'],
  employees: ['identifier'],
  customers: ['identifier', 'customer_number'],
};

/** The other tables whose rows are of a tenant. Heads of audit chains are of a process. */
const TENANT_TABLES = [
  'sessions',
  'refresh_tokens',
  'api_keys',
  'second_factors',
  'recovery_codes',
  'sign_in_attempts',
];

function tenantColumn(types: TypeNames): string {
  return textColumn(types, 'tenant', 64, "not null default ''");
}

/** SQLite changes no constraint in place: the table is made anew. Ids go on where they were, so that none is given twice. */
async function rebuildAccountTable(db: Kysely<unknown>, types: TypeNames, table: string, unique: readonly string[]) {
  const { rows } = await sql<{ sql: string }>`select sql from sqlite_master where name = ${table}`.execute(db);
  const [head, body] = splitOnce(rows[0]?.sql ?? '', '(');
  const columns = [...(await readColumns(db, 'sqlite', table))];
  const text = unique.reduce((all, name) => all.replace(new RegExp(`(\\b${name} [^,]*?) unique`), '$1'), body);
  if (!head.includes(table) || /unique/i.test(text)) throw new Error(`the table ${table} is not as it was made`);
  const constraints = unique.map((name) => `unique (tenant, ${name})`).join(', ');
  const inner = text.slice(0, text.lastIndexOf(')'));
  await run(db, `create table ${table}_new (${inner}, ${tenantColumn(types)}, ${constraints})`);
  await run(db, `insert into ${table}_new (${columns.join(', ')}) select ${columns.join(', ')} from ${table}`);
  await run(db, `delete from sqlite_sequence where name = '${table}_new'`);
  await run(
    db,
    `insert into sqlite_sequence (name, seq) select '${table}_new', seq from sqlite_sequence where name = '${table}'`,
  );
  await run(db, `drop table ${table}`);
  await run(db, `alter table ${table}_new rename to ${table}`);
}

function splitOnce(text: string, at: string): readonly [string, string] {
  const index = text.indexOf(at);
  return [text.slice(0, index), text.slice(index + 1)];
}

/** Rows of today belong to no tenant, which is written as the empty text. */
async function addTenants(db: Kysely<unknown>, family: Families): Promise<void> {
  const types = typesOf(family);
  const column = tenantColumn(types);
  const tenants = [
    textColumn(types, 'id', 64, 'not null primary key'),
    textColumn(types, 'name', 190, 'not null'),
    textColumn(types, 'status', 16, 'not null'),
    `created_at ${types.count} not null`,
  ];
  await run(db, `create table if not exists tenants (${tenants.join(', ')})${types.suffix}`);
  for (const [table, unique] of Object.entries(UNIQUE_OF_ACCOUNTS)) {
    if ((await readColumns(db, family, table)).has('tenant')) continue;
    if (family === 'sqlite') await rebuildAccountTable(db, types, table, unique);
    else {
      const keys = unique.map((name) => `drop index ${name}, add unique ${table}_${name} (tenant, ${name})`).join(', ');
      await run(db, `alter table ${table} add column ${column}, ${keys}`);
    }
  }
  for (const table of TENANT_TABLES) {
    if (!(await readColumns(db, family, table)).has('tenant'))
      await run(db, `alter table ${table} add column ${column}`);
  }
  if (!(await readColumns(db, family, 'audit_records')).has('tenant')) {
    const index = family === 'mysql' ? ', add index audit_records_tenant (tenant, id)' : '';
    await run(db, `alter table audit_records add column ${column}${index}`);
  }
  if (family === 'sqlite')
    await run(db, 'create index if not exists audit_records_tenant on audit_records (tenant, id)');
}

/** The primary key serves the reading of a principal, the unique one the members of a group. */
async function createGroupTables(db: Kysely<unknown>, types: TypeNames): Promise<void> {
  const tenant = tenantColumn(types);
  const groups = [
    `id ${types.autoId}`,
    tenant,
    textColumn(types, 'name', 64, 'not null'),
    `allow_tables ${types.longText} not null`,
    `created_at ${types.count} not null`,
    'unique (tenant, name)',
  ];
  const members = [
    `group_id ${types.id} not null`,
    `employee_id ${types.id} not null`,
    tenant,
    'primary key (employee_id, group_id)',
    'unique (group_id, employee_id)',
    'foreign key (group_id) references employee_groups (id)',
    'foreign key (employee_id) references employees (id)',
  ];
  await run(db, `create table if not exists employee_groups (${groups.join(', ')})${types.suffix}`);
  await run(db, `create table if not exists employee_group_members (${members.join(', ')})${types.suffix}`);
}

async function createMailedTokens(db: Kysely<unknown>, family: Families): Promise<void> {
  const types = typesOf(family);
  const columns = [
    textColumn(types, 'digest', 64, 'not null primary key'),
    textColumn(types, 'purpose', 16, 'not null'),
    textColumn(types, 'kind', 16, 'not null'),
    `account_id ${types.id} not null`,
    `created_at ${types.count} not null`,
    `expires_at ${types.count} not null`,
    `used_at ${types.count} null`,
    tenantColumn(types),
  ];
  const indexes = { mailed_tokens_account: 'account_id, kind, purpose', mailed_tokens_age: 'expires_at' };
  await createIndexed(db, family, 'mailed_tokens', columns, indexes);
}

/** Keys of today serve no pages. */
async function addKeyOrigins(db: Kysely<unknown>, family: Families): Promise<void> {
  const there = await readColumns(db, family, 'api_keys');
  if (!there.has('origins')) await run(db, `alter table api_keys add column origins ${typesOf(family).longText} null`);
}

async function createUsageCounters(db: Kysely<unknown>, types: TypeNames): Promise<void> {
  const columns = [
    tenantColumn(types),
    textColumn(types, 'subject', 64, 'not null'),
    textColumn(types, 'day', 10, 'not null'),
    `model_tokens ${types.count} not null`,
    `model_calls ${types.count} not null`,
    'primary key (tenant, subject, day)',
  ];
  await run(db, `create table if not exists usage_counters (${columns.join(', ')})${types.suffix}`);
}

/** Unique twice: an identity has one account, and an account one identity of each provider. */
async function createSingleSignOnTables(db: Kysely<unknown>, types: TypeNames): Promise<void> {
  const tenant = tenantColumn(types);
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

/** Refuses UPDATE and DELETE of a table; whoever may drop a trigger is found out by what the rows themselves prove. */
async function refuseChanges(db: Kysely<unknown>, family: Families, table: string): Promise<void> {
  const message = `${table.replaceAll('_', ' ')} are append-only`;
  const refuse =
    family === 'sqlite'
      ? `begin select raise(abort, '${message}'); end`
      : `for each row signal sqlstate '45000' set message_text = '${message}'`;
  for (const operation of ['update', 'delete']) {
    await run(db, `drop trigger if exists ${table}_no_${operation}`);
    await run(db, `create trigger ${table}_no_${operation} before ${operation} on ${table} ${refuse}`);
  }
}

/** From now on records may go once a signed archive holds them; nobody but who keeps archives needs the right to. */
async function letArchivedRecordsGo(db: Kysely<unknown>, family: Families): Promise<void> {
  const archived = `exists (select 1 from audit_archives where writer = old.writer
    and old.sequence between first_sequence and last_sequence)`;
  await run(db, 'drop trigger if exists audit_records_no_delete');
  await run(
    db,
    family === 'sqlite'
      ? `create trigger audit_records_no_delete before delete on audit_records when not ${archived}
         begin select raise(abort, 'audit records are append-only'); end`
      : `create trigger audit_records_no_delete before delete on audit_records for each row
         begin if not ${archived} then
           signal sqlstate '45000' set message_text = 'audit records are append-only';
         end if; end`,
  );
}

/** Keys of subjects are emptied where somebody is erased; checkpoints and archives are only ever added. */
async function createAuditSeals(db: Kysely<unknown>, family: Families): Promise<void> {
  const types = typesOf(family);
  const keys = [
    textColumn(types, 'subject', 64, 'not null primary key'),
    tenantColumn(types),
    textColumn(types, 'sealed', 190, 'not null'),
    `created_at ${types.count} not null`,
    `destroyed_at ${types.count} null`,
  ];
  const signed = [textColumn(types, 'key_id', 64, 'not null'), textColumn(types, 'signature', 96, 'not null')];
  const checkpoints = [
    `id ${types.autoId}`,
    `at ${types.count} not null`,
    `body ${types.longText} not null`,
    textColumn(types, 'previous_hash', 64, 'not null unique'),
    textColumn(types, 'hash', 64, 'not null'),
    ...signed,
  ];
  const archives = [
    `id ${types.autoId}`,
    textColumn(types, 'writer', 64, 'not null'),
    `first_sequence ${types.count} not null`,
    `last_sequence ${types.count} not null`,
    textColumn(types, 'previous_hash', 64, 'not null'),
    textColumn(types, 'last_hash', 64, 'not null'),
    textColumn(types, 'digest', 64, 'not null'),
    `closed_at ${types.count} not null`,
    ...signed,
    'unique (writer, first_sequence)',
  ];
  await run(db, `create table if not exists audit_subject_keys (${keys.join(', ')})${types.suffix}`);
  await run(db, `create table if not exists audit_checkpoints (${checkpoints.join(', ')})${types.suffix}`);
  await run(db, `create table if not exists audit_archives (${archives.join(', ')})${types.suffix}`);
  await refuseChanges(db, family, 'audit_checkpoints');
  await refuseChanges(db, family, 'audit_archives');
  await letArchivedRecordsGo(db, family);
}

/** What alerts count and remember, and the deliveries that are still to be made. */
async function createAlertTables(db: Kysely<unknown>, family: Families): Promise<void> {
  const types = typesOf(family);
  const tenant = tenantColumn(types);
  const digest = textColumn(types, 'digest', 64, 'not null');
  const rule = textColumn(types, 'rule', 64, 'not null');
  const counts = [
    digest,
    `slot_at ${types.count} not null`,
    tenant,
    rule,
    `amount ${types.count} not null`,
    `expires_at ${types.count} not null`,
    'primary key (digest, slot_at)',
  ];
  const known = [
    `${digest} primary key`,
    textColumn(types, 'account_digest', 64, 'not null'),
    tenant,
    rule,
    `first_at ${types.count} not null`,
    `expires_at ${types.count} not null`,
  ];
  const coolDowns = [
    `${digest} primary key`,
    tenant,
    rule,
    `until_at ${types.count} not null`,
    `suppressed ${types.count} not null`,
  ];
  const deliveries = [
    textColumn(types, 'id', 64, 'not null primary key'),
    tenant,
    textColumn(types, 'channel', 64, 'not null'),
    textColumn(types, 'recipient', 254, "not null default ''"),
    `alert ${types.longText} not null`,
    `attempts ${types.count} not null`,
    `created_at ${types.count} not null`,
    `due_at ${types.count} not null`,
    textColumn(types, 'claimed_by', 64, 'null'),
    `dead_at ${types.count} null`,
    textColumn(types, 'fault', 190, 'null'),
  ];
  await createIndexed(db, family, 'alert_counts', counts, { alert_counts_age: 'expires_at' });
  await createIndexed(db, family, 'alert_known', known, {
    alert_known_account: 'account_digest, rule',
    alert_known_age: 'expires_at',
  });
  await createIndexed(db, family, 'alert_cool_downs', coolDowns, { alert_cool_downs_age: 'until_at' });
  await createIndexed(db, family, 'alert_deliveries', deliveries, { alert_deliveries_due: 'dead_at, due_at' });
}

/** Secrets of others, encrypted. */
async function createKeptSecrets(db: Kysely<unknown>, types: TypeNames): Promise<void> {
  const columns = [
    tenantColumn(types),
    textColumn(types, 'name', 63, 'not null'),
    `sealed ${types.longText} not null`,
    `created_at ${types.count} not null`,
    `updated_at ${types.count} not null`,
    'primary key (tenant, name)',
  ];
  await run(db, `create table if not exists kept_secrets (${columns.join(', ')})${types.suffix}`);
}

/** Records of before keep null: whoever looks for them goes by event and time. */
async function addAuditColumns(db: Kysely<unknown>, family: Families): Promise<void> {
  const types = typesOf(family);
  const columns = { subject: 64, target: 64, kind: 16, decision: 16, code: 64, request_id: 64 };
  const there = await readColumns(db, family, 'audit_records');
  for (const [name, length] of Object.entries(columns)) {
    if (there.has(name)) continue;
    await run(db, `alter table audit_records add column ${textColumn(types, name, length, 'null')}`);
  }
  for (const column of ['subject', 'target', 'event']) {
    const name = `audit_records_${column}`;
    if (await hasIndex(db, family, 'audit_records', name)) continue;
    await run(db, `create index ${name} on audit_records (tenant, ${column}, id)`);
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
    '0008-tenants': { up: (db) => addTenants(db, family) },
    '0009-mailed-tokens': { up: (db) => createMailedTokens(db, family) },
    '0010-single-sign-on': {
      up: async (db) => {
        await createSingleSignOnTables(db, types);
        await addSessionOrigins(db, family);
      },
    },
    '0011-groups': { up: (db) => createGroupTables(db, types) },
    '0011b-widget': { up: (db) => addKeyOrigins(db, family) },
    '0013-usage': { up: (db) => createUsageCounters(db, types) },
    '0014-audit-columns': { up: (db) => addAuditColumns(db, family) },
    '0015-audit-seals': { up: (db) => createAuditSeals(db, family) },
    '0016-kept-secrets': { up: (db) => createKeptSecrets(db, types) },
    '0017-alerts': { up: (db) => createAlertTables(db, family) },
    '0019-backups': { up: (db) => createBackupTables(db, family) },
    '0020-conversations': { up: (db) => createConversationTables(db, family) },
    '0021-verified-questions': { up: (db) => createVerifiedQuestions(db, family) },
    '0022-reports': { up: (db) => createReportTables(db, family) },
    '0023-model-providers': {
      up: (db) => addModelProviders(db, family, (table) => readColumns(db, family, table)),
    },
  };
}
