import { describeSubject } from '../domain/access-event.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { AccessContext, AccessLog } from './access-log.js';
import { readAccountId } from './account-id.js';
import type { ListedSession, SessionOwner, Sessions } from './sessions.js';

/** What an account may see of its own sessions and do with them; of those of others, nothing. */
export interface OwnSessions {
  /** The living ones, the latest first; `current` is the one that asks. @throws SwaliError `STORE_UNAVAILABLE` */
  list(principal: Principal): Promise<readonly (ListedSession & { readonly current: boolean })[]>;
  /**
   * Ends one of them, at once.
   *
   * @throws SwaliError `AUTH_SESSION_UNKNOWN` where the account has no living session of that id, whether or not another
   *   account has; `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`
   */
  end(principal: Principal, sessionId: string, context: AccessContext): Promise<void>;
  /**
   * Ends all of them, at once.
   *
   * @param options.exceptCurrent keeps the one that asks
   * @throws SwaliError `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`
   */
  endAll(principal: Principal, options: { readonly exceptCurrent: boolean }, context: AccessContext): Promise<void>;
}

/** @param deps.audit where every ending is written before its answer leaves, and every one that is refused */
export function createOwnSessions(deps: { readonly sessions: Sessions; readonly audit: AccessLog }): OwnSessions {
  const { sessions, audit } = deps;
  return Object.freeze({
    async list(principal) {
      const living = await sessions.list(ownerOf(principal));
      return living.map((session) => ({ ...session, current: session.id === principal.session }));
    },
    async end(principal, sessionId, context) {
      const ended = await sessions.end(ownerOf(principal), sessionId);
      const attempt = { event: 'session' as const, ...describeSubject(principal, context), action: 'end' as const };
      if (!ended) {
        await audit.append({ ...attempt, decision: 'refused', code: 'AUTH_SESSION_UNKNOWN' });
        throw new SwaliError('AUTH_SESSION_UNKNOWN');
      }
      await audit.append({ ...attempt, decision: 'accepted', code: null });
    },
    async endAll(principal, { exceptCurrent }, context) {
      await sessions.endAll(ownerOf(principal), exceptCurrent ? (principal.session ?? undefined) : undefined);
      await audit.append({
        event: 'session',
        ...describeSubject(principal, context),
        action: 'end-all',
        decision: 'accepted',
        code: null,
      });
    },
  } satisfies OwnSessions);
}

function ownerOf({ tenant, kind, subject }: Principal): SessionOwner {
  return { tenant, kind, accountId: readAccountId(kind, subject) };
}
