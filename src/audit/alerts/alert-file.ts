import { z } from 'zod';
import { isMailAddress } from '../../domain/mail.js';
import { parseDuration } from './duration.js';

/** How much an alert matters. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

const DAY_MS = 86_400_000;

/** A span between two bounds, in milliseconds. */
const span = (min: number, max: number, example: string) => {
  const error = `expected a time such as ${example}, within ${min} ms and ${max} ms`;
  return z.string({ error }).transform((text, context) => {
    const value = parseDuration(text);
    if (value !== null && value >= min && value <= max) return value;
    context.addIssue({ code: 'custom', message: error });
    return z.NEVER;
  });
};

const whole = (min: number, max: number) => {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: 'expected 1 to 64 of a-z, 0-9 and -' });
const secretName = z.string().regex(/^ALERTS_SECRET_[A-Z0-9_]{1,80}$/, {
  error: 'expected the name of a variable that begins with ALERTS_SECRET_',
});

const channel = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('log') }),
  z.strictObject({
    type: z.literal('webhook'),
    url: z.string().min(1).max(2000),
    /** Which `ALERTS_SECRET_…` signs. */
    secret_env: secretName.optional(),
    /** File with the secret; its path starts from the file's folder. */
    secret_file: z.string().min(1).max(1000).optional(),
  }),
  z.strictObject({
    type: z.literal('email'),
    to: z
      .array(z.string().refine(isMailAddress, { error: 'expected one bare e-mail address' }))
      .min(1)
      .max(20),
  }),
]);

/** What every rule states. */
const shared = {
  name,
  severity: z.enum(SEVERITIES, { error: `expected one of ${SEVERITIES.join(', ')}` }),
  /** Every channel of the file where it is left out. */
  channels: z.array(name).min(1).optional(),
  /** After an alert the same one waits so long; the next says how many were held back. */
  cool_down: span(1, 30 * DAY_MS, '1h'),
  /** Only of these tenants; of all where it is left out. */
  tenants: z.array(z.string().min(1).max(64)).min(1).optional(),
};

const windowSpan = span(1000, 7 * DAY_MS, '15m');
const rememberSpan = span(DAY_MS, 730 * DAY_MS, '180d');

const rule = z.discriminatedUnion('kind', [
  z.strictObject({
    ...shared,
    kind: z.literal('failed-logins'),
    per: z.enum(['account', 'address'], { error: 'expected account or address' }),
    threshold: whole(1, 100_000),
    window: windowSpan,
  }),
  z.strictObject({
    ...shared,
    kind: z.literal('refusals-in-a-row'),
    threshold: whole(1, 100_000),
    /** A row that rested so long begins anew. */
    window: windowSpan,
    /** Only refusals with these codes; a `*` at the end stands for any rest. */
    codes: z
      .array(z.string().regex(/^[A-Z][A-Z_]*\*?$/, { error: 'expected a code, or its beginning with *' }))
      .min(1)
      .optional(),
  }),
  z.strictObject({
    ...shared,
    kind: z.literal('sudden-volume'),
    measure: z.enum(['questions', 'rows'], { error: 'expected questions or rows' }),
    /** Less than this is never sudden. */
    minimum: whole(1, 1_000_000_000),
    /** So many times what the principal has had in a usual window. */
    factor: z.number().min(1).max(10_000),
    window: windowSpan,
    /** How far back a usual window is looked for. */
    baseline: span(2000, 90 * DAY_MS, '7d'),
  }),
  z.strictObject({
    ...shared,
    kind: z.literal('new-device'),
    compare: z
      .enum(['pair', 'user-agent', 'address-block'], { error: 'expected pair, user-agent or address-block' })
      .default('pair'),
    remember: rememberSpan,
  }),
  z.strictObject({ ...shared, kind: z.literal('new-country'), remember: rememberSpan }),
  z.strictObject({ ...shared, kind: z.literal('audit-gap') }),
  z.strictObject({ ...shared, kind: z.literal('grant-too-wide') }),
  z.strictObject({ ...shared, kind: z.literal('budget-spent') }),
]);

const delivery = z.strictObject({
  /** Tries of one delivery. */
  attempts: whole(1, 50).default(10),
  /** Wait after the first failure; it doubles with each. */
  first_retry: span(1, DAY_MS, '5s').default(5000),
  longest_retry: span(1, DAY_MS, '1h').default(3_600_000),
  /** Longest try. */
  timeout: span(100, 60_000, '10s').default(10_000),
});

/** What does not fit together, by the path that it stands at. */
function judgeFile(file: z.output<typeof shape>): readonly (readonly [readonly (string | number)[], string])[] {
  const faults: (readonly [readonly (string | number)[], string])[] = [];
  for (const [key, each] of Object.entries(file.channels)) {
    if (each.type !== 'webhook' || (each.secret_env === undefined) !== (each.secret_file === undefined)) continue;
    faults.push([['channels', key], 'expected either secret_env or secret_file: webhooks are signed']);
  }
  for (const [at, each] of (file.rules ?? []).entries()) {
    const path = ['rules', at] as const;
    for (const [index, channelName] of (each.channels ?? []).entries())
      if (!Object.hasOwn(file.channels, channelName))
        faults.push([[...path, 'channels', index], `there is no channel ${channelName}`]);
    if ((file.rules ?? []).findIndex((other) => other.name === each.name) !== at)
      faults.push([[...path, 'name'], 'another rule has this name']);
    if (each.kind === 'sudden-volume' && each.baseline < 2 * each.window)
      faults.push([[...path, 'baseline'], 'expected two windows or more']);
  }
  return faults;
}

const shape = z.strictObject({
  version: z.literal(1, { error: 'this reads version 1' }),
  channels: z.record(name, channel).refine((all) => Object.keys(all).length > 0, 'lists no channel'),
  /** The built-in ones where they are left out. */
  rules: z.array(rule).min(1).max(200).optional(),
  delivery: delivery.prefault({}),
});

/** The file of alerts (`ALERTS_FILE`), as it is written. */
export const ALERT_FILE = shape.superRefine((file, context) => {
  for (const [path, message] of judgeFile(file)) context.addIssue({ code: 'custom', path: [...path], message });
});

/** A file whose shape is right. Spans are in milliseconds. */
export type AlertFile = z.output<typeof shape>;
export type ChannelEntry = AlertFile['channels'][string];
export type Rule = NonNullable<AlertFile['rules']>[number];
export type RuleOf<Kind extends Rule['kind']> = Extract<Rule, { readonly kind: Kind }>;
export type DeliveryEntry = AlertFile['delivery'];
