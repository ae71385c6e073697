import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { readCheckpointFile } from '../audit/checkpoint-file.js';
import { printCheckpoint } from '../audit/checkpoints.js';
import { describeOperatorAct } from '../audit/describe-gateway.js';
import { readVerifier } from '../audit/ed25519.js';
import { type VerifyReport, verifyChains } from '../audit/verify.js';
import { archiveOldRecords, checkpointFileOf, openAudit, readAuditSigner } from '../audit-log.js';
import { SwaliError } from '../errors/swali-error.js';
import { openRecords, type Surroundings } from '../gateway.js';
import { openStore } from '../store/store.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { addAuditReading } from './read-audit-commands.js';
import { tellOfGap } from './tell-of-gap.js';
import { type Terminal, writeLine } from './terminal.js';

/** What `audit verify` is told. */
interface VerifyOptions {
  readonly checkpoints?: string;
  readonly archives?: string;
  readonly key?: string;
}

/** `swali audit …` */
export function addAuditCommands(
  program: Command,
  surround: () => CliSurroundings,
  terminal: Terminal,
  exit: (code: number) => void,
): void {
  const audit = program.command('audit').description('the audit log');
  audit
    .command('verify')
    .description('check every chain, checkpoint and archive; exits with 1 where one is not intact')
    .option('--checkpoints <file>', 'checkpoints that were kept elsewhere, one a line; else the last one of DATA_DIR')
    .option('--archives <folder>', 'read the archived records too; else only what the store says of them')
    .option('--key <file>', 'public keys as PEM, where AUDIT_PRIVATE_KEY is not at hand')
    .action(async (options: VerifyOptions) => {
      if (!(await verifyAudit(surround(), terminal, options))) exit(1);
    });
  audit
    .command('checkpoint')
    .description('sign where every chain ends now, and print it, to be kept elsewhere')
    .action(() => printNewCheckpoint(surround(), terminal));
  audit
    .command('archive')
    .description('move records older than AUDIT_RETENTION_DAYS into signed files (audited)')
    .action(() => archiveAudit(surround(), terminal));
  addAuditReading(audit, surround, terminal);
}

/**
 * Reads every audit chain and prints what was changed, and where each chain ends. Nothing is written, and no gateway
 * needs to run.
 *
 * @returns false where something is wrong; then alerts of it go out
 */
async function verifyAudit(
  surroundings: Surroundings,
  { stdout, stderr }: Terminal,
  options: VerifyOptions,
): Promise<boolean> {
  const { settings } = surroundings;
  const verifier =
    options.key === undefined
      ? readAuditSigner(surroundings)
      : readVerifier(
          '--key',
          readFileOf('--key', options.key).match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [''],
        );
  if (options.checkpoints !== undefined) readFileOf('--checkpoints', options.checkpoints);
  const kept = await readCheckpointFile(options.checkpoints ?? checkpointFileOf(settings));
  const store = await openStore(settings.storeUrl, settings.transport.store);
  try {
    const archives = options.archives === undefined ? {} : { archiveDir: options.archives };
    const report = await verifyChains(store, { verifier, kept, ...archives });
    for (const line of describeReport(report)) writeLine(stdout, line);
    const missed = report.intact ? [] : await tellOfGap(surroundings, report.faults);
    for (const each of missed) writeLine(stderr, `The alert was not taken by ${each}.`);
    return report.intact;
  } finally {
    await store.close();
  }
}

function describeReport(report: VerifyReport): readonly string[] {
  const faults = report.faults.map(({ writer, sequence, until, kind, message }) => {
    const where = until === sequence ? `${sequence}` : `${sequence}–${until}`;
    return `${writer} ${where}: ${kind}: ${message}`;
  });
  const heads = report.heads.map(({ writer, sequence, hash }) => `head of ${writer}: ${sequence} ${hash}`);
  const signed = `${report.checkpoints} checkpoints, ${report.archives} archives (${report.archiveFiles} of them read)`;
  const verdict = report.intact ? 'intact' : `NOT intact, ${report.faultCount} faults`;
  return [...faults, ...heads, signed, `${report.records} records by ${report.writers} writers: ${verdict}.`];
}

async function printNewCheckpoint(surroundings: Surroundings, { stdout, stderr }: Terminal): Promise<void> {
  const records = await openRecords(surroundings, 'cli');
  try {
    const checkpoint = await records.audit.checkpoint();
    if (checkpoint) writeLine(stdout, printCheckpoint(checkpoint));
    else writeLine(stderr, 'No chain has grown since the last checkpoint.');
  } finally {
    await records.close();
  }
}

async function archiveAudit(surroundings: Surroundings, { stdout }: Terminal): Promise<void> {
  const { settings } = surroundings;
  const store = await openStore(settings.audit.retentionUrl, settings.transport.store);
  try {
    const audit = await openAudit(surroundings, store, 'archive');
    const moved = await archiveOldRecords(surroundings, store);
    for (const { path, records } of moved) writeLine(stdout, `${path}: ${records} records`);
    if (moved.length === 0) writeLine(stdout, `No record is older than ${settings.audit.retentionDays} days.`);
    const reasons = moved.map(({ archive: { writer, first, last } }) => `${writer} ${first}–${last}`);
    await audit.append(describeOperatorAct('audit archive', reasons));
    await audit.checkpoint();
  } finally {
    await store.close();
  }
}

/** @throws SwaliError `AUDIT_INPUT_INVALID` where the file cannot be read */
function readFileOf(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SwaliError('AUDIT_INPUT_INVALID', { detail: `${option}: the file cannot be read`, cause });
  }
}
