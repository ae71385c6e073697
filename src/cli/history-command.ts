import type { Command } from 'commander';
import { showSqlTo } from '../identify/own-history.js';
import type { KeptTurn } from '../store/turn-rows.js';
import { AS, actAs } from './ask-command.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { limitOption, OWN_ITEMS, readLimit } from './limit-option.js';
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
    .requiredOption(...AS)
    .option(...limitOption('questions', OWN_ITEMS))
    .action(({ as, limit }: { as: string; limit: string }) => {
      const page = { limit: readLimit(limit, OWN_ITEMS), before: null };
      return actAs(surround(), terminal, `history --as ${as}`, as, async (_ask, principal, _context, own) => {
        const showSql = showSqlTo(principal, own.viewFor);
        const turns = await own.turns.listTurns(principal, page);
        for (const turn of turns) for (const line of printTurn(turn, showSql(turn))) writeLine(terminal.stdout, line);
        if (turns.length === 0) writeLine(terminal.stdout, 'Nothing is kept of what it asked.');
      });
    });
}

function printTurn(turn: KeptTurn, sql: string | null): readonly string[] {
  const { askedAt, status, code, conversationId, question, readAs } = turn;
  const outcome = code === null ? status : `${status}  ${code}`;
  return [
    `${new Date(askedAt).toISOString()}  ${outcome}  ${printable(question)}`,
    ...(readAs === null ? [] : [`  read as  ${printable(readAs)}`]),
    ...(sql !== null ? [`  ${printable(sql)}`] : []),
    ...(conversationId === null ? [] : [`  conversation  ${conversationId}`]),
  ];
}
