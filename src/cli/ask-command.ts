import { randomUUID } from 'node:crypto';
import type { Ask, Stages } from '../ask.js';
import type { AskContext } from '../ask-context.js';
import type { Principal } from '../domain/principal.js';
import { ensureDemoAccounts, ensureDemoSource, lacksDemoAccounts } from '../first-run.js';
import { openGateway, openRecords, type Records, type Surroundings } from '../gateway.js';
import { principalFor } from '../identify/operator.js';
import { createPasswords } from '../identify/passwords.js';
import type { Reports } from '../reports/manage-reports.js';
import type { KeptTurns } from '../store/kept-turns.js';
import { openKeptTurns } from '../store-key.js';
import { type CliSurroundings, demandTenant } from './cli-surroundings.js';
import { describeSeeded } from './describe-seeded.js';
import { printAnswer, printable } from './print-answer.js';
import { type Terminal, writeLine } from './terminal.js';

/**
 * Answers a question, or runs a statement, as one account sees it: a local operator's right, put on record before
 * anything is asked. Goes through the same spine as every request.
 *
 * @param as `KIND` or `KIND:IDENTIFIER`
 * @param request.conversation of the account, by its id, or `new`; the question is then kept in it
 * @throws SwaliError of the spine; `IDENTITY_INPUT_INVALID` where there is no such account
 */
export async function answerOnTerminal(
  surroundings: CliSurroundings,
  terminal: Terminal,
  as: string,
  request: { readonly question: string; readonly conversation?: string } | { readonly sql: string },
): Promise<void> {
  const verb = 'sql' in request ? 'sql' : 'ask';
  await actAs(surroundings, terminal, `${verb} --as ${as}`, as, async (ask, principal, context) => {
    const answer =
      'sql' in request
        ? await ask.runSql(request.sql, principal, context)
        : await ask.ask(request.question, principal, { ...context, conversation: request.conversation ?? null });
    terminal.stdout.write(printAnswer(answer));
    if (answer.conversation_id !== null) writeLine(terminal.stdout, `Conversation ${answer.conversation_id}`);
  });
}

/** Seals a statement as one account would have it, and prints what would run. @throws SwaliError as {@link answerOnTerminal} */
export async function sealOnTerminal(
  surroundings: CliSurroundings,
  terminal: Terminal,
  as: string,
  sql: string,
): Promise<void> {
  await actAs(surroundings, terminal, `policy explain --as ${as}`, as, async (ask, principal, context) => {
    const { sealed_sql, parameters, provenance } = await ask.dryRun(sql, principal, context);
    writeLine(terminal.stdout, printable(sealed_sql));
    for (const [index, { origin, name, value }] of parameters.entries()) {
      writeLine(
        terminal.stdout,
        printable(`  ?${index + 1}  ${origin}${name ? ` ${name}` : ''} = ${JSON.stringify(value)}`),
      );
    }
    const list = (names: readonly string[]): string => names.map(printable).join(', ') || 'none';
    writeLine(terminal.stdout, `  tables ${list(provenance.relations)}; row rules ${list(provenance.policies)}`);
  });
}

/** Whom a command acts as. */
export const AS = [
  '--as <kind[:identifier]>',
  'customer, employee or admin; the first of that kind, or the one named',
] as const;

/** What is kept for accounts, and the rules that it is shown under. */
export interface OwnKept {
  readonly reports: Reports;
  readonly turns: KeptTurns;
  readonly viewFor: Stages['viewFor'];
}

/**
 * Opens the gateway on this machine, records that an operator acts as an account, and lets them.
 *
 * @param as `KIND` or `KIND:IDENTIFIER`
 * @throws SwaliError `IDENTITY_INPUT_INVALID` where there is no such account, and what the work throws
 */
export async function actAs(
  surroundings: CliSurroundings,
  terminal: Terminal,
  action: string,
  as: string,
  work: (ask: Ask, principal: Principal, context: AskContext, own: OwnKept) => Promise<void>,
): Promise<void> {
  const { settings, clock, logger } = surroundings;
  const tenant = demandTenant(surroundings);
  await ensureDemoSource(settings, clock, logger);
  const records = await openRecords(surroundings, 'cli');
  try {
    await seedAccounts(surroundings, records, terminal);
    const principal = await principalFor(records.store, tenant, as);
    const context = {
      requestId: randomUUID(),
      address: 'cli',
      userAgent: null,
      signal: terminal.signal,
      operator: true,
    };
    const from = { requestId: context.requestId, address: 'cli', userAgent: null, tenant };
    await records.audit.append({ event: 'operator', ...from, action, reasons: [principal.subject] });
    const gateway = await openGateway(surroundings, records);
    try {
      const ask = gateway.createAsk(records.audit);
      await work(ask, principal, context, {
        reports: gateway.createReports(records.audit, ask),
        turns: openKeptTurns(surroundings, records.store),
        viewFor: gateway.stages.viewFor,
      });
    } finally {
      await gateway.close();
    }
  } finally {
    await records.close();
  }
}

/** The same accounts as a first `serve` makes, so that `ask` works on a fresh machine too. */
async function seedAccounts(
  { settings, clock }: Surroundings,
  { store }: Records,
  { stderr }: Terminal,
): Promise<void> {
  if (!(await lacksDemoAccounts(settings, store))) return;
  const passwords = await createPasswords({ cost: settings.bcryptCost });
  try {
    for (const line of describeSeeded(await ensureDemoAccounts(settings, { store, passwords, clock }))) {
      writeLine(stderr, line);
    }
  } finally {
    await passwords.close();
  }
}
