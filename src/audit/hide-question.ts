import { createHmac, hkdfSync } from 'node:crypto';
import { CATALOGUE, type ErrorCode } from '../errors/catalogue.js';
import type { AuditEvent } from './record.js';

/** Makes what stands for a text that is not kept: equal for equal texts. */
export type DigestText = (text: string) => string;

/** What a reason may say in the clear: ids of policies, and words of ours. Anything else might quote what was asked. */
const PLAIN_REASON =
  /^(?:[\w.:/-]{1,200}|sent back to the model: [A-Z_]{1,64}|dry run: nothing was run|rows to follow)$/;

/**
 * HMAC-SHA-256 under a key of its own, drawn from the store's (HKDF, RFC 5869): without that key nobody can try questions
 * until one fits, which a plain digest would allow.
 *
 * @returns a function that gives `hmac-sha256:` and 64 hexadecimal characters
 */
export function createQuestionDigest(storeKey: string): DigestText {
  const key = Buffer.from(hkdfSync('sha256', storeKey, '', 'swali questions in the audit log', 32));
  return (text) => `hmac-sha256:${createHmac('sha256', key).update(text).digest('hex')}`;
}

/**
 * An event without what was asked: the question, and reasons that could quote it or the caller's SQL. The sentence of the
 * catalogue stays, its detail goes.
 *
 * @returns the event itself where nobody asked anything
 */
export function hideQuestion(event: AuditEvent, digest: DigestText): AuditEvent {
  if (event.event !== 'question' && event.event !== 'sql' && event.event !== 'export') return event;
  const sentence = event.code === null ? null : (CATALOGUE[event.code as ErrorCode]?.sentence ?? null);
  const hideReason = (reason: string): string => {
    if (PLAIN_REASON.test(reason)) return reason;
    return sentence !== null && reason.startsWith(sentence) ? sentence : digest(reason);
  };
  const { question, reasons } = event;
  return { ...event, question: question === null ? null : digest(question), reasons: reasons.map(hideReason) };
}
