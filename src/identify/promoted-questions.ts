import type { StoreDatabase } from '../store/store.js';

/** A question that somebody promoted to a verified one. */
export interface PromotedByThem {
  readonly question: string;
  readonly status: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** What an account has promoted, oldest first. @param subject `employee:7` */
export async function readPromotedBy(db: StoreDatabase, subject: string): Promise<readonly PromotedByThem[]> {
  const rows = await db
    .selectFrom('verified_questions')
    .select(['question', 'status', 'created_at'])
    .where('created_by', '=', subject)
    .orderBy('id')
    .execute();
  return rows.map(({ question, status, created_at }) => ({ question, status, createdAt: Number(created_at) }));
}

/** Forgets who promoted a question; the question is the company's and stays. */
export async function forgetPromoter(db: StoreDatabase, subject: string): Promise<void> {
  await db.updateTable('verified_questions').set({ created_by: '' }).where('created_by', '=', subject).execute();
}
