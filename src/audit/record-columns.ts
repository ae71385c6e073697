import type { AuditRecordTable } from '../store/tables.js';

/** The columns of a record that it is looked for by. */
export type RecordColumns = Pick<AuditRecordTable, 'subject' | 'target' | 'kind' | 'decision' | 'code' | 'request_id'>;

/** Characters of a text column at most; `kind` and `decision` are words of ours. */
const MAX_CHARACTERS = 64;

/**
 * What of an event stands in columns of its own, so that nobody looks for anything inside the text of a record. Names
 * accounts by their ids, never by what they sign in with.
 *
 * @param event an `AuditEvent`, or the part of one that is kept in the open, which holds all of these
 * @returns null where the event does not say
 */
export function columnsOf(event: object): RecordColumns {
  const told = event as Readonly<Record<string, unknown>>;
  const read = (name: string): string | null => {
    const value = told[name];
    return typeof value === 'string' ? value.slice(0, MAX_CHARACTERS) : null;
  };
  return {
    subject: read('subject'),
    target: read('target') ?? read('member'),
    kind: read('kind'),
    decision: read('decision'),
    code: read('code'),
    request_id: read('requestId'),
  };
}
