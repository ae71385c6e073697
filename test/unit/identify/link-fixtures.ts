import type { AccessEvent } from '../../../src/domain/access-event.js';
import type { Principal } from '../../../src/domain/principal.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { createForgotPassword, type ForgotPassword } from '../../../src/identify/forgot-password.js';
import { createInvite, type Invite } from '../../../src/identify/invite.js';
import { createLetters } from '../../../src/identify/letters.js';
import { createMailedTokens } from '../../../src/identify/mailed-tokens.js';
import { operatorOf } from '../../../src/identify/operator.js';
import type { Letter, Outbox } from '../../../src/identify/outbox.js';
import { createSendPasswordReset, type SendPasswordReset } from '../../../src/identify/send-password-reset.js';
import { createSetPasswordByLink, type SetPasswordByLink } from '../../../src/identify/set-password-by-link.js';
import type { Store } from '../../../src/store/store.js';
import type { Identity } from './identity-fixtures.js';

export const CONTEXT = { requestId: 'r1', address: '203.0.113.9', tenant: null, userAgent: 'test' };
export const NEW_PASSWORD = 'plum-otter-canyon-41';
export const OTHER_PASSWORD = 'brisk-lantern-fjord-77';
export const LINK_TTL_S = { invitation: 259_200, reset: 1800 };

/** Everything that links do over one identity, with a way out that keeps the letters. */
export interface Links {
  readonly invite: Invite;
  readonly forgot: ForgotPassword;
  readonly sendReset: SendPasswordReset;
  readonly setPassword: SetPasswordByLink;
  readonly letters: Letter[];
  /** Told of what becomes of mail after the answer. */
  readonly late: AccessEvent[];
  /** The token of the last letter. */
  lastToken(): string;
  /** Invites, as an operator; gives the id and the token. */
  invited(identifier: string, more?: object): Promise<{ readonly id: number; readonly token: string }>;
}

/**
 * @param options.mail `off` where no mail can be sent here, `down` where sending fails
 * @param options.store another way to the same store
 */
export function openLinks(
  identity: Identity,
  options: { readonly mail?: 'on' | 'off' | 'down'; readonly store?: Store } = {},
): Links {
  const letters: Letter[] = [];
  const late: AccessEvent[] = [];
  const isDown = options.mail === 'down';
  const outbox: Outbox = {
    isOpen: options.mail !== 'off',
    async send(letter) {
      if (isDown) throw new SwaliError('MAIL_UNAVAILABLE', { cause: new Error('ECONNREFUSED') });
      letters.push(letter);
    },
    sendLater(letter, onFailure) {
      if (isDown) void onFailure();
      else letters.push(letter);
    },
  };
  const { passwords, attempts, tenants, audit } = identity;
  const store = options.store ?? identity.store;
  const clock = () => identity.clock.now;
  const lateAudit = { append: async (event: AccessEvent) => void late.push(event) };
  const mailedTokens = createMailedTokens({ store, clock, ttlS: LINK_TTL_S });
  const shared = {
    ...{ store, clock, tenants, passwords, attempts, audit, lateAudit, outbox, mailedTokens },
    letters: createLetters({ publicUrl: 'https://ask.example.org', ttlS: LINK_TTL_S }),
  };
  const invite = createInvite(shared);
  const lastToken = () => letters.at(-1)?.link.split('=')[1] ?? 'none';
  return {
    invite,
    forgot: createForgotPassword(shared),
    sendReset: createSendPasswordReset(shared),
    setPassword: createSetPasswordByLink(shared),
    letters,
    late,
    lastToken,
    async invited(identifier, more = {}) {
      const details = { kind: 'employee' as const, identifier, ...more };
      const { account } = await invite(operatorOf(null) as Principal, details, CONTEXT);
      return { id: account.id, token: lastToken() };
    },
  };
}
