import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Catalog } from '../catalog/catalog.js';
import { digestText } from '../domain/digest-text.js';
import type { Metrics } from '../domain/ports.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import { foldName } from '../sql/fold-name.js';
import { opensTo } from './audience.js';
import type { CompiledMetric } from './compile-metric.js';
import { compilePolicy } from './compile-policy.js';
import type { CompiledQuestion } from './compile-verified.js';
import type { CompiledRelation } from './compiled-relation.js';
import { defaultsSchema, type VerifiedEntry } from './policy-file.js';
import { createViewFor, type ViewLimits } from './principal-view.js';
import type { PrincipalView } from './view.js';
import { readYamlDocument } from './yaml-document.js';

/** Names of sources; they are names of files too. */
const SOURCE_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** The rules of one source, checked against its catalog and compiled. Immutable: a changed file makes a new one. */
export interface Policy {
  readonly source: string;
  /** `sha256:…` of the file's bytes. */
  readonly version: string;
  readonly defaults: { readonly currency: string | null; readonly timeZone: string | null };
  /** What is accepted and unwise, each with its line; for the log and `policy check`. */
  readonly warnings: readonly string[];
  /** Relations that are open to somebody, by `foldName`. */
  readonly relations: ReadonlyMap<string, CompiledRelation>;
  readonly verified: readonly CompiledQuestion[];
  readonly metrics: readonly CompiledMetric[];
  /** Names of every claim that its rules read. */
  readonly claims: ReadonlySet<string>;
  /** The catalog as this principal may see it now. Cheap: everything but the values of claims is kept. */
  viewFor(principal: Principal): PrincipalView;
  /** The same with the bounds of an export: the file's own, and beside them those of `exportLimits`. */
  exportViewFor(principal: Principal): PrincipalView;
  /**
   * The verified questions that are open to this principal and read only relations that they may see.
   *
   * @param promoted beside those of the file, behind them
   */
  verifiedFor(principal: Principal, promoted?: readonly CompiledQuestion[]): readonly CompiledQuestion[];
  /** Compiles a promoted question as those of the file are. @throws SwaliError `VERIFIED_INVALID` that says why it does not fit */
  compileQuestion(entry: VerifiedEntry): CompiledQuestion;
  /** The metrics of which a principal sees every column unmasked. */
  metricsFor(view: PrincipalView): readonly CompiledMetric[];
}

/** Where a policy comes from and what it stands on. */
export interface PolicyOptions {
  /** Name of the source; the file is `DIR/SOURCE.yaml`. Letters, digits, - and _. */
  readonly source: string;
  readonly catalog: Catalog;
  /** Key of the mask `hash`, of this installation; 32 bytes or more. A file with that mask is refused without it. */
  readonly hashKey?: string | Uint8Array;
  /** Bounds of the settings: the policy can only narrow them. */
  readonly limits?: Partial<ViewLimits>;
  /** What holds for exports instead. */
  readonly exportLimits?: Pick<ViewLimits, 'rows' | 'bytes'>;
  readonly tenancy?: boolean;
  /** Told of each look for what a kind of principal sees. */
  readonly counts?: Pick<Metrics, 'cacheRead'>;
  /** A filtered relation without an index led by its filter is a fault, not a warning. */
  readonly strict?: boolean;
}

/** The version of `DIR/SOURCE.yaml` as it stands, whether it is right or not; null where it cannot be read. */
export function readPolicyVersion({ dir, source }: { readonly dir: string; readonly source: string }): string | null {
  if (!SOURCE_NAME.test(source)) return null;
  try {
    return digestText(readFileSync(join(dir, `${source}.yaml`)));
  } catch {
    return null;
  }
}

/**
 * Reads a policy from text. `loadPolicy` reads the file; this is its core.
 *
 * @param file name for the faults
 * @throws SwaliError `POLICY_INVALID` whose detail lists every fault as `file:line: message`
 */
export function readPolicy(text: string, file: string, options: PolicyOptions): Policy {
  const { catalog, source, hashKey = null } = options;
  const version = digestText(text);
  const compiled = compilePolicy(readYamlDocument(text, file), catalog, {
    source,
    tenancy: options.tenancy ?? false,
    strict: options.strict ?? false,
    hasHashKey: hashKey !== null && hashKey.length >= 32,
  });
  const { exportLimits = {}, limits = {}, counts } = options;
  const shared = { version, hashKey, ...(counts ? { counts } : {}) };
  const viewFor = createViewFor(compiled, catalog, { ...shared, widest: limits });
  const exportViewFor = createViewFor(compiled, catalog, { ...shared, widest: { ...limits, ...exportLimits } });
  const { relations, verified, compileQuestion, metrics, warnings } = compiled;
  const { currency = null, time_zone: timeZone = null } = compiled.file.defaults ?? {};
  return {
    source,
    version,
    defaults: { currency, timeZone },
    warnings: warnings.map((warning) => `${file}: ${warning}`),
    relations,
    verified,
    metrics,
    claims: new Set([...compiled.register.entries.values()].map(({ claim }) => claim)),
    viewFor,
    exportViewFor,
    compileQuestion,
    verifiedFor: (principal, promoted = []) => {
      const view = viewFor(principal);
      return [...verified, ...promoted].filter(
        (question) =>
          opensTo(question.openTo, principal) && question.relations.every((name) => view.relations.has(name)),
      );
    },
    metricsFor: (view) =>
      metrics.filter((metric) => {
        const visible = view.relations.get(foldName(metric.relation))?.columns;
        return visible !== undefined && metric.columns.every((name) => visible.get(foldName(name))?.mask === null);
      }),
  };
}

/**
 * Reads `DIR/SOURCE.yaml`, checks it against the catalog and compiles it.
 *
 * @throws SwaliError `POLICY_INVALID` whose detail lists every fault as `file:line: message`
 */
export function loadPolicy(options: PolicyOptions & { readonly dir: string }): Policy {
  const { dir, source } = options;
  if (!SOURCE_NAME.test(source))
    throw new SwaliError('POLICY_INVALID', { detail: 'the name of the source takes letters, digits, - and _' });
  const file = join(dir, `${source}.yaml`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new SwaliError('POLICY_INVALID', { detail: `${file}:1: the file cannot be read`, cause });
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SwaliError('POLICY_INVALID', { detail: `${file}:1: the file is not UTF-8`, cause });
  }
  return readPolicy(text, file, options);
}

/**
 * What `DIR/SOURCE.yaml` says of time zone and currency, read before the source is opened, which needs the zone. Checks
 * nothing else: a file that is absent or faulty has no defaults here, and {@link loadPolicy} tells what is wrong with it.
 */
export function readPolicyDefaults({
  dir,
  source,
}: {
  readonly dir: string;
  readonly source: string;
}): Policy['defaults'] {
  const none = { currency: null, timeZone: null };
  if (!SOURCE_NAME.test(source)) return none;
  const file = join(dir, `${source}.yaml`);
  if (!existsSync(file)) return none;
  const { value } = readYamlDocument(readFileSync(file, 'utf8'), file);
  const read = z.object({ defaults: defaultsSchema }).safeParse(value);
  const { currency = null, time_zone: timeZone = null } = read.data?.defaults ?? {};
  return { currency, timeZone };
}

/** The visible catalog in the wire's words, by name: the answer of `GET /v1/schema`. */
export function describeView(view: PrincipalView): {
  readonly relations: readonly {
    readonly name: string;
    readonly description: string | null;
    readonly columns: readonly {
      readonly name: string;
      readonly type: string;
      readonly description: string | null;
      readonly masked: boolean;
    }[];
  }[];
} {
  const relations = [...view.relations.values()].map(({ relation, description, columns }) => ({
    name: relation.name,
    description,
    columns: [...columns.values()].map(({ column, description: what, mask }) => ({
      name: column.name,
      type: mask ? 'text' : column.family,
      description: what,
      masked: mask !== null,
    })),
  }));
  return { relations: relations.sort((left, right) => (left.name < right.name ? -1 : 1)) };
}
