import { type DestinationStream, pino } from 'pino';
import type { Logger } from '../domain/ports.js';
import { currentRequestId } from '../domain/request-scope.js';
import { describeError } from './describe-error.js';
import { withhold, withholdText } from './withhold.js';

/**
 * The structured log: one JSON line per event, on standard error so that the CLI's answers stay clean. A line that is
 * written while a request is served bears its id. Secrets and row values are withheld at any depth, by the names of their
 * fields and by their form; nothing in a line breaks it or moves the cursor.
 *
 * @param level lowest level that is written; `silent` writes nothing
 * @param destination where the lines go; standard error where it is left out
 */
export function createLogger(
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent',
  destination: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Logger {
  const log = pino(
    {
      level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  );
  const write =
    (method: 'debug' | 'info' | 'warn' | 'error') => (fields: Readonly<Record<string, unknown>>, message: string) => {
      if (!log.isLevelEnabled(method)) return;
      const requestId = currentRequestId();
      const told = { ...(requestId === null ? {} : { requestId }), ...fields };
      log[method](withhold(told, describeError) as object, '%s', withholdText(message));
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
