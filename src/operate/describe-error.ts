import { withholdText } from './withhold.js';

/** Causes that are followed at most. */
const MOST_CAUSES = 5;

/** Numbers and codes of drivers, hosts and our own catalogue; all that an error says beside its words. */
const KEPT = ['code', 'errno', 'sqlState', 'errcode', 'status', 'syscall', 'fatal', 'signal'] as const;

/**
 * Errors of MySQL and MariaDB whose quoted words are names and accounts: no such database, table, column, function or
 * variable, access denied. The words of all others may be values of rows.
 */
const NAMES_ONLY: ReadonlySet<unknown> = new Set([
  1044, 1045, 1049, 1051, 1054, 1109, 1142, 1143, 1146, 1193, 1227, 1305,
]);

/** An error as the log tells it. */
export interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly stack: string | null;
  readonly cause: unknown;
  readonly [name: string]: unknown;
}

/**
 * What the log says of an error: its name, words, place and causes, and the numbers of drivers. Everything else that an
 * error may carry stays out: the statement, its parameters, a request with its headers, an answer.
 */
export function describeError(error: Error, depth = 0): DescribedError {
  const message = withholdText(error.message);
  const words = quotesValues(error) ? withholdQuoted(message) : message;
  const kept = Object.fromEntries(
    KEPT.flatMap((name) => {
      const value: unknown = Reflect.get(error, name);
      const isPlain = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string';
      return isPlain ? [[name, typeof value === 'string' ? withholdText(value.slice(0, 100)) : value]] : [];
    }),
  );
  return {
    ...kept,
    type: error.name,
    message: words,
    stack: placesOf(error),
    cause: describeCause(error.cause, depth),
  };
}

function describeCause(cause: unknown, depth: number): unknown {
  if (cause === undefined || cause === null) return null;
  if (depth >= MOST_CAUSES) return 'more';
  if (cause instanceof Error) return describeError(cause, depth + 1);
  return typeof cause === 'string' ? withholdText(cause) : `a cause of type ${typeof cause}`;
}

/** The places alone: a stack begins with the words, which were judged by themselves. */
function placesOf({ stack }: Error): string | null {
  const places = (stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return places.length > 0 ? withholdText(places.join('\n')) : null;
}

function quotesValues(error: Error): boolean {
  // Of SQLite: a JSON path that it complains of may stand in a row.
  if (error.name === 'SqliteError') return true;
  return 'sqlState' in error && !NAMES_ONLY.has((error as { readonly errno?: unknown }).errno);
}

function withholdQuoted(message: string): string {
  return message.replace(/'[\s\S]*'/g, "'[withheld]'").replace(/"[\s\S]*"/g, '"[withheld]"');
}
