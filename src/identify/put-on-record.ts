import type { AccessEvent } from '../domain/access-event.js';
import { SwaliError } from '../errors/swali-error.js';
import type { AccessLog } from './access-log.js';

type Undecided<Event> = Event extends AccessEvent ? Omit<Event, 'decision' | 'code'> : never;

/** An event of which it is not known yet how it ends. */
export type Attempt = Undecided<AccessEvent>;

/**
 * Does work and puts on record what came of it, before its result or its refusal leaves. While records cannot be written the
 * work is not begun. Where the record fails after the work, what was done stands without one; the log then tells of a gap as
 * soon as it can be written again.
 *
 * @param describe what the record of a success says beside, or in the place of, the attempt
 * @throws what the work throws; SwaliError `AUDIT_UNAVAILABLE`
 */
export async function putOnRecord<Made extends Attempt, Result>(
  audit: AccessLog,
  attempt: Made,
  work: () => Promise<Result>,
  describe: (result: Result) => Partial<Made> = () => ({}),
): Promise<Result> {
  // The compiler does not follow which member of the union it is.
  const decide = (end: object) => audit.append({ ...attempt, ...end } as unknown as AccessEvent);
  await audit.assertWritable?.();
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    await decide({ decision: 'refused', code: error instanceof SwaliError ? error.code : 'INTERNAL' });
    throw error;
  }
  await decide({ ...describe(result), decision: 'accepted', code: null });
  return result;
}
