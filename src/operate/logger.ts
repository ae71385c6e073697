import { type DestinationStream, pino } from 'pino';
import type { Logger } from '../domain/ports.js';

/** Field names whose values never reach the log, at the top and one level down. */
const SECRET_FIELDS = [
  'password',
  'secret',
  'token',
  'authorization',
  'cookie',
  'access_token',
  'refresh_token',
  'totp',
  'apiKey',
  'rows',
  'parameters',
];

/**
 * The structured log: one JSON line per event, on standard error so that the CLI's answers stay clean.
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
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[withheld]' },
      serializers: { error: pino.stdSerializers.err },
    },
    destination,
  );
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
  };
}
