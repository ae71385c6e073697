import type { Dialect } from './dialect.js';
import type { PrincipalKind } from './principal.js';

declare const sealed: unique symbol;

/** A bound value. 64-bit integers that a double would round are bigints. Never an object: mysql2 would expand it to SQL. */
export type ParameterValue = string | number | bigint | null;

/** One `?` of the printed text, in print order. `claim` and `slot` values come from outside the text. */
export interface BoundParameter {
  readonly origin: 'claim' | 'slot' | 'literal';
  /** Name of the claim or slot; null for literals. */
  readonly name: string | null;
  readonly value: ParameterValue;
}

/** One column of the result as the caller will see it; the printed text calls it c1, c2 … */
export interface OutputColumn {
  readonly name: string;
  /** Unit stated by the policy, e.g. `KES`; null where none or where the expression is not a plain column or SUM/AVG/MIN/MAX of one. */
  readonly unit: string | null;
  /** True where a masked column went into the expression. */
  readonly masked: boolean;
}

/** What decided the statement, for the answer, the audit record and the receipt. */
export interface SealProvenance {
  /** Catalog spelling, sorted. */
  readonly relations: readonly string[];
  /** e.g. `orders.rows.customer`, sorted. */
  readonly policies: readonly string[];
  /** e.g. `customers.phone`, sorted. */
  readonly maskedColumns: readonly string[];
  /** `sha256:…` of the policy file. */
  readonly policyVersion: string;
}

export interface StatementLimits {
  /** Rows handed to the caller at most; the printed text asks for one more, so that truncation shows. */
  readonly rows: number;
  readonly timeoutMs: number;
  /** Bytes of the result at most, as JSON. */
  readonly bytes: number;
}

/**
 * The only thing that execute takes. Its brand cannot be written outside this file, and only `seal/` may import
 * {@link sealStatement} (the import rules say so), so holding one proves that every step of the seal ran.
 */
export interface SealedStatement {
  readonly [sealed]: true;
  readonly dialect: Dialect;
  readonly sql: string;
  readonly parameters: readonly BoundParameter[];
  readonly columns: readonly OutputColumn[];
  readonly limits: StatementLimits;
  /** True where a relation carries a row filter: then no estimate of the optimiser may refuse it. */
  readonly filtered: boolean;
  /** Which source account runs it. */
  readonly kind: PrincipalKind;
  readonly provenance: SealProvenance;
}

/** Makes a sealed statement. Called by `seal/` alone. */
export function sealStatement(fields: Omit<SealedStatement, typeof sealed>): SealedStatement {
  return Object.freeze({ ...fields }) as SealedStatement;
}
