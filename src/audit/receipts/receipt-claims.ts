import { z } from 'zod';
import type { Answer } from '../../domain/answer.js';
import { digestText } from '../../domain/digest-text.js';
import { EXPORT_FORMATS } from '../../domain/export.js';
import { PRINCIPAL_KINDS } from '../../domain/principal.js';
import { printCanonicalJson } from '../canonical-json.js';

const plainDigest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const saltedDigest = z.string().regex(/^hmac-sha256:[\w-]{43}$/);
const column = z.strictObject({ name: z.string(), type: z.string() });

/** What receipts of answers and of exports say alike. The first four are registered claims of RFC 7519. */
const SHARED = {
  /** Address that people use of the gateway, or the name of its source where none is set. */
  iss: z.string(),
  /** Subject of the principal. */
  sub: z.string(),
  /** Seconds since 1970. */
  iat: z.int().min(0),
  /** Id of the answer. */
  jti: z.string(),
  kind: z.enum(PRINCIPAL_KINDS),
  tenant: z.string().nullable(),
  request_id: z.string(),
  source: z.string(),
  /** `caller` where the SQL is the caller's own. */
  translator: z.string(),
  /** Of the text of the candidate SQL; the same stands in the audit record. */
  sql_digest: plainDigest,
  /** Null for SQL that the caller wrote. */
  question_digest: saltedDigest.nullable(),
  /** Of the bytes of the policy file. */
  policy_version: z.string(),
  /** Of the rules as they bound this principal. */
  policy_digest: plainDigest,
  row_count: z.int().min(0),
  truncated: z.boolean(),
};

/** In an export a long list stands as its digest, see {@link shorten}. */
const shortened = <T extends z.ZodType>(list: T) => z.union([list, plainDigest]);

/** The payload of a receipt. */
export const RECEIPT_CLAIMS = z.discriminatedUnion('format', [
  z.strictObject({
    format: z.literal('answer'),
    ...SHARED,
    relations: z.array(z.string()),
    policies: z.array(z.string()),
    masked_columns: z.array(z.string()),
    columns: z.array(column),
    rows_digest: saltedDigest,
    answer_digest: saltedDigest,
  }),
  z.strictObject({
    format: z.enum(EXPORT_FORMATS),
    ...SHARED,
    relations: shortened(z.array(z.string())),
    policies: shortened(z.array(z.string())),
    masked_columns: shortened(z.array(z.string())),
    columns: shortened(z.array(column)),
    text_digest: saltedDigest,
  }),
]);

/** What a receipt says. */
export type ReceiptClaims = z.output<typeof RECEIPT_CLAIMS>;

/** Characters of JSON of one list of an export's receipt: it travels in a header, of which proxies take few KiB. */
const LIST_MAX_CHARACTERS = 400;

/** A list as the receipt of an export has it: itself, or where it is long the digest of its canonical JSON. */
export function shorten<T>(list: readonly T[]): T[] | string {
  const text = printCanonicalJson(list);
  return text.length > LIST_MAX_CHARACTERS ? digestText(text) : [...list];
}

/** Name and type of each column. */
export function listColumns(columns: Answer['columns']): { readonly name: string; readonly type: string }[] {
  return columns.map(({ name, type }) => ({ name, type }));
}

/** The one spelling of what the rows of an answer are: order and every digit count. */
export function printRows({ columns, rows }: Pick<Answer, 'columns' | 'rows'>): string {
  return printCanonicalJson({ columns: listColumns(columns), rows });
}

/** The same spelling, in parts: what stands before the first row, each row, and what stands after the last. */
export function spellRows(columns: Answer['columns']) {
  let isFirst = true;
  return {
    begin: () => `{"columns":${printCanonicalJson(listColumns(columns))},"rows":[`,
    row(row: Answer['rows'][number]): string {
      const comma = isFirst ? '' : ',';
      isFirst = false;
      return comma + printCanonicalJson(row);
    },
    end: () => ']}',
  };
}

/**
 * The one spelling of everything else that an answer says: question, SQL, sentence, units, chart and so on. Without the
 * rows, which can be proven alone, and without the times, which are taken after the receipt.
 */
export function printWords({ rows: _, receipt: __, timings_ms: ___, ...words }: Answer): string {
  return printCanonicalJson(words);
}
