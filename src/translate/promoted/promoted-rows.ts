import { digestText } from '../../domain/digest-text.js';
import { fromTenantColumn, type Tenant, toTenantColumn } from '../../domain/tenant.js';
import { type VerifiedEntry, verifiedSchema } from '../../policy/policy-file.js';
import type { StoreDatabase } from '../../store/store.js';
import type { VerifiedQuestionTable } from '../../store/tables.js';
import { foldWord, splitWords } from '../words.js';

/** A promoted question as it is kept. */
export interface PromotedQuestion {
  readonly id: number;
  readonly tenant: Tenant;
  /** In the form of a policy file; null where what is kept has none that is accepted today. */
  readonly entry: VerifiedEntry | null;
  readonly question: string;
  /** `employee:7`, `operator`; null once they were erased. */
  readonly createdBy: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly status: 'active' | 'broken';
  /** Why it is broken; else null. */
  readonly fault: string | null;
}

/** Which of them; all tenants' where `tenant` is left out. */
export interface PromotedPage {
  readonly tenant?: Tenant;
  readonly after: number;
  readonly limit: number;
}

/** Longest fault that is kept, in characters. */
const MAX_FAULT_CHARACTERS = 500;

/** Promoted questions that are not retired, by id. */
export async function readPromoted(
  db: StoreDatabase,
  { tenant, after, limit }: PromotedPage,
): Promise<readonly PromotedQuestion[]> {
  const all = db
    .selectFrom('verified_questions')
    .selectAll()
    .where('status', '!=', 'retired')
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit);
  const rows = await (tenant === undefined ? all : all.where('tenant', '=', toTenantColumn(tenant))).execute();
  return rows.map(({ id, tenant: whose, question, created_by, created_at, status, fault, ...row }) => ({
    id: Number(id),
    tenant: fromTenantColumn(whose),
    entry: readEntry({ question, ...row }),
    question,
    createdBy: created_by === '' ? null : created_by,
    createdAt: Number(created_at),
    status: status === 'broken' ? 'broken' : 'active',
    fault,
  }));
}

/** One that is not retired; null where the tenant has none of that id. */
export async function findPromoted(db: StoreDatabase, tenant: Tenant, id: number): Promise<PromotedQuestion | null> {
  const [found] = await readPromoted(db, { tenant, after: id - 1, limit: 1 });
  return found?.id === id ? found : null;
}

/** How many a tenant has that are not retired. */
export async function countPromoted(db: StoreDatabase, tenant: Tenant): Promise<number> {
  const { count } = await db
    .selectFrom('verified_questions')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('tenant', '=', toTenantColumn(tenant))
    .where('status', '!=', 'retired')
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Keeps one. @returns its id @throws the engine's error where the tenant has the same question already */
export async function insertPromoted(
  db: StoreDatabase,
  promoted: {
    readonly tenant: Tenant;
    readonly entry: VerifiedEntry & { readonly sql: string };
    readonly createdBy: string;
    readonly createdAt: number;
    readonly policyVersion: string;
  },
): Promise<number> {
  const { tenant, entry, createdBy, createdAt, policyVersion } = promoted;
  const { insertId } = await db
    .insertInto('verified_questions')
    .values({
      tenant: toTenantColumn(tenant),
      question: entry.question,
      slots: JSON.stringify(entry.slots ?? {}),
      statement: entry.sql,
      open_to: JSON.stringify(entry.open_to),
      created_by: createdBy,
      created_at: createdAt,
      status: 'active',
      policy_version: policyVersion,
      fault: null,
      active_key: keyOfQuestion(entry.question),
    })
    .executeTakeFirstOrThrow();
  return Number(insertId);
}

/** Answers with one no more. @returns false where it was retired meanwhile */
export async function retirePromoted(db: StoreDatabase, id: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('verified_questions')
    .set({ status: 'retired', active_key: null })
    .where('id', '=', id)
    .where('status', '!=', 'retired')
    .executeTakeFirst();
  return Number(numUpdatedRows) === 1;
}

/** Notes what came of a check against a policy; a retired one stays retired. */
export async function markPromoted(
  db: StoreDatabase,
  id: number,
  { fault, policyVersion }: { readonly fault: string | null; readonly policyVersion: string },
): Promise<void> {
  await db
    .updateTable('verified_questions')
    .set({
      status: fault === null ? 'active' : 'broken',
      fault: fault?.slice(0, MAX_FAULT_CHARACTERS) ?? null,
      policy_version: policyVersion,
    })
    .where('id', '=', id)
    .where('status', '!=', 'retired')
    .execute();
}

/** What is the same for questions that differ in case, accents, punctuation and the names of their slots alone. */
export function keyOfQuestion(question: string): string {
  const words = question
    .split(/(\{[^{}]*\})/u)
    .flatMap((piece) =>
      /^\{[^{}]*\}$/u.test(piece) ? ['{}'] : splitWords(piece).words.map((word) => foldWord(word.text)),
    );
  return digestText(JSON.stringify(words)).replace(/^sha256:/, '');
}

function readEntry(
  row: Pick<VerifiedQuestionTable, 'question' | 'slots' | 'statement' | 'open_to'>,
): VerifiedEntry | null {
  try {
    const { question, statement: sql } = row;
    const read = { question, sql, slots: JSON.parse(row.slots), open_to: JSON.parse(row.open_to) };
    return verifiedSchema.safeParse(read).data ?? null;
  } catch {
    return null;
  }
}
