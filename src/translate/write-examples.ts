import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView } from '../policy/view.js';
import { bindStatement } from '../sql/bind.js';
import { foldName } from '../sql/fold-name.js';
import { functionRule } from '../sql/functions.js';
import { readTokens } from '../sql/lexer.js';
import { parseQuery } from '../sql/parser.js';
import { type Day, isoDay } from './dates.js';
import { oneLine } from './delimit.js';
import { nearestExamples } from './nearest-examples.js';
import type { SlotType, VerifiedQuestion } from './verified.js';

/** A question and the statement that answers it, to show a model how it is done. */
export interface Example {
  readonly question: string;
  readonly sql: string;
}

/** Examples that one prompt shows, at most. */
const MOST_EXAMPLES = 3;
/** Longest statement that is shown, in characters. */
const LONGEST_SQL = 1500;

/**
 * Chooses the verified questions that are nearest to a question, as examples for a model: slots filled with made-up values,
 * as a statement of the model may hold no placeholder.
 *
 * @param verified those open to the principal
 * @param view an example that names a relation, column or function that is not open in it is left out whole
 * @param today decides which year and day the slots say
 */
export function chooseExamples(
  question: string,
  verified: readonly VerifiedQuestion[],
  view: PrincipalView,
  dialect: Dialect,
  today: Day,
): readonly Example[] {
  const examples: Example[] = [];
  for (const each of nearestExamples(question, verified, verified.length)) {
    if (examples.length === MOST_EXAMPLES) break;
    if (each.sql.length <= LONGEST_SQL && isOpen(each, view, dialect)) examples.push(fillSlots(each, dialect, today));
  }
  return examples;
}

/** Whether every name of the statement is one that the principal sees. */
function isOpen({ sql, slots }: VerifiedQuestion, view: PrincipalView, dialect: Dialect): boolean {
  try {
    bindStatement(parseQuery(sql, dialect, { allowNamedParameters: true }), {
      dialect,
      database: null,
      mode: 'statement',
      relation: (name) => {
        const obligation = view.relations.get(foldName(name));
        return (
          obligation && {
            name: obligation.relation.name,
            columns: [...obligation.columns.values()].map(({ column }) => column.name),
          }
        );
      },
      // None of our names meets one of a source here: nothing runs.
      isTaken: () => false,
      functionRule: (name) => (view.isFunctionOpen(name, true) ? functionRule(dialect, name) : undefined),
      parameter: (name) => (slots.has(name) ? 'slot' : undefined),
    });
    return true;
  } catch (error) {
    if (error instanceof SwaliError) return false;
    throw error;
  }
}

function fillSlots({ question, sql, slots }: VerifiedQuestion, dialect: Dialect, today: Day): Example {
  const filled = question.replace(/\{\s*([^{}]*?)\s*\}/gu, (whole, name: string) => {
    const type = slots.get(name);
    return type ? madeUpValue(name, type, today) : whole;
  });
  let end = 0;
  const text = readTokens(sql, dialect).map((token) => {
    // Comments stand between tokens, as blanks do: on one line they would take the rest with them.
    const gap = token.start > end && end > 0 && token.kind !== 'end' ? ' ' : '';
    end = token.end;
    const type = token.kind === 'parameter' ? slots.get(token.text) : undefined;
    return gap + (type ? writeLiteral(token.text, type, today) : sql.slice(token.start, token.end));
  });
  return { question: oneLine(filled), sql: text.join('') };
}

function writeLiteral(name: string, type: SlotType, today: Day): string {
  const value = madeUpValue(name, type, today);
  return type === 'text' || type === 'date' ? `'${value}'` : value;
}

/** A value that could stand in a slot, and is nobody's. */
function madeUpValue(name: string, type: SlotType, today: Day): string {
  switch (type) {
    case 'integer':
      if (/year$/iu.test(name)) return String(today.year);
      return /(?:month|quarter)$/iu.test(name) ? '3' : '10';
    case 'decimal':
      return '100.5';
    case 'date':
      return isoDay({ year: today.year, month: 1, day: 1 });
    case 'text':
      return 'example';
  }
}
