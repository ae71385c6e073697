import type { Command } from 'commander';
import { isUnderRules, type KeptTurn } from '../store/turn-rows.js';
import { actAs } from './ask-command.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { LIMIT, readLimit } from './limit-option.js';
import { printable } from './print-answer.js';
import { type Terminal, writeLine } from './terminal.js';

/**
 * Adds `history`: what an account asked, as `GET /v1/history` shows it. On record as the operator's act.
 *
 * @param surround made when the command runs
 */
export function addHistoryCommand(program: Command, surround: () => CliSurroundings, terminal: Terminal): void {
  program
    .command('history')
    .description('list what an account asked, the newest first (audited)')
    .requiredOption('--as <kind[:identifier]>', 'customer, employee or admin; the first of that kind, or the one named')
    .option(...LIMIT)
    .action(({ as, limit }: { as: string; limit: string }) => {
      const page = { limit: readLimit(limit), before: null };
      return actAs(surround(), terminal, `history --as ${as}`, as, async (_ask, principal, _context, own) => {
        const view = principal.permissions.has('sql:read') ? own.viewFor(principal) : null;
        const turns = await own.turns.listTurns(principal, page);
        for (const turn of turns)
          for (const line of printTurn(turn, view !== null && isUnderRules(turn, view)))
            writeLine(terminal.stdout, line);
        if (turns.length === 0) writeLine(terminal.stdout, 'Nothing is kept of what it asked.');
      });
    });
}

function printTurn(turn: KeptTurn, showsSql: boolean): readonly string[] {
  const { askedAt, status, code, conversationId, question, readAs, sql } = turn;
  const outcome = code === null ? status : `${status}  ${code}`;
  return [
    `${new Date(askedAt).toISOString()}  ${outcome}  ${printable(question)}`,
    ...(readAs === null ? [] : [`  read as  ${printable(readAs)}`]),
    ...(showsSql && sql !== null ? [`  ${printable(sql)}`] : []),
    ...(conversationId === null ? [] : [`  conversation  ${conversationId}`]),
  ];
}
