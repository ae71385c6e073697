import { isMailAddress } from '../domain/mail.js';
import type { Account } from './find-account.js';
import { normaliseIdentifier } from './identifiers.js';
import type { TokenPurpose } from './mailed-tokens.js';
import type { Letter } from './outbox.js';

/** Writes the letters that tokens go out in. */
export interface Letters {
  /** @param to whose identifier is an e-mail address; the link says their tenant, which the page needs for the sign-in */
  write(purpose: TokenPurpose, to: Pick<Account, 'tenant' | 'identifier'>, token: string): Letter;
}

/**
 * @param deps.publicUrl address that people use, without a trailing slash
 * @param deps.ttlS how long tokens work, in seconds
 */
export function createLetters(deps: {
  readonly publicUrl: string;
  readonly ttlS: Readonly<Record<TokenPurpose, number>>;
}): Letters {
  return Object.freeze({
    write(purpose, { tenant, identifier: to }, token) {
      // Behind the #, which browsers send to no server: it stands in no log and no referrer.
      const link = `${deps.publicUrl}/${tenant === null ? '' : `?tenant=${tenant}`}#${purpose}=${token}`;
      const life = describeSpan(deps.ttlS[purpose]);
      return { to, link, ...WORDS[purpose](link, life) };
    },
  } satisfies Letters);
}

const WORDS: Readonly<Record<TokenPurpose, (link: string, life: string) => Pick<Letter, 'subject' | 'text'>>> = {
  invitation: (link, life) => ({
    subject: 'Your invitation to Swali',
    text: `You are invited to Swali, where you ask questions about data in your own words.

Choose your password here:

${link}

The link works once, within ${life}. Pass it on to nobody.

If you did not expect this, there is nothing you need to do.
`,
  }),
  reset: (link, life) => ({
    subject: 'A new password for Swali',
    text: `Somebody asked for a new password for your account at Swali. Choose one here:

${link}

The link works once, within ${life}. Pass it on to nobody. A second factor stays as it is.

If it was not you, there is nothing you need to do: your password stays as it is.
`,
  }),
};

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** A span in its largest whole unit: `3 days`, `90 minutes`. */
export function describeSpan(seconds: number): string {
  const [unit, length] = UNITS.find(([, each]) => seconds >= each && seconds % each === 0) ?? UNITS[3];
  const count = seconds / length;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/**
 * The address that letters to an account go to.
 *
 * @param identifier of the account, or one as typed
 * @returns null for a customer number, and for what no mail can be sent to
 * @throws SwaliError `IDENTITY_INPUT_INVALID` where it cannot be an identifier
 */
export function readMailAddress(identifier: string): string | null {
  const { form, value } = normaliseIdentifier(identifier);
  return form === 'email' && isMailAddress(value) ? value : null;
}
