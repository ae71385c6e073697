import type { Turn } from '../../domain/conversation.js';
import type { Principal } from '../../domain/principal.js';
import type { PrincipalView } from '../../policy/view.js';
import type { NewTurn } from '../../store/save-turn.js';

/** A question that has been dealt with, and what it became. */
export type AskedTurn = Omit<NewTurn, 'viewDigest' | 'policyVersion'> & {
  /** Under which it was asked; null where it did not come so far. */
  readonly rules: Pick<NewTurn, 'viewDigest' | 'policyVersion'> | null;
};

/** How a question came, of what the spine knows of it. */
export interface TurnContext {
  readonly requestId: string;
  /** True for the local operator of the machine, who asks in the place of an account. */
  readonly operator: boolean;
  /** Id of a conversation, `new`, or none. */
  readonly conversation?: string | null;
}

/** What was asked before, and where what is asked now is kept. */
export interface Turns {
  /**
   * The latest turns of a conversation, oldest first, as a translator may see them. Empty for a new one and for none.
   *
   * @throws SwaliError `CONVERSATION_UNKNOWN` alike for one that is another's, has expired, was removed or never was;
   *   `CONVERSATION_OFF` where none is kept; `STORE_UNAVAILABLE`
   */
  before(principal: Principal, conversation: string | null, view: PrincipalView): Promise<readonly Turn[]>;
  /**
   * Keeps a question for its asker. Never throws: the answer is on record already, and leaves in any case.
   *
   * @returns the id of the conversation that it is part of; null for none
   */
  save(principal: Principal, turn: AskedTurn, context: TurnContext): Promise<string | null>;
}

/** Every question by itself, and none kept. */
export const NO_TURNS: Turns = {
  before: async () => [],
  save: async () => null,
};
