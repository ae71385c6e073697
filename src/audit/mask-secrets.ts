import { MASK_RULES, SECRET_FIELD } from './mask-rules.js';
import type { AuditEvent } from './record.js';

/** Characters of a question that are kept: a longer text is no question, and its start is enough to tell what came. */
export const RECORDED_QUESTION_CHARACTERS = 2000;

/** Levels of what changed that are read; what lies deeper is masked whole. */
const MAX_DEPTH = 12;

/**
 * Fields of an event that hold words of ours, ids and digests: what records are found by and compared with, so it stays as it
 * is. Nobody writes free text into them. All others are masked.
 */
const PLAIN_FIELDS: ReadonlySet<string> = new Set([
  'event',
  'requestId',
  'address',
  'tenant',
  'subject',
  'target',
  'member',
  'kind',
  'action',
  'decision',
  'code',
  'sqlDigest',
  'version',
  'endpoint',
  'report',
]);

/**
 * Masks what a text holds of passwords, tokens, keys, card and account numbers, by the rules of {@link MASK_RULES}.
 *
 * @remarks O(length). Finds what has the form of a secret or is called one; a password that nothing tells from a word stays.
 */
export function maskText(text: string): string {
  let masked = text;
  for (const { mask, find } of MASK_RULES) {
    let end = 0;
    let kept = '';
    for (const [from, to] of find(masked)) {
      kept += masked.slice(end, from) + mask;
      end = to;
    }
    masked = kept + masked.slice(end);
  }
  return masked;
}

/**
 * An event without the secrets that somebody wrote into it: in the question, in reasons, in what the caller's program is
 * called, and in what an admin changed, there by the names of fields too. The question is cut after that, so that no part of a
 * secret is left at its end.
 */
export function maskEvent(event: AuditEvent): AuditEvent {
  const fields = Object.entries(event).map(([name, value]) => [
    name,
    PLAIN_FIELDS.has(name) ? value : maskValue(value, MAX_DEPTH),
  ]);
  const masked = Object.fromEntries(fields) as AuditEvent;
  if (!('question' in masked) || masked.question === null) return masked;
  return { ...masked, question: masked.question.slice(0, RECORDED_QUESTION_CHARACTERS) };
}

/** A value with every text in it masked, and whole what stands in a field with the name of a secret. */
function maskValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return maskText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '[deep]';
  if (Array.isArray(value)) return value.map((each) => maskValue(each, depth - 1));
  const members = Object.entries(value).map(([name, each]) => {
    const isSecret = SECRET_FIELD.test(name) && each !== null && typeof each !== 'boolean';
    return [name, isSecret ? '[secret]' : maskValue(each, depth - 1)];
  });
  return Object.fromEntries(members);
}
