import type { Generated } from 'kysely';

/** Whether an account may sign in. */
export type AccountStatus = 'active' | 'disabled';

/** Columns that the three account tables share. Times are milliseconds since 1970. */
interface AccountColumns {
  id: Generated<number>;
  /** Normalised by identify; compared bytewise. */
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
export interface SessionTable {
  /** Random, 128 bits. */
  id: string;
  kind: string;
  account_id: number;
  address: string;
  created_at: number;
  /** Null while the session lives. */
  ended_at: number | null;
  /** `logout`, `reuse` or `disabled`; null while the session lives. */
  ended_by: string | null;
}

/** Refresh tokens are opaque and random; only their digest is kept. */
export interface RefreshTokenTable {
  /** sha256 of the token, hexadecimal. */
  digest: string;
  session_id: string;
  created_at: number;
  expires_at: number;
  /** When it was exchanged; a second use ends the session. */
  used_at: number | null;
}

/** What was failed at signing in, and from where an account is known to sign in. Names nobody: digests are keyed. */
export interface SignInAttemptTable {
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

/** One link of the audit chain. Rows are only ever added: triggers refuse UPDATE and DELETE. */
export interface AuditRecordTable {
  /** Order of arrival over all writers. */
  id: Generated<number>;
  writer: string;
  /** 1, 2, 3 … without a gap, per writer. */
  sequence: number;
  at: number;
  event: string;
  /** Canonical JSON of `{ at, event, sequence, writer }`. */
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

/** The gateway's own tables, as kysely sees them. */
export interface StoreTables {
  admins: AdminTable;
  employees: EmployeeTable;
  customers: CustomerTable;
  sessions: SessionTable;
  refresh_tokens: RefreshTokenTable;
  sign_in_attempts: SignInAttemptTable;
  audit_records: AuditRecordTable;
  audit_heads: AuditHeadTable;
}
