import type { Command } from 'commander';
import { SwaliError } from '../errors/swali-error.js';
import { putOnRecord } from '../identify/put-on-record.js';
import { printVerified } from '../policy/print-verified.js';
import { type PromotedQuestion, readPromoted } from '../translate/promoted/promoted-rows.js';
import { type PutVerifiedOnRecord, retireVerified } from '../translate/promoted/retire-verified.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { atDesk, type Desk, showAll } from './operator-desk.js';
import { printable } from './print-answer.js';
import { type Terminal, writeLine } from './terminal.js';

/**
 * Adds `verified …` to the program: the questions that people promoted to verified ones.
 *
 * @param surround made when a command runs, so that bad settings are told by the command and not by `--help`
 */
export function addVerifiedCommands(program: Command, surround: () => CliSurroundings, { stdout }: Terminal): void {
  const verified = program.command('verified').description('answers that were promoted to verified questions');
  verified
    .command('list')
    .description('list them, with those that do not fit the policy any more')
    .action(() =>
      atDesk(surround(), async (desk) => {
        let shown = 0;
        await showPromoted(desk, (each) => {
          shown += 1;
          writeLine(stdout, printable(describePromoted(each)));
        });
        if (shown === 0) writeLine(stdout, 'Nothing was promoted.');
      }),
    );
  verified
    .command('export')
    .description('print those that fit the policy as entries for its file')
    .action(() =>
      atDesk(surround(), async (desk) => {
        const active: PromotedQuestion[] = [];
        await showPromoted(desk, (each) => void active.push(each));
        const entries = active.flatMap(({ entry, status }) => (entry && status === 'active' ? [entry] : []));
        stdout.write(printVerified(entries));
      }),
    );
  verified
    .command('remove')
    .description('answer with one no more (audited)')
    .argument('<id>', 'its number in the list')
    .action((id: string) =>
      atDesk(surround(), async ({ records: { store, audit }, operator, context }) => {
        const number = Number(/^(?:verified:)?([1-9]\d{0,14})$/.exec(id)?.[1]);
        if (!Number.isSafeInteger(number)) throw new SwaliError('VERIFIED_UNKNOWN');
        const onRecord: PutVerifiedOnRecord = (attempt, work, describe) => putOnRecord(audit, attempt, work, describe);
        await retireVerified({ store, putOnRecord: onRecord }, operator, number, context);
        writeLine(stdout, `Removed verified:${number}.`);
      }),
    );
}

function showPromoted({ records, tenant }: Desk, show: (promoted: PromotedQuestion) => void): Promise<void> {
  return showAll((page) => records.store.run((db) => readPromoted(db, { ...page, tenant })), show);
}

/** One as one line. */
function describePromoted({ id, question, entry, status, fault, createdBy, createdAt }: PromotedQuestion): string {
  const open = `open to ${entry?.open_to.join(',') ?? 'nobody'}`;
  const made = `by ${createdBy ?? 'somebody erased'} on ${new Date(createdAt).toISOString().slice(0, 10)}`;
  return [`verified:${id}`, status, open, made, question, ...(fault === null ? [] : [fault])].join('  ');
}
