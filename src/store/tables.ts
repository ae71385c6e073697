import type { Generated } from 'kysely';

/** Whether an account may sign in: only an active one may. `invited` is one that has not accepted its invitation yet. */
export type AccountStatus = 'active' | 'invited' | 'disabled';

/** Whether a tenant's people may come in. */
export type TenantStatus = 'active' | 'disabled';

/** Whose a row is. */
export interface TenantColumn {
  /** Id of the tenant; empty where tenancy is off. */
  tenant: string;
}

/** A company whose people and rows are kept apart from those of the others. */
export interface TenantTable {
  id: string;
  /** For people. */
  name: string;
  status: TenantStatus;
  created_at: number;
  /** A comma list of names of providers; empty for none, null for all. */
  model_providers: Generated<string | null>;
  /** A comma list of regions; empty for none, null for all. */
  model_regions: Generated<string | null>;
}

/** Columns that the three account tables share. Times are milliseconds since 1970. */
interface AccountColumns extends TenantColumn {
  id: Generated<number>;
  /** Normalised by identify; compared bytewise; unique within the tenant. */
  identifier: string;
  /** bcrypt, with its cost and salt inside. */
  password_hash: string;
  status: AccountStatus;
  tier: string;
  /** JSON object: claim name → text or whole number. */
  claims: string;
  created_at: number;
}

export type AdminTable = AccountColumns;

export interface EmployeeTable extends AccountColumns {
  role: string;
  /** JSON list of relation names; an empty list opens nothing. */
  allow_tables: string;
}

export interface CustomerTable extends AccountColumns {
  /** As the source spells it; null where the customer has none yet (then filtered relations refuse). */
  customer_number: string | null;
}

/** One sign-in of one account: what `sid` of an access token names. */
export interface SessionTable extends TenantColumn {
  /** Random, 128 bits. */
  id: string;
  kind: string;
  account_id: number;
  address: string;
  /** What the caller said they sign in with; empty where nothing was said. */
  user_agent: string;
  created_at: number;
  /** Up to a minute behind. */
  last_used_at: number;
  /** The absolute end: no use of the session moves it. */
  expires_at: number;
  /** Null until somebody ends the session; one that is idle or has expired keeps null. */
  ended_at: number | null;
  /** `logout`, `reuse`, `owner`, `reset`, `disabled` or `provider`; null until somebody ends the session. */
  ended_by: string | null;
  /** Of the external identity that signed in; empty for a password. */
  identity_digest: string;
  /** Of the provider's own session (`sid`); empty where it named none. */
  provider_session: string;
  /** 1 where the provider has proven a second factor and is trusted with that; else 0. */
  factor_met: number;
}

/** Refresh tokens are opaque and random; only their digest is kept. */
export interface RefreshTokenTable extends TenantColumn {
  /** sha256 of the token, hexadecimal. */
  digest: string;
  session_id: string;
  created_at: number;
  expires_at: number;
  /** When it was exchanged; a second use ends the session. */
  used_at: number | null;
}

/** A key of a server: it acts for the account that made it, with no more rights than its scopes. */
export interface ApiKeyTable extends TenantColumn {
  /** The part that is shown. */
  id: string;
  /** sha256 of the whole key, hexadecimal. */
  digest: string;
  kind: string;
  account_id: number;
  name: string;
  /** JSON list of permissions. */
  scopes: string;
  /** JSON list of the origins of pages that use its tokens; null where it makes none. */
  origins: string | null;
  created_at: number;
  expires_at: number;
  last_used_at: number | null;
  revoked_at: number | null;
}

/** Employees who share a list of tables. */
export interface EmployeeGroupTable {
  id: Generated<number>;
  /** Whose group it is; empty where tenancy is off. */
  tenant: string;
  /** Compared bytewise; each once for a tenant. */
  name: string;
  /** JSON list of relation names, which every member may read beside their own. */
  allow_tables: string;
  created_at: number;
}

/** That an employee is in a group. */
export interface EmployeeGroupMemberTable {
  group_id: number;
  employee_id: number;
  /** That of the group. */
  tenant: string;
}

/** The second factor of one account. A row without `secret` is one that was never confirmed. */
export interface SecondFactorTable extends TenantColumn {
  kind: string;
  account_id: number;
  /** The seed in force, encrypted by identify; null until one is confirmed. */
  secret: string | null;
  /** A seed that was handed out and not confirmed yet, encrypted; null where there is none. */
  pending_secret: string | null;
  /** Null until a seed is confirmed. */
  confirmed_at: number | null;
  /** Time step of the last code that was accepted: no code of that step or before works any more. */
  last_step: number;
  /** Wrong codes since the last right one. */
  wrong_codes: number;
  /** Until then no code is looked at; 0 where none was wrong too often. */
  locked_until: number;
  created_at: number;
}

/** Codes for when the device is lost; each works once. Only their digests are kept. */
export interface RecoveryCodeTable extends TenantColumn {
  kind: string;
  account_id: number;
  /** sha256 of the code without its grouping, hexadecimal. */
  digest: string;
  used_at: number | null;
}

/** What was failed at signing in, and from where an account is known to sign in. Names nobody: digests are keyed. */
export interface SignInAttemptTable extends TenantColumn {
  /** Of what is counted: HMAC-SHA-256, hexadecimal. */
  digest: string;
  /** `known` counts nothing: the account signed in from that address. */
  scope: 'pair' | 'account' | 'address' | 'known';
  /** Of the account; null for `address`. */
  account_digest: string | null;
  failures: number;
  first_at: number;
  last_at: number;
  /** Until then no try is served; 0 where none must wait. */
  blocked_until: number;
}

/** A token that went to an account's e-mail address; it works once. Only its digest is kept. */
export interface MailedTokenTable extends TenantColumn {
  /** sha256 of the token, hexadecimal. */
  digest: string;
  purpose: 'invitation' | 'reset';
  kind: string;
  /** Below 0 for nobody: rows that make asking for an unknown account cost what asking for a known one costs. */
  account_id: number;
  created_at: number;
  /** Moved to the present where a newer one, or a disabling, ends it early. */
  expires_at: number;
  used_at: number | null;
}

/** What one account has had of the language model on one day. */
export interface UsageCounterTable extends TenantColumn {
  /** `customer:17`. */
  subject: string;
  /** Of UTC: `2026-03-01`. */
  day: string;
  model_tokens: number;
  model_calls: number;
  /** Millionths of the currency of the prices. */
  model_money: Generated<number>;
  /** For questions that run, or whose process was killed. */
  held_tokens: Generated<number>;
  held_money: Generated<number>;
}

/** Whom a provider of single sign-on knows an account as: what decides at the next sign-in, never the e-mail address. */
export interface ExternalIdentityTable extends TenantColumn {
  /** sha256 of provider, issuer and subject: one key that every engine compares bytewise. */
  digest: string;
  /** Name in the providers' file. */
  provider: string;
  issuer: string;
  /** `sub` or NameID. */
  subject: string;
  kind: string;
  account_id: number;
  created_at: number;
  last_used_at: number;
}

/** A sign-in that a provider is asked for, from its beginning to the tokens. Each step works once. */
export interface SsoFlowTable extends TenantColumn {
  /** sha256 of the id that the provider gives back: `state`, `RelayState`. */
  digest: string;
  provider: string;
  /** sha256 of what the browser that began it holds in a cookie. */
  browser_digest: string;
  /** What the ID token must repeat. */
  nonce: string;
  /** Of PKCE (RFC 7636). */
  verifier: string;
  /** `begun`, `answered` while the answer is judged, then `proven`. */
  stage: string;
  /** sha256 of what the browser that brought the answer holds in a cookie; null until the account is known. */
  ticket_digest: string | null;
  /** The columns below are empty until the account is known. */
  kind: string;
  account_id: number;
  identity_digest: string;
  provider_session: string;
  factor_met: number;
  created_at: number;
  expires_at: number;
}

/** Ids of assertions and logout tokens that were taken once: none counts twice. */
export interface SsoReplayTable {
  /** sha256 of provider, issuer and id. */
  digest: string;
  expires_at: number;
}

/** What a rule of alerts has counted of one account or address in one part of its window. Names nobody: digests are keyed. */
export interface AlertCountTable extends TenantColumn {
  /** Of rule, tenant and what is counted: HMAC-SHA-256, hexadecimal. */
  digest: string;
  /** When the part began; 0 for a row of refusals, which has no parts. */
  slot_at: number;
  /** Name of the rule. */
  rule: string;
  amount: number;
  expires_at: number;
}

/** A device or a country that an account has come from, by keyed digests. */
export interface AlertKnownTable extends TenantColumn {
  /** Of rule, account and device or country. */
  digest: string;
  account_digest: string;
  rule: string;
  first_at: number;
  /** Moved on when it is seen again. */
  expires_at: number;
}

/** That an alert was made, so that equal ones wait. */
export interface AlertCoolDownTable extends TenantColumn {
  digest: string;
  rule: string;
  until_at: number;
  /** Equal alerts held back since. */
  suppressed: number;
}

/** An alert on its way to one receiver. Gone once it was taken; kept for a while where it was given up. */
export interface AlertDeliveryTable extends TenantColumn {
  id: string;
  /** Name in the file of alerts. */
  channel: string;
  /** E-mail address; empty for webhooks. */
  recipient: string;
  /** JSON. */
  alert: string;
  /** Tries that failed. */
  attempts: number;
  created_at: number;
  /** When it is next to be tried; while one replica tries it, when the others may take over. */
  due_at: number;
  /** Random, of the try that runs or ran last. */
  claimed_by: string | null;
  /** When it was given up; null while it is still tried. */
  dead_at: number | null;
  /** Why the last try failed; says nothing of the receiver's words. */
  fault: string | null;
}

/** One link of the audit chain. Rows are only ever added: triggers refuse UPDATE and DELETE. */
export interface AuditRecordTable extends TenantColumn {
  /** Order of arrival over all writers. */
  id: Generated<number>;
  writer: string;
  /** 1, 2, 3 … without a gap, per writer. */
  sequence: number;
  at: number;
  event: string;
  /** What records are looked for by, out of the event; null where it does not say, and for records of before. */
  subject: string | null;
  /** Whom something was done to: `customer:17`. */
  target: string | null;
  kind: string | null;
  decision: string | null;
  code: string | null;
  request_id: string | null;
  /** Canonical JSON of `{ at, event, sequence, writer }`; what of the event is personal stands in it encrypted. */
  body: string;
  previous_hash: string;
  hash: string;
}

/** Where each writer's chain ends. Moved in the transaction that adds the records. */
export interface AuditHeadTable {
  writer: string;
  sequence: number;
  hash: string;
}

/** The key of what the audit log says of one subject. Without it that is unreadable, and the chain still whole. */
export interface AuditSubjectKeyTable extends TenantColumn {
  /** `customer:17`, or `nobody` for what is said of no account. */
  subject: string;
  /** 32 bytes under the ring of the store's keys; empty once destroyed. */
  sealed: string;
  created_at: number;
  /** Null while the key is there. Its row stays, so that no new key takes its place. */
  destroyed_at: number | null;
}

/** What was signed of the audit log. */
interface SignedColumns {
  /** RFC 7638 thumbprint of the Ed25519 key. */
  key_id: string;
  /** base64url. */
  signature: string;
}

/** A signed word on where every chain ended. Rows are only ever added: triggers refuse UPDATE and DELETE. */
export interface AuditCheckpointTable extends SignedColumns {
  id: Generated<number>;
  at: number;
  /** Canonical JSON: see audit/checkpoints.ts. */
  body: string;
  /** Of the checkpoint before; unique, so that the line of checkpoints cannot fork. */
  previous_hash: string;
  hash: string;
}

/** A segment of a chain that a signed file holds. Rows are only ever added: triggers refuse UPDATE and DELETE. */
export interface AuditArchiveTable extends SignedColumns {
  id: Generated<number>;
  writer: string;
  first_sequence: number;
  last_sequence: number;
  /** Of the record before the first. */
  previous_hash: string;
  /** Of the last record. */
  last_hash: string;
  /** sha256 of the file's lines, hexadecimal. */
  digest: string;
  closed_at: number;
}

/** A secret of others, sealed by the ring of keys. Milliseconds since 1970. */
interface KeptSecretTable {
  tenant: string;
  name: string;
  sealed: string;
  created_at: number;
  updated_at: number;
}

/** That an account was erased: a backup of before brings it back, and it must go again. */
export interface ErasureTable extends TenantColumn {
  /** `customer:17`: names nobody any more. */
  subject: string;
  erased_at: number;
}

/** Whose turn it is to make the backup of a time. One row. */
export interface BackupTurnTable {
  name: string;
  /** The time that the last whole backup was for. */
  done_for: number;
  /** Until then it is the holder's turn, or after a failure nobody's. */
  held_until: number;
  /** Process that is at it; empty for none. */
  holder: string;
  /** Since the last whole backup. */
  failures: number;
}

/** A saved question or statement. Who may run it stands in `report_readers`. */
export interface ReportTable extends TenantColumn {
  /** Random, 128 bits. */
  id: string;
  /** Who saved it: `admin:3`. */
  owner: string;
  kind: 'question' | 'sql';
  /** Title, description, text and parameters, sealed by the ring of keys. */
  sealed: string;
  created_at: number;
  updated_at: number;
  /** 1, and one more at each change. */
  revision: number;
}

/** To whom a report is shared. */
export interface ReportReaderTable extends TenantColumn {
  report_id: string;
  /** An audience (`employee:manager`) or an account (`employee:17`). */
  reader: string;
}

/** That somebody ran a report. Holds no row. */
export interface ReportRunTable extends TenantColumn {
  /** Random, 128 bits. */
  id: string;
  report_id: string;
  revision: number;
  /** Who ran it: `customer:17`. */
  runner: string;
  at: number;
  /** Of an export; null for an answer. */
  format: string | null;
  /** The values of its parameters, sealed by the ring of keys. */
  sealed: string;
  status: 'answered' | 'clarify' | 'refused' | 'failed';
  /** Why it failed; null else. */
  code: string | null;
  /** Null where there was no answer. */
  row_count: number | null;
  duration_ms: number;
  request_id: string;
  /** Null where there was no answer, and for exports. */
  policy_version: string | null;
}

/** A question with its SQL that somebody promoted to a verified one. A retired one is kept, and answered with no more. */
export interface VerifiedQuestionTable extends TenantColumn {
  id: Generated<number>;
  /** With slots in braces. */
  question: string;
  /** JSON object: name → type. */
  slots: string;
  /** SQL, `:name` for a slot. */
  statement: string;
  /** JSON list of audiences. */
  open_to: string;
  /** `employee:7`; empty once they were erased. */
  created_by: string;
  created_at: number;
  /** `broken`: it did not fit the policy when it was last checked. */
  status: 'active' | 'broken' | 'retired';
  /** Of the policy that it was last checked against. */
  policy_version: string;
  /** Why it is broken; else null. */
  fault: string | null;
  /** Digest of the folded question; null once retired. */
  active_key: string | null;
}

/** Questions that belong together: a follow-up is read with those before it. Milliseconds since 1970. */
export interface ConversationTable extends TenantColumn {
  /** 128 random bits, hexadecimal. */
  id: string;
  /** Whose it is: `customer:17`. */
  subject: string;
  /** The question that it began with, under the ring of keys. */
  sealed: string;
  created_at: number;
  last_used_at: number;
  /** From then on it is nobody's; a use moves it. */
  expires_at: number;
}

/** One question of somebody, and what it became: never a row of the source. */
export interface TurnTable extends TenantColumn {
  /** Grows with time: 48 bits of milliseconds, 16 of a count, 64 of chance, hexadecimal. */
  id: string;
  /** Who asked: `customer:17`. */
  subject: string;
  /** Null for a question by itself, and where its conversation has expired. */
  conversation_id: string | null;
  /** The question, how it was read, and its statement, under the ring of keys. */
  sealed: string;
  status: string;
  /** Of the error; null where there was none. */
  code: string | null;
  translator: string | null;
  /** Of the rules that the statement was written under: under others it could name what is closed. */
  view_digest: string;
  policy_version: string;
  asked_at: number;
}

/** The gateway's own tables, as kysely sees them. */
export interface StoreTables {
  tenants: TenantTable;
  admins: AdminTable;
  employees: EmployeeTable;
  customers: CustomerTable;
  sessions: SessionTable;
  refresh_tokens: RefreshTokenTable;
  api_keys: ApiKeyTable;
  employee_groups: EmployeeGroupTable;
  employee_group_members: EmployeeGroupMemberTable;
  second_factors: SecondFactorTable;
  recovery_codes: RecoveryCodeTable;
  sign_in_attempts: SignInAttemptTable;
  mailed_tokens: MailedTokenTable;
  usage_counters: UsageCounterTable;
  kept_secrets: KeptSecretTable;
  external_identities: ExternalIdentityTable;
  sso_flows: SsoFlowTable;
  sso_replays: SsoReplayTable;
  alert_counts: AlertCountTable;
  alert_known: AlertKnownTable;
  alert_cool_downs: AlertCoolDownTable;
  alert_deliveries: AlertDeliveryTable;
  audit_records: AuditRecordTable;
  audit_heads: AuditHeadTable;
  audit_subject_keys: AuditSubjectKeyTable;
  audit_checkpoints: AuditCheckpointTable;
  audit_archives: AuditArchiveTable;
  erasures: ErasureTable;
  backup_turns: BackupTurnTable;
  reports: ReportTable;
  report_readers: ReportReaderTable;
  report_runs: ReportRunTable;
  verified_questions: VerifiedQuestionTable;
  conversations: ConversationTable;
  turns: TurnTable;
}
