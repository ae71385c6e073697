import type { AuditEvent } from './record.js';

/** Whom a record is about that names nobody: an unknown address at the door. One key serves all of them. */
export const NOBODY = 'nobody';

/** An event as it is kept: what finds and judges it in the open, the rest encrypted for each subject. */
export interface KeptEvent {
  readonly [field: string]: unknown;
  /** Subject → its fields, encrypted; null where the subject's key is destroyed. Absent in records of before there were keys. */
  readonly sealed?: Readonly<Record<string, string | null>>;
}

/** An event taken apart. */
export interface SplitEvent {
  readonly open: Readonly<Record<string, unknown>>;
  /** Subject → the fields about it. No subject is there without a field. */
  readonly personal: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/**
 * The fields that stay readable for as long as the record is kept: what kind of thing happened, to which account by its
 * number, and how it ended. Everything that is not listed is personal, so a new field is encrypted until it is listed.
 */
const OPEN_FIELDS: ReadonlySet<string> = new Set([
  'event',
  'requestId',
  'tenant',
  'subject',
  'kind',
  'action',
  'decision',
  'code',
  'method',
  'provider',
  'account',
  'target',
  'member',
  'verified',
  'openTo',
  'group',
  'key',
  'scopes',
  'origins',
  'translator',
  'sqlDigest',
  'policies',
  'policyVersion',
  'receiptDigest',
  'relations',
  'rowCount',
  'of',
  'durationMs',
  'endpoint',
  'count',
  'callers',
  'version',
  'clean',
  'source',
  'warnings',
  'report',
]);

/** Fields about whom something is done to, where that is somebody else than who does it. */
const TARGET_FIELDS: ReadonlySet<string> = new Set(['before', 'after']);

/** Kinds whose words are the gateway's or the operator's own, about no person. */
const IMPERSONAL: ReadonlySet<string> = new Set(['operator', 'policy', 'gateway']);

/** What of an event an encrypted text belongs to, so that it opens in no other. */
export function placeOf(open: Readonly<Record<string, unknown>>, subject: string): readonly string[] {
  return [subject, String(open.requestId), String(open.event)];
}

/** Takes an event apart by whose fields they are. Null fields are in the open: they say nothing. */
export function splitEvent(event: AuditEvent): SplitEvent {
  const fields = event as unknown as Readonly<Record<string, unknown>>;
  const subject = readSubject(fields.subject);
  const target = readSubject(fields.target ?? fields.subject);
  const open: Record<string, unknown> = {};
  const personal = new Map<string, Record<string, unknown>>();
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || OPEN_FIELDS.has(name) || IMPERSONAL.has(event.event)) {
      open[name] = value;
      continue;
    }
    const whose = TARGET_FIELDS.has(name) ? target : subject;
    const theirs = personal.get(whose) ?? {};
    theirs[name] = value;
    personal.set(whose, theirs);
  }
  return { open, personal };
}

/**
 * Puts an event together again.
 *
 * @param read decrypts what stands there of a subject; null where its key is destroyed or cannot open it
 * @returns the fields; with `withheld`, a list of subjects, where some cannot be read any more
 */
export function joinEvent(
  kept: KeptEvent,
  read: (subject: string, text: string) => Readonly<Record<string, unknown>> | null,
): Readonly<Record<string, unknown>> {
  const { sealed, ...open } = kept;
  if (sealed === undefined) return open;
  const parts = Object.entries(sealed).map(([subject, text]) => ({
    subject,
    fields: text === null ? null : read(subject, text),
  }));
  const withheld = parts.filter(({ fields }) => fields === null).map(({ subject }) => subject);
  const event = Object.assign({ ...open }, ...parts.map(({ fields }) => fields ?? {}));
  return withheld.length === 0 ? event : { ...event, withheld };
}

function readSubject(subject: unknown): string {
  return typeof subject === 'string' ? subject : NOBODY;
}
