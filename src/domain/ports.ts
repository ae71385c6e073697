/** Wall clock, passed in so that tests can set it. Milliseconds since 1970. */
export type Clock = () => number;

/** Structured log; implemented by operate/ (pino). Fields must hold no secret and no row value. */
export interface Logger {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
