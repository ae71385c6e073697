import type { Command } from 'commander';
import type { ReceiptClaims } from '../audit/receipts/receipt-claims.js';
import { verifyReceipt } from '../audit/receipts/verify-receipt.js';
import type { Surroundings } from '../gateway.js';
import { readReceiptSigner } from '../receipt-key.js';
import { printable } from './print-answer.js';
import { type EvidenceFiles, readEvidence } from './receipt-evidence.js';
import { type KeyPlaces, readReceiptKeys } from './receipt-keys.js';
import { type Terminal, writeLine } from './terminal.js';

/** Everything that `receipt verify` may be told. */
type VerifyOptions = EvidenceFiles & KeyPlaces;

/**
 * Adds `receipt verify` and `receipt keys`.
 *
 * @param exit called with 1 where a receipt does not hold
 */
export function addReceiptCommands(
  program: Command,
  surround: () => Surroundings,
  terminal: Terminal,
  exit: (code: number) => void,
): void {
  const receipt = program.command('receipt').description('receipts of answers and exports');
  receipt
    .command('verify')
    .description('hold a receipt against what it is said to be of, offline; exits with 1 where anything fails')
    .option('--answer <file>', 'JSON of an answer, as it came; its receipt is used unless another is named')
    .option('--receipt <file>', 'the receipt: a compact JWS, or JSON with jws and salt')
    .option('--salt <text>', 'the salt, where it is in neither file')
    .option('--export <file>', 'exported text, as it came')
    .option('--question <text>', 'the question, to be held against the receipt by itself')
    .option('--sql <file>', 'the SQL, to be held against the receipt by itself')
    .option('--policy <file>', 'the policy file')
    .option('--key <file>', 'the public key: PEM or JSON Web Key')
    .option('--keys <place>', 'file or address of the public keys (JWKS); without either, those of this installation')
    .action(async (options: VerifyOptions) => {
      if (!(await verifyOnTerminal(options, surround, terminal))) exit(1);
    });
  receipt
    .command('keys')
    .description('print the public keys of this installation (JWKS), to be kept beside receipts')
    .action(() => {
      const { publicJwks: keys } = readReceiptSigner(surround().settings);
      writeLine(terminal.stdout, JSON.stringify({ keys }, null, 2));
    });
}

/** @returns whether everything holds. @throws SwaliError `RECEIPT_UNREADABLE`, `SETTINGS_INVALID` for an unusable key */
async function verifyOnTerminal(
  options: VerifyOptions,
  surround: () => Surroundings,
  { stdout }: Terminal,
): Promise<boolean> {
  const evidence = readEvidence(options);
  const verifier = await readReceiptKeys(options, () => surround().settings);
  const { checks, holds, claims } = verifyReceipt(evidence, verifier);
  if (claims) for (const line of describeClaims(claims)) writeLine(stdout, printable(line));
  for (const check of checks) writeLine(stdout, `${check.holds ? 'holds' : 'FAILS'}  ${check.name}`);
  const failed = checks.filter((check) => !check.holds).length;
  writeLine(
    stdout,
    holds
      ? `The receipt holds in ${checks.length} of ${checks.length} checks.`
      : `The receipt FAILS in ${failed} of ${checks.length} checks.`,
  );
  return holds;
}

function describeClaims(claims: ReceiptClaims): readonly string[] {
  const { iss, sub, tenant, iat, jti, request_id, source, translator, row_count, truncated } = claims;
  return [
    `Signed by ${iss} at ${new Date(iat * 1000).toISOString()}, for ${sub}${tenant === null ? '' : ` of ${tenant}`}.`,
    `Answer ${jti} of request ${request_id}, from ${source}: ${row_count} rows${truncated ? ', cut off' : ''}.`,
    `SQL by ${translator}: ${claims.sql_digest}. Policy: ${claims.policy_version}.`,
  ];
}
