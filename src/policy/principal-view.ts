import { createHash, createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Catalog } from '../catalog/catalog.js';
import type { Metrics } from '../domain/ports.js';
import type { Principal } from '../domain/principal.js';
import type { ParameterValue } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import { foldName } from '../sql/fold-name.js';
import { chooseEntry, closesFor, opensTo, type Standing } from './audience.js';
import { readClaim } from './claim-value.js';
import type { CompiledPolicy } from './compile-policy.js';
import { type CompiledColumn, type CompiledRelation, filterFor } from './compiled-relation.js';
import { MASK_KEY_PREFIX } from './mask.js';
import type { PrincipalView, RelationObligation, VisibleColumn } from './view.js';

/** The bounds of a statement. */
export type ViewLimits = PrincipalView['limits'];

/** Bounds where neither settings nor policy say anything. */
export const DEFAULT_LIMITS: ViewLimits = { rows: 1000, timeoutMs: 5000, bytes: 8 * 1024 * 1024, joins: 8, depth: 8 };

/** Shapes of views kept: one for each kind, role and allow-list in use. */
const MAX_SHAPES = 1000;

/** Everything of a view that does not depend on the values of claims. */
type ViewShape = Pick<PrincipalView, 'relations' | 'limits' | 'digest'>;

function makeColumn(compiled: CompiledColumn, standing: Standing): VisibleColumn | null {
  const { entry, column } = compiled;
  if (entry.hidden_from && closesFor(entry.hidden_from, standing)) return null;
  const masked = compiled.mask !== null && (!entry.for || closesFor(entry.for, standing));
  return {
    column,
    description: entry.description ?? null,
    unit: masked ? null : (entry.unit ?? null),
    shareValues: !masked && (entry.share_values ?? false),
    mask: masked ? compiled.mask : null,
  };
}

function makeObligation(compiled: CompiledRelation, standing: Standing, catalog: Catalog): RelationObligation | null {
  if (!opensTo(compiled.openTo, standing)) return null;
  const columns = compiled.columns.flatMap((column) => makeColumn(column, standing) ?? []);
  if (columns.length === 0) return null;
  const { predicate, policies } = filterFor(compiled, standing, { catalog });
  return {
    relation: compiled.relation,
    description: compiled.entry.description ?? null,
    synonyms: compiled.entry.synonyms ?? [],
    columns: new Map(columns.map((visible) => [foldName(visible.column.name), visible])),
    filter: predicate?.expression ?? null,
    filterSql: predicate?.sql ?? null,
    policies,
  };
}

function makeLimits(policy: CompiledPolicy, standing: Standing, widest: Partial<ViewLimits>): ViewLimits {
  const { default: general, ...byAudience } = policy.file.limits ?? {};
  const stated = { ...general, ...chooseEntry(byAudience, standing)?.value };
  const narrow = (name: keyof ViewLimits, value: number | undefined) =>
    Math.min(value ?? DEFAULT_LIMITS[name], widest[name] ?? Number.POSITIVE_INFINITY);
  return {
    rows: narrow('rows', stated.rows ?? widest.rows),
    timeoutMs: narrow('timeoutMs', stated.timeout_ms ?? widest.timeoutMs),
    bytes: narrow('bytes', stated.bytes ?? widest.bytes),
    joins: narrow('joins', stated.joins),
    depth: narrow('depth', stated.depth),
  };
}

/** Digest over what shapes a plan: relations, columns, masks, filters, limits, functions. No value of a claim is in it. */
function digestShape(policy: CompiledPolicy, relations: ViewShape['relations'], limits: ViewLimits): string {
  const shape = {
    relations: [...relations].map(([name, { columns, filter, policies }]) => [
      name,
      [...columns.values()].map(({ column, mask, unit, shareValues }) => [column.name, mask, unit, shareValues]),
      filter,
      policies,
    ]),
    limits,
    functions: policy.file.functions ?? null,
    claims: [...policy.register.entries].map(([name, { claim, shape: form }]) => [
      name,
      claim,
      Object.values(form).map(String),
    ]),
  };
  return createHash('sha256').update(JSON.stringify(shape)).digest('hex');
}

function claimOf(principal: Principal, name: string) {
  if (name === 'tenant') return principal.tenant ?? principal.claims.get('tenant');
  return principal.claims.get(name);
}

/**
 * Makes the function that gives the catalog as a principal may see it. Shapes are kept by kind, role and allow-list; a
 * view itself is made for each request and is cheap.
 *
 * @param options.hashKey key of the mask `hash`; a file that has the mask was refused without it
 * @param options.widest bounds of the settings
 */
export function createViewFor(
  policy: CompiledPolicy,
  catalog: Catalog,
  options: {
    readonly version: string;
    readonly hashKey: string | Uint8Array | null;
    readonly widest: Partial<ViewLimits>;
    /** Told of each look for a shape. */
    readonly counts?: Pick<Metrics, 'cacheRead'>;
  },
): (principal: Principal) => PrincipalView {
  const shapes = new LRUCache<string, ViewShape>({ max: MAX_SHAPES });
  const allowed = new Set((policy.file.functions?.allow ?? []).map((name) => name.toUpperCase()));
  const denied = new Set((policy.file.functions?.deny ?? []).map((name) => name.toUpperCase()));
  const isFunctionOpen = (name: string, allowedByDialect: boolean) =>
    !denied.has(name.toUpperCase()) && (allowedByDialect || allowed.has(name.toUpperCase()));

  const makeShape = (standing: Standing, listed: ReadonlySet<string> | null): ViewShape => {
    const relations = new Map<string, RelationObligation>();
    for (const [name, compiled] of policy.relations) {
      if (listed && !listed.has(name)) continue;
      const obligation = makeObligation(compiled, standing, catalog);
      if (obligation) relations.set(name, obligation);
    }
    const limits = makeLimits(policy, standing, options.widest);
    return { relations, limits, digest: digestShape(policy, relations, limits) };
  };

  const readParameter = (principal: Principal, name: string): ParameterValue => {
    if (name.startsWith(MASK_KEY_PREFIX) && options.hashKey !== null)
      return createHmac('sha256', options.hashKey).update(name.slice(MASK_KEY_PREFIX.length)).digest('hex');
    const entry = policy.register.entries.get(name);
    if (!entry) throw new SwaliError('SEAL_CLAIM_MISSING', { cause: new Error(`no rule reads a claim as ${name}`) });
    return readClaim(claimOf(principal, entry.claim), entry.shape);
  };

  return (principal) => {
    const { kind } = principal;
    const standing: Standing = { kind, role: kind === 'employee' ? principal.role : null };
    // Employees without a list see nothing: a list that does not apply is the other kinds' alone.
    const names = kind === 'employee' ? [...new Set((principal.allowTables ?? []).map(foldName))].sort() : null;
    const key = JSON.stringify([kind, standing.role, names]);
    let shape = shapes.get(key);
    options.counts?.cacheRead('views', shape !== undefined);
    if (!shape) {
      shape = makeShape(standing, names && new Set(names));
      shapes.set(key, shape);
    }
    return {
      ...shape,
      isFunctionOpen,
      claim: (name) => readParameter(principal, name),
      policyVersion: options.version,
    };
  };
}
