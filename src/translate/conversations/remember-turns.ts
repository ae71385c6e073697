import type { Logger } from '../../domain/ports.js';
import { SwaliError } from '../../errors/swali-error.js';
import type { KeptTurns } from '../../store/kept-turns.js';
import { MOST_SHOWN_TURNS, takeTurns } from './take-turns.js';
import type { Turns } from './turns.js';

/** How a request says that it begins a conversation. */
const NEW = 'new';

/** Refusals of what was no question, or was not put to anybody: there is nothing to come back to. */
const NOT_ASKED: ReadonlySet<string> = new Set([
  'TRANSLATE_QUESTION_INVALID',
  'CONVERSATION_UNKNOWN',
  'CONVERSATION_OFF',
]);

/** What was asked before, out of the store. @param deps.logger told where a turn could not be kept, never what it says */
export function createRememberTurns({ kept, logger }: { readonly kept: KeptTurns; readonly logger: Logger }): Turns {
  return Object.freeze({
    async before(principal, conversation, view) {
      if (conversation === null) return [];
      if (!kept.keepsConversations) throw new SwaliError('CONVERSATION_OFF');
      if (conversation === NEW) return [];
      const turns = await kept.readTurns(principal, conversation, MOST_SHOWN_TURNS);
      if (!turns) throw new SwaliError('CONVERSATION_UNKNOWN');
      return takeTurns(turns, view);
    },
    async save(principal, { rules, ...turn }, { requestId, operator, conversation = null }) {
      if (rules === null || (turn.code !== null && NOT_ASKED.has(turn.code))) return null;
      // What an operator tries in somebody's place is not that person's question, unless they go on with a conversation.
      if (operator && conversation === null) return null;
      // A refusal tells nobody an id: a conversation that began with it could not be gone on with.
      const begins = conversation === NEW && turn.code === null;
      const known = conversation === null || conversation === NEW ? null : conversation;
      try {
        return await kept.save(
          principal,
          { ...turn, ...rules },
          begins ? 'new' : known === null ? null : { id: known },
        );
      } catch (error) {
        const code = error instanceof SwaliError ? error.code : 'INTERNAL';
        logger.warn({ requestId, subject: principal.subject, code }, 'a question could not be kept for its asker');
        return known;
      }
    },
  } satisfies Turns);
}
