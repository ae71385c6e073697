import type { Surroundings } from '../gateway.js';
import { createInvite } from '../identify/invite.js';
import { describeSpan } from '../identify/letters.js';
import type { Outbox } from '../identify/outbox.js';
import { createSendPasswordReset } from '../identify/send-password-reset.js';
import { openMailedLinks, openOutbox } from '../mailing.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { atDesk, atDeskWithPasswords } from './operator-desk.js';
import { type Terminal, writeLine } from './terminal.js';
import { demandAccount, parseKind, splitNames } from './users-command.js';

/** What `users invite` takes, as commander hands it over. */
export interface InviteOptions {
  readonly customerNumber?: string;
  readonly role?: string;
  readonly allowTables?: string;
  readonly tier?: string;
}

/**
 * Invites an account: makes it, or sends another link to one that has not accepted yet. Where no mail server is set the
 * link is printed instead, for the operator to pass on. On record.
 *
 * @throws SwaliError as `Invite`
 */
export async function inviteUser(
  surroundings: CliSurroundings,
  terminal: Terminal,
  kindText: string,
  identifier: string,
  options: InviteOptions,
): Promise<void> {
  const kind = parseKind(kindText);
  const { settings, clock } = surroundings;
  const { customerNumber, role, allowTables, tier } = options;
  const details = {
    kind,
    identifier,
    ...(customerNumber === undefined ? {} : { customerNumber }),
    ...(role === undefined ? {} : { role }),
    ...(allowTables === undefined ? {} : { allowTables: splitNames(allowTables) }),
    ...(tier === undefined ? {} : { tier }),
  };
  await atDeskWithPasswords(surroundings, async ({ records, operator, context, passwords }) => {
    const { store, audit } = records;
    const way = openWay(surroundings);
    const links = openMailedLinks(surroundings, store);
    const { outbox } = way;
    const invite = createInvite({ store, passwords, clock, ...links, outbox, audit, lateAudit: audit });
    const { account } = await invite(operator, details, context);
    writeLine(terminal.stdout, `Invited ${account.subject}. ${way.describe(settings.invitationTtlS)}`);
  });
}

/**
 * Sends an account a link by which it can set a new password; without a mail server the link is printed. On record.
 *
 * @throws SwaliError as `SendPasswordReset`, `IDENTITY_INPUT_INVALID` where there is no such account
 */
export async function resetUserPassword(
  surroundings: CliSurroundings,
  terminal: Terminal,
  kindText: string,
  identifier: string,
): Promise<void> {
  const kind = parseKind(kindText);
  await atDesk(surroundings, async ({ records, tenant, operator, context }) => {
    const { store, audit } = records;
    const way = openWay(surroundings);
    const { id } = await demandAccount(records, tenant, kind, identifier);
    const links = openMailedLinks(surroundings, store);
    const send = createSendPasswordReset({ store, ...links, outbox: way.outbox, audit });
    const { subject } = await send(operator, kind, id, context);
    const told = way.describe(surroundings.settings.passwordResetTtlS);
    writeLine(terminal.stdout, `${subject} may set a new password. ${told}`);
  });
}

/** How links leave: by mail, or by the hand of the operator, who sees them once. */
function openWay(surroundings: Surroundings): { readonly outbox: Outbox; describe(ttlS: number): string } {
  if (surroundings.settings.smtp) {
    return { outbox: openOutbox(surroundings), describe: () => 'The link is mailed.' };
  }
  const links: string[] = [];
  const keep: Outbox['send'] = async ({ link }) => void links.push(link);
  return {
    outbox: { isOpen: true, send: keep, sendLater: keep },
    describe: (ttlS) => [`The link works once, within ${describeSpan(ttlS)}:`, ...links].join('\n'),
  };
}
