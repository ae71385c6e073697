/** One earlier question of a conversation, and what it became. Never a row. */
export interface Turn {
  readonly question: string;
  /**
   * The statement that answered it; null where there was none, or where it was written under rules that the asker is no
   * longer under: it could name what is closed by now.
   */
  readonly sql: string | null;
  /** False where the question was not answered, so that nothing can go on from it; absent where nobody knows. */
  readonly answered?: boolean;
}
