import { Command, CommanderError } from 'commander';
import type { Resolved } from '../config/secret-source.js';
import { parseSettings } from '../config/settings.js';
import { SwaliError } from '../errors/swali-error.js';
import { createLogger } from '../operate/logger.js';
import { addAlertCommands } from './alerts-command.js';
import { AS, answerOnTerminal } from './ask-command.js';
import { addAuditCommands } from './audit-commands.js';
import { addBackupCommands } from './backup-commands.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { makeDemoBusiness } from './demo-command.js';
import { followSecrets } from './environment.js';
import { addEvalCommand } from './eval-command.js';
import { addGroupCommands } from './groups-command.js';
import { addHistoryCommand } from './history-command.js';
import { inviteUser, resetUserPassword } from './invite-command.js';
import { addPolicyCommands } from './policy-commands.js';
import type { ProveOptions } from './prove-command.js';
import { addReceiptCommands } from './receipt-commands.js';
import { migrate, printGrantsOfStore } from './record-commands.js';
import { addReportCommands } from './report-commands.js';
import { addSecretCommands } from './secret-commands.js';
import { addTenantCommands } from './tenant-commands.js';
import { type Terminal, writeLine } from './terminal.js';
import { addUser, changeUser, eraseUser, listUsers, unlockUser } from './users-command.js';
import { addVerifiedCommands } from './verified-command.js';

/** Exit codes: 0 done, 1 refused or failed (the code is printed), 2 the command line itself is wrong. */
const REFUSED = 1;
const MISUSED = 2;

/**
 * Runs one command line.
 *
 * @param args without the interpreter and the script
 * @returns the exit code. Every refusal is printed to standard error as `CODE: public sentence`
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const program = createProgram(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
    reportError(error, terminal);
    return REFUSED;
  }
}

function createProgram(terminal: Terminal, exit: (code: number) => void): Command {
  const program = new Command('swali')
    .description(
      'Answers plain-language questions from MySQL, MariaDB or SQLite, and lets everyone see only their own.',
    )
    .option('--tenant <id>', 'whose people are meant; needed where TENANCY is on')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    });
  let resolved: Resolved & Pick<CliSurroundings, 'secretSources'> = {
    env: terminal.env,
    faults: [],
    secretSources: [],
  };
  program.hook('preAction', async (_program, command) => {
    resolved = await followSecrets(terminal.env, command);
  });
  const surround = (level?: 'warn'): CliSurroundings =>
    readSurroundings(resolved, program.opts<{ tenant?: string }>().tenant ?? null, level);
  program
    .command('serve', { isDefault: true })
    .description('start the gateway')
    .action(async () => {
      // Loaded here, so that the other commands start without the HTTP side.
      const { serve } = await import('./serve.js');
      if (!(await serve(surround(), terminal))) exit(REFUSED);
    });
  program
    .command('migrate')
    .description('bring the tables of the gateway’s own store up to date')
    .action(() => migrate(surround(), terminal));
  program
    .command('store')
    .description('the gateway’s own store')
    .command('grants')
    .description('print the least rights of an account of the store, on MySQL or MariaDB')
    .requiredOption('--for <use>', 'gateway, or archive for `swali audit archive`')
    .requiredOption('--account <name@host>', 'whose they are')
    .action((options) => printGrantsOfStore(surround('warn'), terminal, options));
  program
    .command('ask')
    .description('answer a question as an account sees it (audited)')
    .argument('<question...>')
    .requiredOption(...AS)
    .option(
      '--conversation <id>',
      'of the account, or new: the question is kept in it, and a follow-up goes on from it',
    )
    .action((words: string[], { as, conversation }: { as: string; conversation?: string }) =>
      answerOnTerminal(surround('warn'), terminal, as, {
        question: words.join(' '),
        ...(conversation === undefined ? {} : { conversation }),
      }),
    );
  program
    .command('sql')
    .description('run a SELECT as an account sees it (audited)')
    .argument('<statement>')
    .requiredOption(...AS)
    .action((sql: string, { as }: { as: string }) => answerOnTerminal(surround('warn'), terminal, as, { sql }));
  const users = program.command('users').description('manage accounts');
  users
    .command('add')
    .description('add an account; the password is read from standard input')
    .argument('<kind>', 'customer, employee or admin')
    .requiredOption('--identifier <id>', 'e-mail address; for customers the customer number will do')
    .option('--customer-number <number>', 'customers: whose rows are theirs')
    .option('--role <role>', 'employees: viewer, member, accountant, manager or admin-delegate')
    .option('--allow-tables <names>', 'employees: tables they may read, with commas')
    .requiredOption('--password-stdin', 'read the password from standard input')
    .action((kind, options) => addUser(surround('warn'), terminal, kind, options));
  users
    .command('invite')
    .description('make an account and mail a link by which its owner sets the password; again for a new link (audited)')
    .argument('<kind>', 'customer, employee or admin')
    .argument('<identifier>', 'e-mail address')
    .option('--customer-number <number>', 'customers: whose rows are theirs')
    .option('--role <role>', 'employees: viewer, member, accountant, manager or admin-delegate')
    .option('--allow-tables <names>', 'employees: tables they may read, with commas')
    .option('--tier <tier>', 'name of the tier')
    .action((kind, identifier, options) => inviteUser(surround('warn'), terminal, kind, identifier, options));
  users
    .command('reset-password')
    .description('mail a link by which an account sets a new password (audited)')
    .argument('<kind>', 'customer, employee or admin')
    .argument('<identifier>', 'what they sign in with')
    .action((kind, identifier) => resetUserPassword(surround('warn'), terminal, kind, identifier));
  users
    .command('list')
    .description('list the accounts of a kind')
    .argument('<kind>', 'customer, employee or admin')
    .action((kind) => listUsers(surround('warn'), terminal, kind));
  users
    .command('change')
    .description('change an account, from its next request on (audited)')
    .argument('<kind>', 'customer, employee or admin')
    .argument('<identifier>', 'what they sign in with')
    .option('--status <status>', 'active, or disabled: then its sessions end')
    .option('--role <role>', 'employees: viewer, member, accountant, manager or admin-delegate')
    .option('--allow-tables <names>', 'employees: tables they may read, with commas')
    .option('--tier <tier>', 'name of the tier')
    .option('--customer-number <number>', 'customers: whose rows are theirs')
    .action((kind, identifier, options) => changeUser(surround('warn'), terminal, kind, identifier, options));
  users
    .command('erase')
    .description('remove an account and all that belongs to it (audited)')
    .argument('<kind>', 'customer, employee or admin')
    .argument('<identifier>', 'what they sign in with')
    .action((kind, identifier) => eraseUser(surround('warn'), terminal, kind, identifier));
  users
    .command('unlock')
    .description('let an account sign in again without a wait, after failed sign-ins (audited)')
    .argument('<kind>', 'customer, employee or admin')
    .argument('<identifier>', 'what they sign in with')
    .action((kind, identifier) => unlockUser(surround('warn'), terminal, kind, identifier));
  addGroupCommands(program, () => surround('warn'), terminal);
  addReportCommands(program, () => surround('warn'), terminal);
  addHistoryCommand(program, () => surround('warn'), terminal);
  addTenantCommands(program, () => surround('warn'), terminal);
  program
    .command('sso')
    .description('single sign-on')
    .command('metadata')
    .description('print what a provider of SSO_FILE must know of this gateway')
    .argument('<name>', 'of the provider')
    .action(async (name: string) => {
      const { printSsoMetadata } = await import('./sso-command.js');
      await printSsoMetadata(surround('warn'), terminal, name);
    });
  program
    .command('demo')
    .description('make the demonstration business')
    .requiredOption('--target <url>', 'sqlite:PATH or mysql://USER:PASSWORD@HOST/DATABASE')
    .option('--scale <n>', '1 means 200 customers and 3 400 orders', '1')
    .option('--seed <n>', 'equal seeds make equal rows')
    .option('--today <day>', 'YYYY-MM-DD, the last day with orders; today where left out')
    .action((options) => makeDemoBusiness(surround('warn'), terminal, options));
  addSecretCommands(program, () => surround('warn'), terminal);
  addAuditCommands(program, () => surround('warn'), terminal, exit);
  addAlertCommands(program, () => surround(), terminal);
  addReceiptCommands(program, () => surround('warn'), terminal, exit);
  addBackupCommands(program, () => surround('warn'), terminal, exit);
  addVerifiedCommands(program, () => surround('warn'), terminal);
  addPolicyCommands(program, () => surround('warn'), terminal, exit);
  addEvalCommand(program, () => resolved, terminal, exit);
  program
    .command('prove')
    .description('try to make the seal leak, on a real engine; exits with 1 where it does')
    .requiredOption('--engine <engine>', 'sqlite, mariadb or mysql')
    .option('--cases <n>', 'statements to seal and compare', '2000')
    .option('--seed <n>', 'equal seeds ask equal statements; by the clock where left out')
    .option('--url <url>', 'a server with the right to make databases; else TEST_MARIADB_URL or TEST_MYSQL_URL')
    .option('--data <folder>', 'published sample databases, to be proved too; else EVAL_DATA_DIR')
    .option('--world <name...>', 'only these')
    .option('--statements <folder>', 'files of statements, one JSON object a line, asked first', 'fixtures/proof')
    .option(
      '--sabotage <way>',
      'break the seal: no-fence, copied-range, plan-key or where-filter; 0 where that is found',
    )
    .option('--jobs <n>', 'worlds at the same time', '2')
    .action(async (options: ProveOptions) => {
      const { runProof } = await import('./prove-command.js');
      if (!(await runProof(options, terminal))) exit(REFUSED);
    });
  return program;
}

/** Settings, clock and log of one command. A command that prints its answer logs no more than warnings, unless asked to. */
function readSurroundings(
  { env, faults, secretSources = [] }: Resolved & Pick<CliSurroundings, 'secretSources'>,
  tenantOption: string | null,
  level?: 'warn',
): CliSurroundings {
  const settings = parseSettings(env, { faults });
  const logLevel = level !== undefined && settings.logLevel === 'info' ? level : settings.logLevel;
  return { settings, clock: Date.now, logger: createLogger(logLevel), tenantOption, secretSources };
}

/** A known refusal is told in its public words; anything else is a fault of ours, and the operator may see it whole. */
function reportError(error: unknown, { stderr, env }: Terminal): void {
  if (!(error instanceof SwaliError)) {
    writeLine(stderr, error instanceof Error ? (error.stack ?? error.message) : String(error));
    return;
  }
  writeLine(stderr, `${error.code}: ${error.message}`);
  if (env.LOG_LEVEL === 'debug' && error.cause !== undefined) writeLine(stderr, String(error.cause));
}
