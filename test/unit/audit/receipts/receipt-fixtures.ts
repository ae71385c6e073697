import { generateKeyPairSync } from 'node:crypto';
import { readSigner, readVerifier } from '../../../../src/audit/ed25519.js';
import { createBeginReceipt, createSignReceipt } from '../../../../src/audit/receipts/sign-receipt.js';
import type { Answer } from '../../../../src/domain/answer.js';
import type { ExportFormat } from '../../../../src/domain/export.js';
import type { HandedOut } from '../../../../src/domain/ports.js';

/** A key pair as PEM. */
export function makeKeys(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}

/** The keys that the fixtures sign with. */
export const KEYS = makeKeys();

/** Knows the public half of {@link KEYS} alone. */
export const verifier = readVerifier('a test', [KEYS.publicKey]);

const GATEWAY = {
  signer: readSigner('a test', KEYS.privateKey),
  issuer: 'https://ask.example.com',
  source: 'shop',
  clock: () => 1_772_323_200_123,
};

/** Signs at one moment, as one gateway. */
export const signReceipt = createSignReceipt(GATEWAY);

/** The same for what leaves in parts. */
export const beginReceipt = createBeginReceipt(GATEWAY);

/** Signs a file of one part. */
export function signFile(answer: Answer, { format, text }: { readonly format: ExportFormat; readonly text: string }) {
  const receipt = beginReceipt({ format });
  receipt.addText(text);
  return receipt.sign(subjectOf(answer));
}

/** An answer of one number, before it has a receipt. */
export const ANSWER: Answer = {
  id: '0d1c9c3e-3a0c-4a4e-9a0c-0f5d1f0c9a10',
  status: 'answered',
  question: 'What did I spend in 2025?',
  conversation_id: null,
  sql: 'SELECT SUM(total) AS total, status FROM orders GROUP BY status',
  message: null,
  choices: [],
  columns: [
    { name: 'total', type: 'decimal', unit: 'KES', masked: false },
    { name: 'status', type: 'text', unit: null, masked: true },
  ],
  rows: [
    ['12.50', 'shipped'],
    ['7.00', null],
    [0.1, 'é – "x"'],
  ],
  row_count: 3,
  truncated: false,
  text: 'There are 3 rows.',
  explanation: 'The question was matched.',
  chart: { type: 'bar', x: 1, y: [0], title: 'total' },
  provenance: {
    translator: 'offline',
    relations: ['customers', 'orders'],
    policies: ['orders.rows.customer'],
    masked_columns: ['orders.status'],
    policy_version: 'sha256:3b1e',
    model: null,
  },
  receipt: null,
  usage: { prompt_tokens: 0, completion_tokens: 0 },
  timings_ms: { seal: 0.2 },
};

/** What the receipt of an answer is made from. */
export function subjectOf(answer: Answer): HandedOut {
  const principal = { subject: 'customer:17', kind: 'customer', tenant: null } as const;
  return { requestId: 'request-1', principal, sql: answer.sql ?? 'SELECT 1', policyDigest: 'rules', answer };
}

/** An answer as it leaves, read back from the wire. */
export function sendAnswer(answer: Answer = ANSWER): Answer {
  return JSON.parse(JSON.stringify({ ...answer, receipt: signReceipt(subjectOf(answer)) })) as Answer;
}

/** Names of the checks that fail. */
export function failuresOf(report: { readonly checks: readonly { readonly name: string; readonly holds: boolean }[] }) {
  return report.checks.filter(({ holds }) => !holds).map(({ name }) => name);
}
