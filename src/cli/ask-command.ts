import { randomUUID } from 'node:crypto';
import type { Ask, AskContext } from '../ask.js';
import type { Answer } from '../domain/answer.js';
import type { Principal } from '../domain/principal.js';
import { ensureDemoAccounts, ensureDemoSource, lacksDemoAccounts } from '../first-run.js';
import { openGateway, openRecords, type Surroundings } from '../gateway.js';
import { principalFor } from '../identify/operator.js';
import { createPasswords } from '../identify/passwords.js';
import type { Store } from '../store/store.js';
import { printAnswer } from './print-answer.js';
import { describeSeeded } from './serve.js';
import { type Terminal, writeLine } from './terminal.js';

/**
 * Answers a question, or runs a statement, as one account sees it: a local operator's right, put on record before
 * anything is asked. Goes through the same spine as every request.
 *
 * @param as `KIND` or `KIND:IDENTIFIER`
 * @throws SwaliError of the spine; `IDENTITY_INPUT_INVALID` where there is no such account
 */
export async function answerOnTerminal(
  surroundings: Surroundings,
  terminal: Terminal,
  as: string,
  request: { readonly question: string } | { readonly sql: string },
): Promise<void> {
  const { settings, clock, logger } = surroundings;
  await ensureDemoSource(settings, clock, logger);
  const records = await openRecords(surroundings, 'cli');
  try {
    await seedAccounts(surroundings, records.store, terminal);
    const principal = await principalFor(records.store, as);
    const context = { requestId: randomUUID(), address: 'cli', signal: terminal.signal, operator: true };
    const action = `${'sql' in request ? 'sql' : 'ask'} --as ${as}`;
    await records.audit.append({
      event: 'operator',
      requestId: context.requestId,
      address: context.address,
      action,
      reasons: [principal.subject],
    });
    const gateway = await openGateway(surroundings);
    try {
      const answer = await run(gateway.createAsk(records.audit), request, principal, context);
      terminal.stdout.write(printAnswer(answer));
    } finally {
      await gateway.close();
    }
  } finally {
    await records.close();
  }
}

function run(
  ask: Ask,
  request: { readonly question: string } | { readonly sql: string },
  principal: Principal,
  context: AskContext,
): Promise<Answer> {
  return 'sql' in request ? ask.runSql(request.sql, principal, context) : ask.ask(request.question, principal, context);
}

/** The same accounts as a first `serve` makes, so that `ask` works on a fresh machine too. */
async function seedAccounts({ settings, clock }: Surroundings, store: Store, { stderr }: Terminal): Promise<void> {
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
