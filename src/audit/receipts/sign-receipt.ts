import { randomBytes } from 'node:crypto';
import type { Answer } from '../../domain/answer.js';
import { digestText } from '../../domain/digest-text.js';
import type { ExportFormat } from '../../domain/export.js';
import type { BeginReceipt, Clock, HandedOut, SignReceipt } from '../../domain/ports.js';
import { printCanonicalJson } from '../canonical-json.js';
import type { Signer } from '../ed25519.js';
import { printCompactJws } from './compact-jws.js';
import { listColumns, printWords, type ReceiptClaims, shorten, spellRows } from './receipt-claims.js';
import { beginSalted, digestSalted, SALT_BYTES } from './salted-digest.js';

/** What receipts are signed with. */
export interface SignReceiptDeps {
  readonly signer: Signer;
  /** Address of the gateway, or the name of its source. */
  readonly issuer: string;
  readonly source: string;
  readonly clock: Clock;
  /** Source of randomness. */
  readonly randomBytes?: (size: number) => Buffer;
}

/**
 * Makes receipts: what was asked by whom, under which rules, and digests of what was answered, signed. The digests of
 * what may be secret are salted anew each time, and the salt goes to who got the answer alone.
 *
 * @remarks It proves that this gateway gave this answer under these rules, not that the database told the truth.
 */
export function createSignReceipt(deps: SignReceiptDeps): SignReceipt {
  const begin = createBeginReceipt(deps);
  return (handedOut) => {
    const { columns, rows } = handedOut.answer;
    const receipt = begin({ columns });
    receipt.addRows(rows);
    return receipt.sign(handedOut);
  };
}

/** Makes the same receipts for what is handed out in parts: the digest of the parts is the digest of the whole. */
export function createBeginReceipt(deps: SignReceiptDeps): BeginReceipt {
  return (of) => {
    const salt = (deps.randomBytes ?? randomBytes)(SALT_BYTES);
    const digest = beginSalted(salt, 'columns' in of ? 'rows' : 'text');
    const spelling = spellRows('columns' in of ? of.columns : []);
    if ('columns' in of) digest.add(spelling.begin());
    return {
      salt: salt.toString('base64url'),
      addRows: (rows) => {
        for (const row of rows) digest.add(spelling.row(row));
      },
      addText: digest.add,
      sign(subject) {
        if ('columns' in of) digest.add(spelling.end());
        const content = digest.end();
        const claims: ReceiptClaims = {
          iss: deps.issuer,
          source: deps.source,
          iat: Math.floor(deps.clock() / 1000),
          ...describeRequest(subject, salt),
          ...('columns' in of
            ? describeAnswer(subject.answer, salt, content)
            : describeExport(subject.answer, of.format, content)),
        };
        return { jws: printCompactJws(printCanonicalJson(claims), deps.signer), salt: salt.toString('base64url') };
      },
    };
  };
}

function describeRequest({ requestId, principal, sql, policyDigest, answer }: HandedOut, salt: Buffer) {
  const { id, question, provenance, row_count, truncated } = answer;
  return {
    sub: principal.subject,
    kind: principal.kind,
    tenant: principal.tenant,
    jti: id,
    request_id: requestId,
    translator: provenance.translator,
    sql_digest: digestText(sql),
    question_digest: question === null ? null : digestSalted(salt, 'question', question),
    policy_version: provenance.policy_version,
    policy_digest: digestText(policyDigest),
    row_count,
    truncated,
  };
}

function describeExport({ columns, provenance }: Answer, format: ExportFormat, digest: string) {
  const { relations, policies, masked_columns } = provenance;
  return {
    format,
    relations: shorten(relations),
    policies: shorten(policies),
    masked_columns: shorten(masked_columns),
    columns: shorten(listColumns(columns)),
    text_digest: digest,
  };
}

function describeAnswer(answer: Answer, salt: Buffer, digest: string) {
  const { relations, policies, masked_columns } = answer.provenance;
  return {
    format: 'answer' as const,
    relations: [...relations],
    policies: [...policies],
    masked_columns: [...masked_columns],
    columns: listColumns(answer.columns),
    rows_digest: digest,
    answer_digest: digestSalted(salt, 'answer', printWords(answer)),
  };
}
