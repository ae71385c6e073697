// What a receipt costs: median µs to sign one for an answer of so many rows, and to verify it. After `npm run build`:
//   node bench/receipts.mjs
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { readSigner } from '../dist/audit/ed25519.js';
import { createSignReceipt } from '../dist/audit/receipts/sign-receipt.js';
import { verifyReceipt } from '../dist/audit/receipts/verify-receipt.js';

const { privateKey } = generateKeyPairSync('ed25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const signer = readSigner('bench', privateKey);
const sign = createSignReceipt({ signer, issuer: 'https://ask.example.com', source: 'shop', clock: Date.now });
const names = ['id', 'customer_number', 'status', 'total', 'ordered_at', 'name', 'city', 'share'];

/** An answer of eight columns. */
function makeAnswer(rows) {
  return {
    id: randomUUID(),
    status: 'answered',
    question: 'Which orders were placed in 2025?',
    sql: 'SELECT * FROM orders',
    message: null,
    choices: [],
    columns: names.map((name) => ({ name, type: 'text', unit: null, masked: false })),
    rows: Array.from({ length: rows }, (_, n) => [
      n,
      103,
      'shipped',
      '1234.50',
      '2025-03-01 12:00:00',
      'Ada',
      null,
      0.25,
    ]),
    row_count: rows,
    truncated: false,
    text: `There are ${rows} rows.`,
    explanation: 'A statement of your own was run.',
    chart: null,
    provenance: {
      translator: 'caller',
      relations: ['orders'],
      policies: [],
      masked_columns: [],
      policy_version: 'sha256:00',
    },
    receipt: null,
    usage: { prompt_tokens: 0, completion_tokens: 0 },
    timings_ms: {},
  };
}

function medianUs(times, work) {
  const taken = Array.from({ length: times }, () => {
    const startedAt = performance.now();
    work();
    return performance.now() - startedAt;
  });
  return (taken.sort((a, b) => a - b)[Math.floor(times / 2)] * 1000).toFixed(0);
}

const principal = { subject: 'customer:17', kind: 'customer', tenant: null };
for (const rows of [1, 100, 1000]) {
  const answer = makeAnswer(rows);
  const subject = { requestId: 'r', principal, sql: answer.sql, policyDigest: 'd', answer, exported: null };
  const receipt = sign(subject);
  const check = () => verifyReceipt({ ...receipt, answer: { ...answer, receipt } }, signer);
  if (!check().holds) throw new Error('the receipt does not hold');
  medianUs(300, () => sign(subject));
  const [signing, verifying] = [medianUs(1000, () => sign(subject)), medianUs(300, check)];
  console.log(
    `${rows} rows of ${names.length}: sign ${signing} µs, verify ${verifying} µs, JWS ${receipt.jws.length} characters`,
  );
}
