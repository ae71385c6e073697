import type { PrincipalKind } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import type { AccessContext, AccessLog, SignInContext } from './access-log.js';
import { type Account, findAccount } from './find-account.js';
import { createJudgeSecondFactor } from './judge-second-factor.js';
import type { Passwords } from './passwords.js';
import type { SecondFactors } from './second-factor.js';
import type { Session, Sessions } from './sessions.js';
import type { SignInAttempts } from './sign-in-attempts.js';
import type { Tenants } from './tenants.js';
import type { Tokens } from './tokens.js';

/** What a sign-in or a refresh hands out. */
export interface IssuedTokens {
  /** For `Authorization: Bearer …`. */
  readonly accessToken: string;
  /** Life of the access token, in seconds. */
  readonly expiresInS: number;
  /** Opaque; works once. */
  readonly refreshToken: string;
  /** Id of the session that both belong to. */
  readonly session: string;
}

/** The way in: three paths over three tables, and what keeps a session going or ends it. */
export interface Login {
  /**
   * Signs an account in. Each kind looks in its own table alone. An unknown identifier, a wrong password and a disabled
   * account take as long and are told alike. Only then is a second factor looked at, where the account has a confirmed
   * one: nobody learns of it without the password. After failures the next try must wait, whatever its password.
   *
   * @param identifier an e-mail address; for customers the customer number will do
   * @param context its tenant is the one to look in
   * @param totp code of the second factor or a recovery code; null where none was given. Not looked at where none is
   *   asked for
   * @throws SwaliError `AUTH_CREDENTIALS_WRONG` (also for a wrong code), `AUTH_SECOND_FACTOR_REQUIRED` where only the
   *   code is missing, `RATE_LIMITED` with the seconds to wait, `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`; nothing is
   *   handed out before the attempt is on record
   */
  login(
    kind: PrincipalKind,
    identifier: string,
    password: string,
    context: SignInContext,
    totp?: string | null,
  ): Promise<IssuedTokens>;
  /** @throws SwaliError `AUTH_TOKEN_INVALID`, `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE` */
  refresh(refreshToken: string, context: AccessContext): Promise<IssuedTokens>;
  /**
   * Ends the session of a refresh token, its access tokens included. A token that is unknown or has ended is no error:
   * the caller has what they wanted.
   *
   * @throws SwaliError `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`
   */
  logout(refreshToken: string, context: AccessContext): Promise<void>;
}

/** @param deps.audit where every attempt is written before its answer leaves */
export function createLogin(deps: {
  readonly store: Store;
  readonly passwords: Passwords;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly secondFactors: SecondFactors;
  readonly attempts: SignInAttempts;
  readonly tenants: Pick<Tenants, 'isOpen'>;
  readonly audit: AccessLog;
}): Login {
  const { store, passwords, tokens, sessions, secondFactors, attempts, tenants, audit } = deps;

  const judgeSecondFactor = createJudgeSecondFactor({ secondFactors, audit });

  return Object.freeze({
    async login(kind, identifier, password, context, totp = null) {
      const { requestId, address, tenant, userAgent } = context;
      const account = await findAccount(store, kind, { tenant, identifier });
      const attempt = {
        event: 'login' as const,
        requestId,
        address,
        userAgent,
        tenant,
        subject: account?.subject ?? null,
        kind,
        method: 'password' as const,
        provider: null,
      };
      const tried = await attempts.begin({ tenant, kind }, identifier, address);
      if (tried.waitS > 0) {
        await audit.append({ ...attempt, decision: 'refused', code: 'RATE_LIMITED' });
        throw new SwaliError('RATE_LIMITED', { retryAfterS: tried.waitS });
      }
      const matches = await passwords
        .matches(password, account?.passwordHash ?? null)
        // Where too many wait for a thread, nothing was compared: a flood must not count against the owner.
        .catch((error: unknown) => tried.withdraw().then(() => Promise.reject(error)));
      // Asked for where there is no account too, so that it takes as long.
      const isOpen = await tenants.isOpen(tenant);
      if (!account || !matches || account.status !== 'active' || !isOpen) {
        await tried.fail();
        await audit.append({ ...attempt, decision: 'refused', code: 'AUTH_CREDENTIALS_WRONG' });
        throw new SwaliError('AUTH_CREDENTIALS_WRONG');
      }
      const fault = await judgeSecondFactor(account, totp, context);
      if (fault) {
        // The password was right, and wrong codes are counted by themselves.
        await tried.withdraw();
        await audit.append({ ...attempt, decision: 'refused', code: fault.code });
        throw fault;
      }
      await tried.succeed(account);
      if (passwords.isOutdated(account.passwordHash)) await renewDigest(store, passwords, account, password);
      const { session, refreshToken } = await sessions.begin(
        { tenant, kind, accountId: account.id },
        { address, userAgent },
      );
      await audit.append({ ...attempt, decision: 'accepted', code: null });
      return issueTokens(tokens, session, account.role, refreshToken);
    },

    async refresh(refreshToken, { requestId, address, userAgent }) {
      const rotation = await sessions.rotate(refreshToken);
      const { session } = rotation;
      const account = session ? await findAccount(store, session.kind, { id: session.accountId }) : null;
      const attempt = {
        event: 'session' as const,
        requestId,
        address,
        userAgent,
        tenant: session?.tenant ?? null,
        subject: account?.subject ?? null,
        kind: session?.kind ?? null,
      };
      const isOpen = account?.status === 'active' && (await tenants.isOpen(account.tenant));
      if (rotation.outcome !== 'rotated' || !isOpen) {
        const action = rotation.outcome === 'reused' ? 'reuse' : 'refresh';
        await audit.append({ ...attempt, action, decision: 'refused', code: 'AUTH_TOKEN_INVALID' });
        throw new SwaliError('AUTH_TOKEN_INVALID', { cause: new Error(`refresh token: ${rotation.outcome}`) });
      }
      await audit.append({ ...attempt, action: 'refresh', decision: 'accepted', code: null });
      return issueTokens(tokens, rotation.session, account.role, rotation.refreshToken);
    },

    async logout(refreshToken, { requestId, address, userAgent }) {
      const session = await sessions.endByRefreshToken(refreshToken);
      await audit.append({
        event: 'session',
        requestId,
        address,
        userAgent,
        tenant: session?.tenant ?? null,
        subject: session ? `${session.kind}:${session.accountId}` : null,
        kind: session?.kind ?? null,
        action: 'logout',
        decision: 'accepted',
        code: null,
      });
    },
  } satisfies Login);
}

/** What the one who signed in is handed. */
export function issueTokens(
  tokens: Tokens,
  { id, ...owner }: Session,
  role: string | null,
  refreshToken: string,
): IssuedTokens {
  const accessToken = tokens.issue({ ...owner, role, session: id });
  return { accessToken, expiresInS: tokens.ttlS, refreshToken, session: id };
}

/** Digests the password anew at today's cost, now that it is at hand. The old digest must still stand. */
async function renewDigest(store: Store, passwords: Passwords, account: Account, password: string): Promise<void> {
  const digest = await passwords.rehash(password).catch(() => null);
  // Where too many wait, the old digest stays until the next sign-in.
  if (digest === null) return;
  const table = ({ admin: 'admins', employee: 'employees', customer: 'customers' } as const)[account.kind];
  await store.run((db) =>
    db
      .updateTable(table)
      .set({ password_hash: digest })
      .where('id', '=', account.id)
      .where('password_hash', '=', account.passwordHash)
      .execute(),
  );
}
