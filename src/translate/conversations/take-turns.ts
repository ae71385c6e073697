import type { Turn } from '../../domain/conversation.js';
import type { PrincipalView } from '../../policy/view.js';
import { isUnderRules, type KeptTurn } from '../../store/turn-rows.js';

/** Turns that a translator is shown at most. */
export const MOST_SHOWN_TURNS = 6;
/** Characters of their questions and statements together at most: they are part of every prompt that follows. */
export const MOST_SHOWN_CHARACTERS = 6000;

/**
 * What a translator may see of the turns of a conversation: the latest ones, within bounds. A follow-up stands as the whole
 * question that it was read as. A statement is left out where it was written under other rules than those of now, as it could
 * name what is closed by now, and where there is no room for it.
 *
 * @param kept of one asker and conversation, oldest first
 * @param view of that asker, now
 */
export function takeTurns(
  kept: readonly KeptTurn[],
  view: Pick<PrincipalView, 'digest' | 'policyVersion'>,
): readonly Turn[] {
  const taken: Turn[] = [];
  let room = MOST_SHOWN_CHARACTERS;
  for (const turn of kept.slice(-MOST_SHOWN_TURNS).reverse()) {
    const question = turn.readAs ?? turn.question;
    if (question.length > room) break;
    room -= question.length;
    const sql = isUnderRules(turn, view) && turn.sql !== null && turn.sql.length <= room ? turn.sql : null;
    room -= sql?.length ?? 0;
    taken.unshift({ question, sql, answered: turn.status === 'answered' });
  }
  return taken;
}
