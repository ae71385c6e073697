import { SwaliError } from '../errors/swali-error.js';
import { parseDayNumber, startOfYear } from './calendar.js';

/** Sizes and days of one demonstration, worked out from its scale and the day it is made. */
export interface DemoPlan {
  readonly seed: number;
  readonly scale: number;
  /** Day numbers (days since 1970): the history runs from 1 January three years back to the day it is made. */
  readonly firstDay: number;
  readonly lastDay: number;
  readonly employees: number;
  readonly products: number;
  readonly customers: number;
  readonly orders: number;
  /** Day on which the customer at this position joined; rises with the position. */
  joinDay(index: number): number;
}

const CUSTOMERS_PER_SCALE = 200;
const ORDERS_PER_SCALE = 3400;
const YEARS_BACK = 3;
const DAYS_BEFORE = 730;

/**
 * @param scale 1 means 200 customers and 3 400 orders; 300 means 60 000 and 1 020 000; from 0.05 to 10 000
 * @param seed a whole number; equal seeds, scales and days give equal rows
 * @param today `YYYY-MM-DD`, the last day with orders
 * @throws SwaliError `DEMO_TARGET_REFUSED` where one of the three is out of range
 */
export function planDemo(scale: number, seed: number, today: string): DemoPlan {
  if (!(scale >= 0.05 && scale <= 10_000)) {
    throw new SwaliError('DEMO_TARGET_REFUSED', { detail: 'the scale must be a number from 0.05 to 10000' });
  }
  if (!Number.isSafeInteger(seed))
    throw new SwaliError('DEMO_TARGET_REFUSED', { detail: 'the seed must be a whole number' });
  const lastDay = parseDayNumber(today);
  const firstDay = startOfYear(lastDay, YEARS_BACK);
  const customers = Math.max(20, Math.round(CUSTOMERS_PER_SCALE * scale));
  const span = DAYS_BEFORE + lastDay - firstDay;
  return {
    seed,
    scale,
    firstDay,
    lastDay,
    employees: Math.round(44 * Math.max(1, Math.sqrt(scale))),
    products: Math.round(50 * Math.max(1, Math.sqrt(scale))),
    customers,
    orders: Math.max(340, Math.round(ORDERS_PER_SCALE * scale)),
    // About a fifth joined before the history begins; then more each year.
    joinDay: (index) => Math.floor(firstDay - DAYS_BEFORE + span * (index / customers) ** 0.7),
  };
}
