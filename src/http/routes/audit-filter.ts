import { z } from 'zod';
import type { AuditFilter } from '../../audit/list-records.js';
import { AUDIT_DECISIONS, AUDIT_EVENTS } from '../../audit/record.js';
import { PRINCIPAL_KINDS } from '../../domain/principal.js';
import { SwaliError } from '../../errors/swali-error.js';

/** Characters that a column of the log holds at most. */
const word = () => z.string().min(1).max(64);

const moment = () => z.iso.datetime({ offset: true, error: 'expected a date and time, e.g. 2026-01-05T09:30:00Z' });

/** Names and forms of what records are looked for by, in a query. */
export const AUDIT_FILTER = {
  from: moment().optional().describe('Records from this moment on.'),
  to: moment().optional().describe('Records before this moment.'),
  event: z.enum(AUDIT_EVENTS).optional(),
  subject: word().optional().describe('Who did it, e.g. customer:17.'),
  about: word().optional().describe('Who did it or whom it was done to.'),
  kind: z.enum(PRINCIPAL_KINDS).optional(),
  decision: z.enum(AUDIT_DECISIONS).optional(),
  code: word().optional(),
  request_id: word().optional(),
};

const query = z.object(AUDIT_FILTER);

/** What is looked for: by the names of the query, for people and the record; and the same for the log. */
export interface ReadFilter {
  readonly told: Readonly<Record<string, string>>;
  readonly filter: AuditFilter;
}

/** Reads filters that nobody has looked at yet. @throws SwaliError `REQUEST_INVALID` with every fault */
export function parseFilter(given: Readonly<Record<string, string | undefined>>): ReadFilter {
  const parsed = query.safeParse(given);
  if (parsed.success) return readFilter(parsed.data);
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new SwaliError('REQUEST_INVALID', { detail: faults.join('; ') });
}

/** Shapes filters that fit. */
export function readFilter(input: z.output<typeof query>): ReadFilter {
  const { from, to, request_id: requestId, ...same } = input;
  const given = {
    ...same,
    requestId,
    from: from === undefined ? undefined : Date.parse(from),
    to: to === undefined ? undefined : Date.parse(to),
  };
  const isGiven = ([, value]: readonly [string, unknown]) => value !== undefined;
  return {
    told: Object.fromEntries(Object.entries(input).filter(isGiven)) as Record<string, string>,
    filter: Object.fromEntries(Object.entries(given).filter(isGiven)) as AuditFilter,
  };
}
