import { z } from 'zod';
import { EMPLOYEE_ROLES, PERMISSIONS, PRINCIPAL_KINDS, type Principal } from '../domain/principal.js';
import type { ResultValue } from '../domain/result-set.js';
import { CATALOGUE } from '../errors/catalogue.js';
import { SwaliError } from '../errors/swali-error.js';
import { foldName } from '../sql/fold-name.js';
import type { PrincipalView } from './view.js';
import { checkShape, readYamlDocument } from './yaml-document.js';

const valueSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const caseSchema = z
  .strictObject({
    as: z.strictObject({
      kind: z.enum(PRINCIPAL_KINDS),
      role: z.enum(EMPLOYEE_ROLES).optional(),
      claims: z.record(z.string().min(1), z.union([z.string(), z.int()])).optional(),
      /** Employees: their `allow_tables_list`; none where absent. */
      allow_tables: z.array(z.string().min(1)).optional(),
      tenant: z.string().min(1).optional(),
    }),
    sql: z.string().trim().min(1).optional(),
    /** Expected rows, in order. */
    rows: z.array(z.array(valueSchema)).optional(),
    /** Expected code of the refusal. */
    refused: z
      .string()
      .refine((code) => Object.hasOwn(CATALOGUE, code), 'is no code of the catalogue')
      .optional(),
    /** `relation` or `relation.column`, each of which must be visible. */
    sees: z.array(z.string().min(1)).optional(),
    hidden: z.array(z.string().min(1)).optional(),
  })
  .superRefine((entry, context) => {
    const issue = (message: string) => context.addIssue({ code: 'custom', path: [], message });
    const expectsRun = entry.rows !== undefined || entry.refused !== undefined;
    if (entry.rows !== undefined && entry.refused !== undefined) issue('a case expects rows or a refusal, not both');
    if (expectsRun !== (entry.sql !== undefined)) issue('sql goes with rows or refused');
    if (!expectsRun && !entry.sees && !entry.hidden) issue('a case expects something: rows, refused, sees or hidden');
    if (entry.as.role && entry.as.kind !== 'employee') issue('only employees have a role');
  });

const casesFileSchema = z.strictObject({ cases: z.array(caseSchema).min(1).max(10_000) });
type PolicyCase = z.infer<typeof caseSchema>;

/** What came of one case. */
export interface CaseResult {
  /** Line of the case in its file, 1 for the first. */
  readonly line: number;
  /** Who asked, and what, for people. */
  readonly title: string;
  readonly passed: boolean;
  /** What differed; null where the case passed. */
  readonly difference: string | null;
}

/** What running cases needs: the policy's view and the road from text to rows, through the one seal. */
export interface CaseRunner {
  viewFor(principal: Principal): PrincipalView;
  /** Seals and executes. @throws SwaliError of the seal or the source */
  run(sql: string, principal: Principal): Promise<readonly (readonly ResultValue[])[]>;
}

function principalOf({ as }: PolicyCase, line: number): Principal {
  return Object.freeze({
    kind: as.kind,
    subject: `case:${line}`,
    role: as.kind === 'employee' ? (as.role ?? EMPLOYEE_ROLES[0]) : null,
    claims: new Map(Object.entries(as.claims ?? {})),
    allowTables: as.kind === 'employee' ? (as.allow_tables ?? []) : null,
    permissions: new Set(PERMISSIONS),
    tier: 'standard',
    tenant: as.tenant ?? null,
    session: null,
    lacksSecondFactor: false,
  });
}

/** A number in one form whatever its spelling (`12.50`, 12.5); other values as JSON. Exact: no double goes between. */
function normalizeValue(value: string | number | boolean | null): string {
  const match = /^(-?)0*(\d+)(?:\.(\d+))?$/.exec(String(value));
  if (typeof value === 'boolean' || value === null || !match) return JSON.stringify(value);
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  return `${match[1]}${match[2]}${fraction && `.${fraction}`}`;
}

function compareRows(
  expected: NonNullable<PolicyCase['rows']>,
  rows: readonly (readonly ResultValue[])[],
): string | null {
  const spell = (list: readonly (readonly (string | number | boolean | null)[])[]) =>
    list.map((row) => row.map(normalizeValue));
  if (JSON.stringify(spell(expected)) === JSON.stringify(spell(rows))) return null;
  const shown = JSON.stringify(rows.slice(0, 5));
  return `expected ${JSON.stringify(expected)}, got ${shown}${rows.length > 5 ? ` and ${rows.length - 5} more rows` : ''}`;
}

/** Whether `relation` or `relation.column` is visible; relations may have points in their names. */
function isVisible(name: string, view: PrincipalView): boolean {
  if (view.relations.has(foldName(name))) return true;
  const point = name.lastIndexOf('.');
  if (point < 0) return false;
  return view.relations.get(foldName(name.slice(0, point)))?.columns.has(foldName(name.slice(point + 1))) ?? false;
}

function compareView(entry: PolicyCase, view: PrincipalView): string | null {
  const missing = (entry.sees ?? []).filter((name) => !isVisible(name, view));
  const shown = (entry.hidden ?? []).filter((name) => isVisible(name, view));
  const parts = [
    missing.length > 0 ? `does not see ${missing.join(', ')}` : null,
    shown.length > 0 ? `sees ${shown.join(', ')}` : null,
  ].filter((part) => part !== null);
  return parts.length > 0 ? parts.join('; ') : null;
}

async function runStatement(entry: PolicyCase, principal: Principal, runner: CaseRunner): Promise<string | null> {
  if (entry.sql === undefined) return null;
  try {
    const rows = await runner.run(entry.sql, principal);
    return entry.rows
      ? compareRows(entry.rows, rows)
      : `expected the refusal ${entry.refused}, got ${rows.length} rows`;
  } catch (error) {
    if (!(error instanceof SwaliError)) throw error;
    if (error.code === entry.refused) return null;
    return `expected ${entry.refused ? `the refusal ${entry.refused}` : 'rows'}, got ${error.code}: ${error.message}`;
  }
}

function nameCase(entry: PolicyCase): string {
  const { as } = entry;
  const claims = Object.entries(as.claims ?? {}).map(([name, value]) => ` ${name}=${value}`);
  return `${as.kind}${as.role ? `:${as.role}` : ''}${claims.join('')}: ${entry.sql ?? 'what is visible'}`;
}

/**
 * Runs the owner's own cases (`sql-policies/SOURCE.test.yaml`), one after the other.
 *
 * @param text of the case file
 * @param file name for the faults
 * @returns one result for each case, in the file's order; never empty
 * @throws SwaliError `POLICY_INVALID` where the case file has faults, all listed as `file:line: message`
 */
export async function runPolicyCases(text: string, file: string, runner: CaseRunner): Promise<readonly CaseResult[]> {
  const document = readYamlDocument(text, file);
  const checked = checkShape(document, casesFileSchema);
  document.faults.assertEmpty();
  const results: CaseResult[] = [];
  for (const [index, entry] of (checked?.cases ?? []).entries()) {
    const line = document.lineOf(['cases', index]);
    const principal = principalOf(entry, line);
    const differences = [compareView(entry, runner.viewFor(principal)), await runStatement(entry, principal, runner)];
    const difference = differences.filter((part) => part !== null).join('; ');
    results.push({ line, title: nameCase(entry), passed: difference === '', difference: difference || null });
  }
  return results;
}
