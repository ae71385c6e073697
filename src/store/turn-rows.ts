import type { Selectable } from 'kysely';
import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import type { KeyRing } from './key-ring.js';
import type { StoreDatabase } from './store.js';
import type { ConversationTable, TurnTable } from './tables.js';

/** Whose questions are meant: nobody is ever shown another's. */
export interface TurnOwner {
  readonly tenant: Tenant;
  /** `customer:17`. */
  readonly subject: string;
}

/** One question of somebody, and what it became. */
export interface KeptTurn {
  readonly id: string;
  /** Null for a question by itself, and where its conversation has expired. */
  readonly conversationId: string | null;
  readonly question: string;
  /** The whole question that a follow-up was read as; null where it was taken as it stands. */
  readonly readAs: string | null;
  /** The candidate's text; null where nothing was answered. */
  readonly sql: string | null;
  readonly status: 'answered' | 'clarify' | 'refused' | 'failed';
  readonly code: string | null;
  readonly translator: string | null;
  /** Of the rules that the statement was written under. */
  readonly viewDigest: string;
  readonly policyVersion: string;
  /** Milliseconds since 1970. */
  readonly askedAt: number;
}

/** Whether a statement was written under the rules that hold now: under others it could name what is closed by now. */
export function isUnderRules(
  turn: Pick<KeptTurn, 'viewDigest' | 'policyVersion'>,
  now: { readonly digest: string; readonly policyVersion: string },
): boolean {
  // eslint-disable-next-line no-restricted-syntax -- digests of rules, both the gateway's own: no caller sends one
  return turn.viewDigest === now.digest && turn.policyVersion === now.policyVersion;
}

/** A conversation of somebody. Milliseconds since 1970. */
export interface KeptConversation {
  readonly id: string;
  /** The question that it began with. */
  readonly title: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  /** Moves with each use. */
  readonly expiresAt: number;
}

type SealedPart = Pick<KeptTurn, 'question' | 'readAs' | 'sql'>;
type Place = { readonly subject: string; readonly id: string };

/**
 * What the texts of a row belong to: copied to another row they do not open. Not the tenant, which may adopt them; a subject
 * is of one tenant.
 */
export function placeOfRow(table: 'conversations' | 'turns', { subject, id }: Place): string {
  return `${table}/${subject}/${id}`;
}

/** Encrypts what a turn says. */
export function sealTurn(ring: KeyRing, row: Place, { question, readAs, sql }: SealedPart): string {
  return ring.seal(Buffer.from(JSON.stringify({ question, readAs, sql })), 'question', placeOfRow('turns', row));
}

/** Encrypts what a conversation is called. */
export function sealTitle(ring: KeyRing, row: Place, title: string): string {
  return ring.seal(Buffer.from(title), 'question', placeOfRow('conversations', row));
}

/** @throws SwaliError `INTERNAL` where it does not open */
export function openTurn(ring: KeyRing, row: Selectable<TurnTable>): KeptTurn {
  const text = ring.open(row.sealed, 'question', placeOfRow('turns', row)).toString('utf8');
  const said = JSON.parse(text) as SealedPart;
  return {
    ...said,
    id: row.id,
    conversationId: row.conversation_id,
    status: row.status as KeptTurn['status'],
    code: row.code,
    translator: row.translator,
    viewDigest: row.view_digest,
    policyVersion: row.policy_version,
    askedAt: Number(row.asked_at),
  };
}

/** @throws SwaliError `INTERNAL` where it does not open */
export function openConversation(ring: KeyRing, row: Selectable<ConversationTable>): KeptConversation {
  return {
    id: row.id,
    title: ring.open(row.sealed, 'question', placeOfRow('conversations', row)).toString('utf8'),
    createdAt: Number(row.created_at),
    lastUsedAt: Number(row.last_used_at),
    expiresAt: Number(row.expires_at),
  };
}

/** Every question that is kept of an account, oldest first: for its export. */
export async function readQuestions(
  db: StoreDatabase,
  ring: KeyRing,
  { tenant, subject }: TurnOwner,
): Promise<readonly KeptTurn[]> {
  const rows = await db
    .selectFrom('turns')
    .selectAll()
    .where('tenant', '=', toTenantColumn(tenant))
    .where('subject', '=', subject)
    .orderBy('id')
    .execute();
  return rows.map((row) => openTurn(ring, row));
}

/** Forgets every question and conversation of an account. */
export async function forgetQuestions(db: StoreDatabase, { tenant, subject }: TurnOwner): Promise<void> {
  for (const table of ['turns', 'conversations'] as const)
    await db.deleteFrom(table).where('tenant', '=', toTenantColumn(tenant)).where('subject', '=', subject).execute();
}
