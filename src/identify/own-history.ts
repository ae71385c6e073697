import { describeSubject } from '../domain/access-event.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { KeptTurns } from '../store/kept-turns.js';
import { isUnderRules, type KeptConversation, type KeptTurn } from '../store/turn-rows.js';
import type { AccessContext, AccessLog } from './access-log.js';
import { type Attempt, putOnRecord } from './put-on-record.js';

/** What an account may see of its own questions and conversations and do with them; of those of others, nothing. */
export interface OwnHistory {
  /** @param before the last of the page before; null for the first page. @throws SwaliError `STORE_UNAVAILABLE` */
  listConversations(
    principal: Principal,
    page: { readonly limit: number; readonly before: Pick<KeptConversation, 'id' | 'lastUsedAt'> | null },
  ): Promise<readonly KeptConversation[]>;
  /**
   * A conversation with its turns, oldest first.
   *
   * @throws SwaliError `CONVERSATION_UNKNOWN` where the account has no living one of that id, whether or not another account
   *   has; `STORE_UNAVAILABLE`
   */
  readConversation(
    principal: Principal,
    id: string,
  ): Promise<{ readonly conversation: KeptConversation; readonly turns: readonly KeptTurn[] }>;
  /** Questions, newest first. @param before as above. @throws SwaliError `STORE_UNAVAILABLE` */
  listQuestions(
    principal: Principal,
    page: { readonly limit: number; readonly before: string | null },
  ): Promise<readonly KeptTurn[]>;
  /** @throws SwaliError as {@link OwnHistory.readConversation}, and `AUDIT_UNAVAILABLE` */
  removeConversation(principal: Principal, id: string, context: AccessContext): Promise<void>;
  /** @throws SwaliError `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE` */
  removeConversations(principal: Principal, context: AccessContext): Promise<void>;
  /** Every question, in conversations too. @throws SwaliError `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE` */
  removeAll(principal: Principal, context: AccessContext): Promise<void>;
}

type HistoryAttempt = Extract<Attempt, { readonly event: 'history' }>;

/** Turns of a conversation that are read: all that it holds. */
const ALL_TURNS = 1000;

/** @param deps.audit where every removal is written before its answer leaves, and every one that is refused */
export function createOwnHistory(deps: { readonly turns: KeptTurns; readonly audit: AccessLog }): OwnHistory {
  const { turns, audit } = deps;
  return Object.freeze({
    listConversations: (principal, page) => turns.listConversations(principal, page),
    async readConversation(principal, id) {
      const conversation = await turns.readConversation(principal, id);
      const held = conversation && (await turns.readTurns(principal, id, ALL_TURNS));
      if (!held) throw new SwaliError('CONVERSATION_UNKNOWN');
      return { conversation, turns: held };
    },
    listQuestions: (principal, page) => turns.listTurns(principal, page),
    removeConversation: (principal, id, context) =>
      putOnRecord(audit, attemptOf(principal, context, 'remove-conversation'), async () => {
        if (!(await turns.removeConversation(principal, id))) throw new SwaliError('CONVERSATION_UNKNOWN');
      }),
    removeConversations: (principal, context) =>
      putOnRecord(audit, attemptOf(principal, context, 'remove-conversations'), () =>
        turns.removeConversations(principal),
      ),
    removeAll: (principal, context) =>
      putOnRecord(audit, attemptOf(principal, context, 'remove-all'), () => turns.removeAll(principal)),
  } satisfies OwnHistory);
}

function attemptOf(principal: Principal, context: AccessContext, action: HistoryAttempt['action']): HistoryAttempt {
  return { event: 'history', ...describeSubject(principal, context), action };
}

/**
 * The statement of a kept question as its asker may see it: with `sql:read`, where what it names is open to them still; else null.
 *
 * @param rulesFor the rules that hold for them now
 */
export function showSqlTo(
  principal: Principal,
  rulesFor: (principal: Principal) => Parameters<typeof isUnderRules>[1],
): (turn: KeptTurn) => string | null {
  const rules = principal.permissions.has('sql:read') ? rulesFor(principal) : null;
  return (turn) => (rules && isUnderRules(turn, rules) ? turn.sql : null);
}
