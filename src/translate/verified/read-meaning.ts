import { foldWords, type Token } from './fold-words.js';
import type { Names } from './names.js';
import { isTimeSlot, type Unit } from './read-units.js';
import { stripRequest } from './strip-request.js';
import { TIME_PREPOSITIONS, VALUE_PREPOSITIONS } from './wording.js';

/** Whoever asks, and that orders are placed, may stand anywhere: that they are said is what counts. */
const ANYWHERE = new Set(['ME', 'WE', 'PLACE']);
const RELATIVE = new Set(['last', 'previous', 'past', 'this', 'current', 'next']);
const TIME_UNITS = new Set(['day', 'week', 'month', 'quarter', 'year']);

/** A value or a time, with the preposition that says how it counts. */
interface Adjunct {
  readonly text: string;
  readonly length: number;
}

/**
 * What a question means, as a text: equal for questions that say the same in other words, and for no others. Every word
 * that says something is in it, in the order in which it was said; only times and values may stand at the front or at the
 * end, whoever asks and the placing of an order anywhere, and "names of customers" are "customer names".
 *
 * @param units of a question, or of a template with its slots; where values were taken for slots, those of the question alike
 * @param names what visible names are called too
 * @returns null where nothing is left that says something
 */
export function readMeaning(units: readonly Unit[], names: Names): string | null {
  const { units: asked, isYesNo } = stripRequest(units);
  const all = foldWords(asked, names);
  const anywhere = [...new Set(all.filter(({ text }) => ANYWHERE.has(text)).map(({ text }) => text))].sort();
  const tokens = invertOf(all.filter(({ text }) => !ANYWHERE.has(text)));
  const fixed: string[] = [];
  const adjuncts: { readonly text: string; readonly at: number }[] = [];
  let count = '';
  for (let at = 0; at < tokens.length; ) {
    const adjunct = adjunctAt(tokens, at);
    if (adjunct) {
      adjuncts.push({ text: adjunct.text, at: fixed.length });
      at += adjunct.length;
      continue;
    }
    const { text } = tokens[at]!;
    at += 1;
    if (text === 'of') continue;
    if (text === 'COUNT') count = '#';
    else {
      fixed.push(count + text);
      count = '';
    }
  }
  if (count !== '') fixed.push(count);
  if (fixed.length === 0) return null;
  const placed = adjuncts.map(({ text, at }) => `${text} ${at === 0 ? fixed.length : at}`).sort();
  return JSON.stringify([isYesNo, anywhere, fixed, placed]);
}

/** "Names of customers" → "customer names": the nouns before an "of" go behind the nouns after it. From the right. */
function invertOf(given: readonly Token[]): readonly Token[] {
  const tokens = [...given];
  for (let at = tokens.length - 1; at >= 0; at -= 1) {
    if (tokens[at]!.text !== 'of') continue;
    let start = at;
    while (tokens[start - 1]?.kind === 'noun' && tokens[start - 1]?.text !== 'of') start -= 1;
    let end = at + 1;
    while (tokens[end]?.kind === 'noun' || (end > at + 1 && tokens[end]?.kind === 'value')) end += 1;
    if (start === at || end === at + 1) continue;
    const [head, owner] = [tokens.slice(start, at), tokens.slice(at + 1, end)];
    tokens.splice(start, end - start, ...owner, ...head);
  }
  return tokens;
}

function adjunctAt(tokens: readonly Token[], at: number): Adjunct | null {
  const first = tokens[at]!;
  const before = tokens[at - 1];
  const preposition = VALUE_PREPOSITIONS.has(first.text) || first.text === 'of' ? first.text : null;
  const ranged = between(tokens, at, before);
  if (ranged) return ranged;
  const start = preposition === null ? at : at + 1;
  const time = timeAt(tokens, start, preposition, before);
  if (time) {
    const said = preposition === null || TIME_PREPOSITIONS.has(preposition) ? '' : preposition;
    return { text: `${said}@${time.text}`, length: start - at + time.length };
  }
  const value = tokens[start];
  if (preposition === null || value?.unit?.kind !== 'slot') return null;
  return { text: `${preposition === 'for' ? 'of' : preposition}@${value.text}`, length: 2 };
}

/** "Between {a} and {b}" is from the one to the other. */
function between(tokens: readonly Token[], at: number, before: Token | undefined): Adjunct | null {
  const isRange = (start: number) =>
    tokens[start]?.text === 'between' &&
    tokens[start + 1]?.kind === 'value' &&
    tokens[start + 2]?.text === 'and' &&
    tokens[start + 3]?.kind === 'value';
  if (isRange(at)) return { text: `from@${tokens[at + 1]!.text}`, length: 2 };
  if (before && isRange(at - 2)) return { text: `to@${tokens[at + 1]!.text}`, length: 2 };
  return null;
}

/** A time that stands at a place: a slot for one, a month, a year after a preposition, "last month". */
function timeAt(
  tokens: readonly Token[],
  at: number,
  preposition: string | null,
  before: Token | undefined,
): Adjunct | null {
  const token = tokens[at];
  if (!token) return null;
  const { unit, text } = token;
  if (unit?.kind === 'slot') return isTimeSlot(unit.name, unit.type) ? { text, length: 1 } : null;
  if (unit?.kind === 'month') return { text: `month ${text}`, length: 1 };
  if (unit?.kind === 'number') {
    const isDated = (preposition !== null && preposition !== 'with') || before?.unit?.kind === 'month';
    return isDated && /^(?:1[5-9]|2[01])\d\d$/.test(text) ? { text, length: 1 } : null;
  }
  const what = tokens[at + 1]?.text ?? '';
  if (!RELATIVE.has(text) || !TIME_UNITS.has(what)) return null;
  const which = text === 'previous' || text === 'past' ? 'last' : text === 'current' ? 'this' : text;
  return { text: `${which} ${what}`, length: 2 };
}
