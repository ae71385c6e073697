import type { Turn } from '../domain/conversation.js';
import type { Principal } from '../domain/principal.js';
import type { PrincipalView } from '../policy/view.js';

/**
 * What a model may mend: a statement that was refused or failed, with its public error, or, where `sql` and `code` are null,
 * a question back that left nothing to choose from.
 */
export interface Feedback {
  readonly sql: string | null;
  readonly code: string | null;
  /** The public sentence of the error, never its private cause; of a question back, its words. */
  readonly message: string;
}

/** One question to translate. */
export interface TranslateRequest {
  readonly question: string;
  /** The catalog as this principal may see it: nothing else is ever named, to a model or to the caller. */
  readonly view: PrincipalView;
  readonly principal: Principal;
  /** Of the same conversation, oldest first: what a follow-up ("and last year?") is about. Empty where it is none. */
  readonly turns: readonly Turn[];
  /** Oldest first; empty at the first attempt. */
  readonly feedback: readonly Feedback[];
  readonly signal: AbortSignal;
}

/**
 * The distinct values of one column whose owner shares its values, as this principal sees them (through the same seal
 * and rows as any answer). Called only for columns with `shareValues` and no mask.
 *
 * @returns at most some dozens of values; empty where they are too many or cannot be read
 */
export type ReadSharedValues = (
  request: TranslateRequest,
  relation: string,
  column: string,
) => Promise<readonly string[]>;
