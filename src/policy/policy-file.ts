import { z } from 'zod';
import { DIALECTS } from '../domain/dialect.js';
import { AUDIENCES } from './audience.js';

/** Names of claims and slots: what may follow `:` in an expression. */
const PARAMETER_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

const audienceSchema = z.enum(AUDIENCES, {
  error: 'say customer, employee, admin or employee:ROLE with a role of the ladder',
});
const audienceListSchema = z.array(audienceSchema).min(1);
const nameSchema = z.string().min(1).max(128);
const textSchema = z.string().trim().min(1).max(2000);
const wordsSchema = z.array(z.string().trim().min(1).max(100)).max(50);
const expressionSchema = z.string().trim().min(1).max(4096);

const maskSchema = z.union(
  [z.strictObject({ last: z.int().min(1).max(16) }), z.enum(['email', 'year', 'null', 'hash'])],
  {
    error: 'a mask is { last: n }, email, year, "null" (in quotes) or hash',
  },
);

const columnSchema = z
  .strictObject({
    description: textSchema.optional(),
    unit: z.string().trim().min(1).max(32).optional(),
    /** The model and the suggestions may see values. */
    share_values: z.boolean().optional(),
    /** A role closes for itself and every lower one. */
    hidden_from: audienceListSchema.optional(),
    mask: maskSchema.optional(),
    /** Who gets the mask; everyone where absent. A role masks for itself and every lower one. */
    for: audienceListSchema.optional(),
  })
  .superRefine((column, context) => {
    if (column.for && column.mask === undefined)
      context.addIssue({ code: 'custom', path: ['for'], message: 'says who gets a mask, but there is no mask' });
    if (column.share_values && column.mask !== undefined && !column.for)
      context.addIssue({
        code: 'custom',
        path: ['share_values'],
        message: 'a column masked for everyone shares no values',
      });
  });

const tenantSchema = z.strictObject({ column: nameSchema });

const relationSchema = z
  .strictObject({
    description: textSchema.optional(),
    synonyms: wordsSchema.optional(),
    /** A role opens to itself and every higher one. */
    open_to: audienceListSchema.optional(),
    /** Row predicate by audience, or `all`. Of employees the entry of the highest role that is not above theirs holds. */
    rows: z.partialRecord(audienceSchema, expressionSchema).optional(),
    columns: z
      .union([z.literal('*'), z.record(nameSchema, columnSchema)], { error: 'columns is a map of columns, or "*"' })
      .optional(),
    tenant: z.union([z.literal('shared'), tenantSchema], { error: 'tenant is shared, or { column: NAME }' }).optional(),
    /** Closed to everyone, admins too. */
    secret: z.literal(true, { error: 'secret is true, or left out' }).optional(),
  })
  .superRefine((relation, context) => {
    const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (relation.secret) {
      for (const key of ['open_to', 'rows', 'columns', 'tenant', 'synonyms'] as const)
        if (relation[key] !== undefined) issue([key], 'a secret relation is closed to everyone and takes no rules');
      return;
    }
    if (!relation.open_to) issue([], 'open_to is missing: say who may read it, or secret: true');
    if (relation.columns === undefined) issue([], 'columns is missing: what is not listed is invisible');
    else if (relation.columns !== '*' && Object.keys(relation.columns).length === 0)
      issue(['columns'], 'lists no column');
  });

const metricSchema = z.strictObject({
  relation: nameSchema,
  expression: expressionSchema,
  unit: z.string().trim().min(1).max(32).optional(),
  description: textSchema.optional(),
  synonyms: wordsSchema.optional(),
});

const sqlSchema = z.string().trim().min(1).max(16384);
/** An entry of `verified`; promoted questions have the same form. */
export const verifiedSchema = z.strictObject({
  question: z.string().trim().min(1).max(500),
  slots: z.record(z.string().regex(PARAMETER_NAME), z.enum(['integer', 'decimal', 'text', 'date'])).optional(),
  /** Text for every dialect, or one for each; `mysql` serves MariaDB where `mariadb` is absent. */
  sql: z.union([sqlSchema, z.partialRecord(z.enum(DIALECTS), sqlSchema)], {
    error: 'sql is text, or a map of text by dialect',
  }),
  open_to: audienceListSchema,
});

const limitSchema = z.strictObject({
  rows: z.int().min(1).max(100_000).optional(),
  timeout_ms: z.int().min(1).max(600_000).optional(),
  bytes: z
    .int()
    .min(1024)
    .max(1024 ** 3)
    .optional(),
  joins: z.int().min(0).max(60).optional(),
  depth: z.int().min(1).max(60).optional(),
});

const functionsSchema = z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of a function')).max(500);

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

/** What holds where a question, or a setting, says nothing. */
export const defaultsSchema = z
  .strictObject({
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'three capital letters, e.g. KES')
      .optional(),
    time_zone: z.string().refine(isTimeZone, 'is no IANA time zone').optional(),
  })
  .optional();

/** The whole policy file (DESIGN §3). Strict: a key that is not in the format is a fault, never passed over. */
export const policyFileSchema = z.strictObject({
  version: z.literal(1, { error: 'this reads version 1' }),
  source: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, - and _'),
  /** Of the expressions in the file; they are printed in the source's. */
  dialect: z.enum(DIALECTS),
  defaults: defaultsSchema,
  relations: z.record(nameSchema, relationSchema).refine((map) => Object.keys(map).length > 0, 'lists no relation'),
  tenant: tenantSchema.optional(),
  metrics: z.record(nameSchema, metricSchema).optional(),
  verified: z.array(verifiedSchema).max(5000).optional(),
  functions: z.strictObject({ allow: functionsSchema.optional(), deny: functionsSchema.optional() }).optional(),
  limits: z.partialRecord(z.enum(['default', ...AUDIENCES]), limitSchema).optional(),
});

/** A policy file whose shape is right; nothing is known yet of the catalog. */
export type PolicyFile = z.infer<typeof policyFileSchema>;
export type RelationEntry = PolicyFile['relations'][string];
export type ColumnEntry = z.infer<typeof columnSchema>;
export type MaskEntry = z.infer<typeof maskSchema>;
export type VerifiedEntry = z.infer<typeof verifiedSchema>;
export type MetricEntry = z.infer<typeof metricSchema>;
