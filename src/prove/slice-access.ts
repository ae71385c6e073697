import { parse } from 'yaml';
import { z } from 'zod';
import type { Catalog, CatalogRelation } from '../catalog/catalog.js';
import { EMPLOYEE_ROLES, type Principal } from '../domain/principal.js';
import { both, owned, type RowRule } from './slice-rules.js';

const maskSchema = z.union([z.object({ last: z.number() }), z.enum(['email', 'year', 'null', 'hash'])]);
export type MaskWord = z.infer<typeof maskSchema>;

const columnSchema = z.object({
  hidden_from: z.array(z.string()).default([]),
  mask: maskSchema.optional(),
  for: z.array(z.string()).optional(),
});
const relationSchema = z.object({
  secret: z.boolean().default(false),
  open_to: z.array(z.string()).default([]),
  rows: z.record(z.string(), z.string()).default({}),
  columns: z.union([z.literal('*'), z.record(z.string(), columnSchema)]).default({}),
  tenant: z.union([z.literal('shared'), z.object({ column: z.string() })]).optional(),
});
const fileSchema = z.object({
  tenant: z.object({ column: z.string() }).optional(),
  relations: z.record(z.string(), relationSchema),
});
type RelationEntry = z.infer<typeof relationSchema>;
type ColumnEntry = z.infer<typeof columnSchema>;

/** What one principal may see of one relation. */
export interface RelationAccess {
  readonly relation: CatalogRelation;
  /** Visible columns by catalog spelling, each with its mask or null. */
  readonly columns: ReadonlyMap<string, MaskWord | null>;
  /** Null where every row is open. */
  readonly rule: RowRule | null;
}

/** Relations that are open to a principal, by catalog spelling. */
export type Access = ReadonlyMap<string, RelationAccess>;

const ladder: readonly string[] = EMPLOYEE_ROLES;

/** Place of a principal's role on the ladder of employees; -1 for those without a role. */
function rankOf(role: string | null | undefined): number {
  return role === null || role === undefined ? -1 : ladder.indexOf(role);
}

function speaksOf(word: string, principal: Principal, reaches: (mine: number, named: number) => boolean): boolean {
  const [kind, role] = word.split(':');
  if (kind !== principal.kind) return false;
  return role === undefined || reaches(rankOf(principal.role), rankOf(role));
}

const opens = (words: readonly string[], principal: Principal): boolean =>
  words.some((word) => speaksOf(word, principal, (mine, named) => mine >= named));
const closes = (words: readonly string[], principal: Principal): boolean =>
  words.some((word) => speaksOf(word, principal, (mine, named) => mine <= named));

/** The text of the rule for rows that holds for a principal; null where none does. */
function chooseRule(rows: RelationEntry['rows'], principal: Principal): string | null {
  const fitting = Object.keys(rows)
    .filter((word) => speaksOf(word, principal, (mine, named) => mine >= named))
    .sort((a, b) => rankOf(b.split(':')[1]) - rankOf(a.split(':')[1]));
  return fitting[0] === undefined ? null : (rows[fitting[0]] ?? null);
}

function seeColumn(entry: ColumnEntry, principal: Principal): MaskWord | null | undefined {
  if (closes(entry.hidden_from, principal)) return undefined;
  const masked = entry.mask !== undefined && (entry.for === undefined || closes(entry.for, principal));
  return masked ? entry.mask : null;
}

/** A policy file as the harness reads it. */
export interface AccessReader {
  accessFor(principal: Principal): Access;
}

/**
 * Reads from a policy's text who may see what, by code of its own: nothing of `src/policy` is asked.
 *
 * @param rules the meaning of each row rule, by the very text that stands in the policy
 * @throws Error where a rule's text has no meaning here, or a name is not the catalog's spelling: a slice must not be guessed
 */
export function readAccess(
  policyText: string,
  rules: ReadonlyMap<string, RowRule>,
  options: { readonly catalog: Catalog; readonly tenancy: boolean },
): AccessReader {
  const file = fileSchema.parse(parse(policyText));
  const byName = new Map([...options.catalog.relations.values()].map((relation) => [relation.name, relation]));
  const meaningOf = (text: string): RowRule => {
    const rule = rules.get(text);
    if (!rule) throw new Error(`the harness does not know what the rule "${text}" means`);
    return rule;
  };
  const ruleFor = (entry: RelationEntry, principal: Principal): RowRule | null => {
    const text = chooseRule(entry.rows, principal);
    const rule = text === null || text === 'all' ? null : meaningOf(text);
    const column = entry.tenant === 'shared' ? undefined : (entry.tenant?.column ?? file.tenant?.column);
    if (!options.tenancy || column === undefined) return rule;
    const tenant = owned(column, 'tenant');
    return rule ? both(rule, tenant) : tenant;
  };
  const columnsFor = (relation: CatalogRelation, entry: RelationEntry, principal: Principal) => {
    const listed = entry.columns;
    const columns = new Map<string, MaskWord | null>();
    for (const { name } of relation.columns) {
      const column = listed === '*' ? columnSchema.parse({}) : listed[name];
      const seen = column && seeColumn(column, principal);
      if (seen !== undefined) columns.set(name, seen);
    }
    if (listed !== '*')
      for (const name of Object.keys(listed))
        if (!relation.columns.some((column) => column.name === name))
          throw new Error(`${relation.name} has no column spelled ${name}`);
    return columns;
  };
  return {
    accessFor: (principal) => {
      const access = new Map<string, RelationAccess>();
      for (const [name, entry] of Object.entries(file.relations)) {
        const relation = byName.get(name);
        if (!relation && !entry.secret) throw new Error(`no relation is spelled ${name}`);
        const listed = principal.kind !== 'employee' || (principal.allowTables ?? []).includes(name);
        if (!relation || entry.secret || !listed || !opens(entry.open_to, principal)) continue;
        const columns = columnsFor(relation, entry, principal);
        if (columns.size > 0) access.set(name, { relation, columns, rule: ruleFor(entry, principal) });
      }
      return access;
    },
  };
}
