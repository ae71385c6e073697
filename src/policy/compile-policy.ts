import type { Catalog } from '../catalog/catalog.js';
import { SwaliError } from '../errors/swali-error.js';
import { foldName } from '../sql/fold-name.js';
import { FUNCTIONS } from '../sql/functions.js';
import { type ClaimRegister, createClaimRegister } from './bind-claims.js';
import { type CompiledMetric, compileMetric } from './compile-metric.js';
import { type CompiledQuestion, compileVerified } from './compile-verified.js';
import { type CompileContext, type CompiledRelation, compileRelation } from './compiled-relation.js';
import type { FaultPath } from './policy-fault.js';
import type { PolicyFile, VerifiedEntry } from './policy-file.js';
import { policyFileSchema } from './policy-file.js';
import { checkShape, type YamlDocument } from './yaml-document.js';

/** How a file is compiled. */
export interface CompileOptions {
  /** Name of the source that the file must be for. */
  readonly source: string;
  /** Whether every relation must say which tenant a row belongs to. Default false. */
  readonly tenancy?: boolean;
  /** Whether a missing index of a filtered relation is a fault, not a warning. Default false. */
  readonly strict?: boolean;
  /** Whether this installation has a key for the mask `hash`. */
  readonly hasHashKey: boolean;
}

/** A policy file that fits its catalog. */
export interface CompiledPolicy {
  readonly file: PolicyFile;
  /** Relations that are open to somebody, by folded name, in the file's order. */
  readonly relations: ReadonlyMap<string, CompiledRelation>;
  readonly verified: readonly CompiledQuestion[];
  /** Compiles one more question as those of the file are. @throws SwaliError `VERIFIED_INVALID` that says why it does not fit */
  readonly compileQuestion: (entry: VerifiedEntry) => CompiledQuestion;
  readonly metrics: readonly CompiledMetric[];
  readonly register: ClaimRegister;
  /** `line N: …` of what is accepted and unwise. */
  readonly warnings: readonly string[];
}

function assertFunctions(file: PolicyFile, context: CompileContext): void {
  const known = (name: string) => Object.values(FUNCTIONS).some((rules) => rules.has(name.toUpperCase()));
  for (const list of ['allow', 'deny'] as const)
    for (const [index, name] of (file.functions?.[list] ?? []).entries())
      if (!known(name))
        context.faults.at(['functions', list, index], `${name} is no function that is known to be pure on any dialect`);
}

function compileRelations(file: PolicyFile, context: CompileContext): ReadonlyMap<string, CompiledRelation> {
  const relations = new Map<string, CompiledRelation>();
  const seen = new Set<string>();
  for (const [name, entry] of Object.entries(file.relations)) {
    const fold = foldName(name);
    if (seen.has(fold)) {
      context.faults.at(['relations', name], `${name} is listed twice, in different spellings`);
      continue;
    }
    seen.add(fold);
    const compiled = compileRelation(name, entry, context);
    if (compiled) relations.set(fold, compiled);
  }
  return relations;
}

/**
 * Checks a policy file, its shape and then every name and expression in it against the catalog, and compiles it.
 *
 * @throws SwaliError `POLICY_INVALID` whose detail lists every fault as `file:line: message`
 */
export function compilePolicy(document: YamlDocument, catalog: Catalog, options: CompileOptions): CompiledPolicy {
  const { faults } = document;
  const file = checkShape(document, policyFileSchema);
  faults.assertEmpty();
  if (file === undefined) throw new Error('a document without faults has a value');
  const warnings: string[] = [];
  const context: CompileContext = {
    catalog,
    file,
    tenancy: options.tenancy ?? false,
    strict: options.strict ?? false,
    hasHashKey: options.hasHashKey,
    register: createClaimRegister(),
    faults,
    warn: (path, message) => void warnings.push(`line ${document.lineOf(path)}: ${message}`),
  };
  if (file.source !== options.source)
    faults.at(['source'], `this file is for the source ${file.source}, not ${options.source}`);
  const relations = compileRelations(file, context);
  const claims = new Set([...context.register.entries.values()].map((entry) => entry.claim));
  const verified = (file.verified ?? []).flatMap((entry, index) => {
    const path = ['verified', index];
    return compileVerified(entry, path, relations, claims, context, document.lineOf(path)) ?? [];
  });
  const metrics = Object.entries(file.metrics ?? {}).flatMap(
    ([name, entry]) => compileMetric(name, entry, relations, context) ?? [],
  );
  assertFunctions(file, context);
  faults.assertEmpty();
  const compileQuestion = (entry: VerifiedEntry) => {
    const found: string[] = [];
    const at = (_path: FaultPath, message: string) => void found.push(message);
    const compiled = compileVerified(entry, [], relations, claims, { ...context, faults: { ...faults, at } }, null);
    if (compiled === null) throw new SwaliError('VERIFIED_INVALID', { detail: found.join('; ') });
    return compiled;
  };
  return { file, relations, verified, compileQuestion, metrics, register: context.register, warnings };
}
