import { z } from 'zod';

/** A whole number of 1 to `max` as a path or a query spells it, without sign and leading zeros. */
export const wholeText = (max = 999_999_999_999_999) =>
  z
    .string()
    .regex(/^[1-9]\d{0,14}$/, { error: 'expected a whole number' })
    .transform(Number)
    .refine((value) => value <= max, { error: `expected ${max} at most` });
