import type { CatalogColumn, CatalogRelation } from '../catalog/catalog.js';
import type { ParameterValue, StatementLimits } from '../domain/sealed-statement.js';
import type { Expression } from '../sql/nodes.js';

/** Alias of the base relation inside every enclosure; row predicates and masks are expressions over it. */
export const BASE_ALIAS = 'b';

/** One column as a principal may see it. */
export interface VisibleColumn {
  readonly column: CatalogColumn;
  readonly description: string | null;
  readonly unit: string | null;
  /** True where the data owner lets the model and the suggestions see values. */
  readonly shareValues: boolean;
  /**
   * What stands in the enclosure instead of the bare column: an expression over {@link BASE_ALIAS}, leakproof.
   * Null where the column is shown as it is.
   */
  readonly mask: Expression | null;
}

/** What an allow demands for one relation: columns, masks, rows. */
export interface RelationObligation {
  readonly relation: CatalogRelation;
  readonly description: string | null;
  readonly synonyms: readonly string[];
  /** Visible columns in declared order; key: `foldName` of the name. Never empty. */
  readonly columns: ReadonlyMap<string, VisibleColumn>;
  /**
   * Row predicate, bound: columns of the relation are `b`.`catalog spelling`; relations in its subqueries are base
   * relations with aliases p1, p2 …; claims are parameters of origin `claim`. Null where every row is open.
   */
  readonly filter: Expression | null;
  /** The filter as the source's printer prints it, for verify; null with `filter`. */
  readonly filterSql: string | null;
  /** Names for the provenance, e.g. `orders.rows.customer`; empty where nothing is filtered. */
  readonly policies: readonly string[];
}

/** The catalog as one principal may see it, and the rules that go with it. Made by the policy for each request; cheap. */
export interface PrincipalView {
  /** Open relations; key: `foldName` of the name. A relation that is absent does not exist for this principal. */
  readonly relations: ReadonlyMap<string, RelationObligation>;
  /** Whether a built-in of the dialect's allow-list is open under the policy's `functions`. Name in upper case. */
  isFunctionOpen(name: string, allowedByDialect: boolean): boolean;
  /**
   * The value of a claim parameter, checked against the type of the column it is compared with.
   *
   * @param name of a parameter of origin `claim`, exactly as it stands in a filter
   * @throws SwaliError `SEAL_CLAIM_MISSING`, `SEAL_CLAIM_MALFORMED`
   */
  claim(name: string): ParameterValue;
  readonly limits: StatementLimits & { readonly joins: number; readonly depth: number };
  /** Digest over everything above but the claims' values: equal digests may share a plan. */
  readonly digest: string;
  readonly policyVersion: string;
}
