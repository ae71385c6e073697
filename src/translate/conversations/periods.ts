import {
  addTo,
  type DateRange,
  type DateUnit,
  type Day,
  isoDay,
  monthNumber,
  parseIsoDay,
  unitRange,
} from '../dates.js';
import { splitWords } from '../words.js';

const MONTH_NAMES = 'January February March April May June July August September October November December'.split(' ');
const UNIT_WORDS = '(day|month|quarter|year)';
const EARLIER = new RegExp(
  `^(?:in |for |on )?(?:the )?(?:(?:previous|preceding) ${UNIT_WORDS}|${UNIT_WORDS} (?:before|earlier)(?: that)?)$`,
);
const LATER = new RegExp(
  `^(?:in |for |on )?(?:the )?(?:following ${UNIT_WORDS}|${UNIT_WORDS} (?:after|later)(?: that)?)$`,
);

/**
 * A period that can only be told from the one before: `the year before`, `the following month`, `in March`.
 *
 * @param fragment folded words joined by one blank
 * @param range of the question before; null where it states none
 * @returns as a question would state it, e.g. `in March 2024`; null where the fragment is no such, or the range tells it not
 */
export function readRelative(fragment: string, range: DateRange | null): string | null {
  if (range?.from == null || range.to === null) return null;
  const from = parseIsoDay(range.from);
  if (!from) return null;
  const month = readMonth(fragment);
  if (month !== null) return `in ${MONTH_NAMES[month - 1]} ${from.year}`;
  const [earlier, later] = [EARLIER.exec(fragment), LATER.exec(fragment)];
  const unit = (earlier ?? later)?.slice(1).find((each) => each !== undefined) as DateUnit | undefined;
  if (!unit || unitRange(from, unit).to !== range.to) return null;
  return printPeriod(addTo(from, earlier ? -1 : 1, unit), unit);
}

/** Whether a fragment speaks of a period that only the question before can tell. */
export function isRelative(fragment: string): boolean {
  return EARLIER.test(fragment) || LATER.test(fragment) || readMonth(fragment) !== null;
}

/** A bare year, as a question would state it; null for anything else. */
export function readBareYear(fragment: string): string | null {
  return /^(?:1[5-9]|2[01])\d\d$/.test(fragment) ? `in ${fragment}` : null;
}

function readMonth(fragment: string): number | null {
  const name = fragment.replace(/^(?:in|for|during|of) /, '');
  const [word, ...rest] = splitWords(name).words;
  // A name by itself can be no verb, whatever its first letter.
  return word && rest.length === 0 ? monthNumber({ ...word, capital: true }) : null;
}

function printPeriod(day: Day, unit: DateUnit): string | null {
  if (unit === 'year') return `in ${day.year}`;
  if (unit === 'month') return `in ${MONTH_NAMES[day.month - 1]} ${day.year}`;
  if (unit === 'quarter') return `in Q${(day.month + 2) / 3} ${day.year}`;
  return unit === 'day' ? `on ${isoDay(day)}` : null;
}
