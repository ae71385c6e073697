import { DEFAULT_DEMO_SEED, makeDemo } from '../demo/make-demo.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Surroundings } from '../gateway.js';
import { isoDay, localDay } from '../translate/dates.js';
import { type Terminal, writeLine } from './terminal.js';

/** What `demo` takes, as commander hands it over. */
export interface DemoOptions {
  readonly target: string;
  readonly scale: string;
  readonly seed?: string;
  /** `YYYY-MM-DD`; today where it is left out. */
  readonly today?: string;
}

/**
 * Makes the demonstration business at any size, in SQLite or MySQL.
 *
 * @throws SwaliError `DEMO_TARGET_REFUSED` where target, scale, seed or day is not acceptable
 */
export async function makeDemoBusiness(
  { settings, clock }: Surroundings,
  { stdout, stderr }: Terminal,
  options: DemoOptions,
): Promise<void> {
  let shown = 0;
  const made = await makeDemo({
    target: options.target,
    transport: settings.transport.source,
    scale: toNumber('scale', options.scale),
    seed: options.seed === undefined ? DEFAULT_DEMO_SEED : toNumber('seed', options.seed),
    today: options.today ?? isoDay(localDay(clock(), settings.timeZone)),
    onProgress: (orders, all) => {
      const percent = Math.floor((orders / all) * 10) * 10;
      if (percent > shown) writeLine(stderr, `${percent} %`);
      shown = percent;
    },
  });
  writeLine(stdout, `Made ${made.customers} customers and ${made.orders} orders.`);
}

function toNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw new SwaliError('DEMO_TARGET_REFUSED', { detail: `the ${name} is not a number` });
  }
  return value;
}
