import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describeOperatorAct } from '../audit/describe-gateway.js';
import { readInvokerViews } from '../catalog/read-invoker-views.js';
import { PRINCIPAL_KINDS } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import { ensureDemoSource } from '../first-run.js';
import { openCatalog, openGateway, openRecords, openRuled, type Surroundings } from '../gateway.js';
import { explainPolicy } from '../policy/explain-policy.js';
import type { AccountUse } from '../policy/least-reads.js';
import { type CaseResult, runPolicyCases } from '../policy/policy-cases.js';
import { printGrants } from '../policy/print-grants.js';
import { proposePolicy } from '../policy/propose-policy.js';
import { sealOnTerminal } from './ask-command.js';
import { type CheckedVerified, checkVerified } from './check-verified.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { printable } from './print-answer.js';
import { type Terminal, writeLine } from './terminal.js';

/** What `policy grants --kind` takes. */
const ACCOUNT_USES: readonly AccountUse[] = [...PRINCIPAL_KINDS, 'catalog'];

/**
 * Adds `policy …` to the program.
 *
 * @param surround made when a command runs, so that bad settings are told by the command and not by `--help`
 * @param exit sets the exit code of a command that ran and found something wrong
 */
export function addPolicyCommands(
  program: Command,
  surround: () => CliSurroundings,
  terminal: Terminal,
  exit: (code: number) => void,
): void {
  const policy = program.command('policy').description('the rules of the source');
  policy
    .command('init')
    .description('propose a policy file from what the source holds')
    .option('--stdout', 'print it instead of writing POLICY_DIR/SOURCE_NAME.yaml')
    .action(({ stdout }: { stdout?: true }) => initPolicy(surround(), terminal, stdout ?? false));
  policy
    .command('check')
    .description('check the policy file against the source; every fault at once, with file and line')
    .action(() => checkPolicy(surround(), terminal));
  policy
    .command('test')
    .description(
      'run the cases of POLICY_DIR/SOURCE_NAME.test.yaml and check verified questions; exits with 1 where one fails',
    )
    .action(async () => {
      if (!(await testPolicy(surround(), terminal))) exit(1);
    });
  policy
    .command('explain')
    .description('say who may see what; with a statement, what would run (audited)')
    .option('--as <kind[:identifier]>', 'the account that asks the statement')
    .option('--sql <statement>', 'a SELECT to seal; nothing is run')
    .action((options: { as?: string; sql?: string }) => explain(surround(), terminal, options));
  policy
    .command('grants')
    .description('print the least GRANTs that an account of the source needs; nothing is run')
    .requiredOption('--kind <kind>', `what the account is for: ${ACCOUNT_USES.join(', ')}`)
    .requiredOption('--account <user@host>', 'the account, e.g. app@%')
    .action((options: { kind: string; account: string }) => grants(surround(), terminal, options));
}

/** @throws SwaliError `POLICY_INVALID` where the file is there already: what an owner wrote is never overwritten */
async function initPolicy(surroundings: Surroundings, { stdout }: Terminal, print: boolean): Promise<void> {
  const { settings, clock, logger } = surroundings;
  await ensureDemoSource(settings, clock, logger);
  const { source, catalog } = await openCatalog(surroundings);
  await source.close();
  const text = proposePolicy(catalog, settings.sourceName);
  if (print) {
    stdout.write(text);
    return;
  }
  const path = join(settings.policyDir, `${settings.sourceName}.yaml`);
  mkdirSync(settings.policyDir, { recursive: true });
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (cause) {
    const detail = `${path} is there already or cannot be written; --stdout prints the proposal`;
    throw new SwaliError('POLICY_INVALID', { detail, cause });
  }
  writeLine(stdout, `Wrote ${path}: everything is open to admins alone. Read it, and open what should be open.`);
}

/** @throws SwaliError `POLICY_INVALID` with every fault; returns where the file fits its source */
async function checkPolicy(surroundings: Surroundings, { stdout }: Terminal): Promise<void> {
  const { settings, clock, logger } = surroundings;
  await ensureDemoSource(settings, clock, logger);
  const { source, policy, excessReads } = await openRuled(surroundings);
  await source.close();
  for (const warning of policy.warnings) writeLine(stdout, `warning: ${warning}`);
  for (const right of excessReads) writeLine(stdout, `warning: more than the policy needs: ${printable(right)}`);
  const open = `${policy.relations.size} relations are open`;
  writeLine(stdout, `The policy of ${policy.source} fits its source: ${open} (${policy.version}).`);
}

/** Runs the owner's cases through the one seal, and checks every verified question with it. @returns false where one fails */
async function testPolicy(surroundings: Surroundings, terminal: Terminal): Promise<boolean> {
  const { settings, clock, logger } = surroundings;
  const file = join(settings.policyDir, `${settings.sourceName}.test.yaml`);
  const text = readCases(file);
  await ensureDemoSource(settings, clock, logger);
  const records = await openRecords(surroundings, 'cli');
  try {
    const gateway = await openGateway(surroundings, records);
    try {
      await records.audit.append(describeOperatorAct('policy test', [gateway.policy.version]));
      const { stages } = gateway;
      const usage = { promptTokens: 0, completionTokens: 0 };
      const results = await runPolicyCases(text, file, {
        viewFor: stages.viewFor,
        run: async (sql, principal) => {
          const candidate = { sql, translator: 'caller' as const, slots: new Map(), usage };
          const statement = await stages.seal(candidate, principal, stages.viewFor(principal));
          return (await stages.execute(statement, terminal.signal)).rows;
        },
      });
      const policyFile = join(settings.policyDir, `${settings.sourceName}.yaml`);
      const verified = await checkVerified(gateway, records.store, policyFile);
      const holds = [printResults(results, file, terminal), printVerifiedResults(verified, terminal)];
      return holds.every((each) => each);
    } finally {
      await gateway.close();
    }
  } finally {
    await records.close();
  }
}

function printResults(results: readonly CaseResult[], file: string, { stdout }: Terminal): boolean {
  const failed = results.filter((result) => !result.passed);
  for (const { line, title, difference } of failed) {
    writeLine(stdout, `${file}:${line}: ${printable(title)}`);
    writeLine(stdout, `  ${printable(difference ?? '')}`);
  }
  writeLine(stdout, `${results.length - failed.length} of ${results.length} cases hold.`);
  return failed.length === 0;
}

function printVerifiedResults({ ofFile, promoted, failed, lines }: CheckedVerified, { stdout }: Terminal): boolean {
  for (const line of lines) writeLine(stdout, printable(line));
  const all = ofFile + promoted;
  writeLine(stdout, `${all - failed} of ${all} verified questions hold: ${ofFile} of the file, ${promoted} promoted.`);
  return failed === 0;
}

function readCases(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SwaliError('POLICY_INVALID', { detail: `${file}:1: the file cannot be read`, cause });
  }
}

async function explain(
  surroundings: CliSurroundings,
  terminal: Terminal,
  { as, sql }: { readonly as?: string; readonly sql?: string },
): Promise<void> {
  if ((as === undefined) !== (sql === undefined)) {
    throw new SwaliError('REQUEST_INVALID', { detail: '--as and --sql go together' });
  }
  if (as !== undefined && sql !== undefined) return sealOnTerminal(surroundings, terminal, as, sql);
  const { settings, clock, logger } = surroundings;
  await ensureDemoSource(settings, clock, logger);
  const { source, catalog, policy } = await openRuled(surroundings);
  await source.close();
  writeLine(terminal.stdout, explainPolicy(policy, catalog));
}

/**
 * Prints the GRANTs of one account. The source is read with SOURCE_URL alone, as the other accounts may not be there yet.
 *
 * @throws SwaliError `GRANTS_REFUSED` where there is nothing to print, and the codes of the source and the policy
 */
async function grants(
  surroundings: Surroundings,
  { stdout }: Terminal,
  { kind, account }: { readonly kind: string; readonly account: string },
): Promise<void> {
  const use = ACCOUNT_USES.find((each) => each === kind);
  if (!use) throw new SwaliError('GRANTS_REFUSED', { detail: `--kind takes ${ACCOUNT_USES.join(', ')}` });
  const { settings, clock, logger } = surroundings;
  await ensureDemoSource(settings, clock, logger);
  const sourceUrls = { customer: null, employee: null, admin: null };
  const { source, catalog, policy } = await openRuled({ ...surroundings, settings: { ...settings, sourceUrls } });
  try {
    for (const line of printGrants(policy, catalog, use, account, await readInvokerViews(source)))
      writeLine(stdout, line);
  } finally {
    await source.close();
  }
}
