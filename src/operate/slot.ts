/** A time of day. */
export interface TimeOfDay {
  /** 0–23. */
  readonly hour: number;
  /** 0–59. */
  readonly minute: number;
}

const DAY_MS = 86_400_000;

/**
 * The last time that the clock of a place showed a time of day, in milliseconds since 1970. On a day on which the clocks
 * leap over it, it is the moment of the leap, an hour at most beside it.
 *
 * @param now milliseconds since 1970
 * @param timeZone IANA name
 */
export function lastTimeOfDay(now: number, { hour, minute }: TimeOfDay, timeZone: string): number {
  const local = now + offsetAt(now, timeZone);
  const today = Math.floor(local / DAY_MS) * DAY_MS + (hour * 60 + minute) * 60_000;
  for (const day of [today, today - DAY_MS]) {
    const instant = toInstant(day, timeZone);
    if (instant <= now) return instant;
  }
  return toInstant(today - 2 * DAY_MS, timeZone);
}

/** The last multiple of a span, so that all replicas name the same time. */
export function lastMultiple(now: number, spanMs: number): number {
  return Math.floor(now / spanMs) * spanMs;
}

/** When a clock there shows what is written as if it were UTC. */
function toInstant(local: number, timeZone: string): number {
  const guess = local - offsetAt(local, timeZone);
  return local - offsetAt(guess, timeZone);
}

/** How far the clocks of a place are before UTC, in milliseconds. */
function offsetAt(instant: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA-u-ca-gregory-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(instant);
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return shown - Math.floor(instant / 1000) * 1000;
}
