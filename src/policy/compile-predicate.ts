import type { Catalog, CatalogRelation } from '../catalog/catalog.js';
import type { Dialect } from '../domain/dialect.js';
import { bindPredicate } from '../sql/bind.js';
import type { BindableRelation } from '../sql/binder.js';
import { foldName } from '../sql/fold-name.js';
import { functionRule } from '../sql/functions.js';
import type { Expression } from '../sql/nodes.js';
import { parseExpression } from '../sql/parser.js';
import { printExpression } from '../sql/printer.js';
import { someExpression, visitExpression } from '../sql/visit.js';
import { assertCondition } from './assert-leakproof.js';
import { bindClaims, type ClaimRegister } from './bind-claims.js';
import { PolicyRefusal } from './policy-fault.js';
import { createPredicateContext } from './predicate-context.js';
import { BASE_ALIAS } from './view.js';

/** A row predicate that may stand in an enclosure. */
export interface CompiledPredicate {
  readonly expression: Expression;
  /** As the source's printer prints it. */
  readonly sql: string;
  /** As the owner wrote it. */
  readonly text: string;
  /** Claims that it reads. */
  readonly claims: ReadonlySet<string>;
  /** Columns of the relation by which an index can find its rows: those that a top-level conjunct compares. Catalog spelling. */
  readonly searchable: ReadonlySet<string>;
}

/** What compiling a predicate may look up. */
export interface PredicateSources {
  readonly catalog: Catalog;
  readonly fileDialect: Dialect;
  readonly register: ClaimRegister;
}

function toBindable(relation: CatalogRelation): BindableRelation {
  return { name: relation.name, columns: relation.columns.map((column) => column.name) };
}

function splitConjuncts(expression: Expression): readonly Expression[] {
  return expression.kind === 'binary' && expression.operator === 'AND'
    ? [...splitConjuncts(expression.left), ...splitConjuncts(expression.right)]
    : [expression];
}

function baseColumn(expression: Expression): string | null {
  return expression.kind === 'column' && expression.qualifier[0] === BASE_ALIAS ? expression.name : null;
}

/** The base columns that one conjunct lets an index search by. */
function searchedBy(conjunct: Expression): readonly string[] {
  switch (conjunct.kind) {
    case 'binary': {
      if (conjunct.operator === 'OR') {
        const right = searchedBy(conjunct.right);
        return searchedBy(conjunct.left).filter((column) => right.includes(column));
      }
      if (conjunct.operator === '<>' || conjunct.operator === 'IS NOT') return [];
      return [conjunct.left, conjunct.right].flatMap((operand) => baseColumn(operand) ?? []);
    }
    case 'is':
    case 'between':
    case 'in-list':
    case 'in-query': {
      const column = baseColumn(conjunct.operand);
      return conjunct.negated || column === null ? [] : [column];
    }
    default:
      return [];
  }
}

function collectClaims(expression: Expression): ReadonlySet<string> {
  const claims = new Set<string>();
  visitExpression(expression, {
    expression: (node) => {
      if (node.kind === 'parameter' && node.name !== null) claims.add(node.name);
    },
  });
  return claims;
}

function namesBaseColumn(expression: Expression): boolean {
  return someExpression(expression, (node) => baseColumn(node) !== null);
}

/**
 * Reads a row predicate: parsed in the file's dialect, bound to the base tables of the source (not to the policy: a
 * predicate sees what its owner sees), wholly leakproof, claims compared exactly.
 *
 * @throws PolicyRefusal, or SwaliError with a `SEAL_` code from the parser and the binder
 */
export function compilePredicate(text: string, base: CatalogRelation, sources: PredicateSources): CompiledPredicate {
  const { catalog, fileDialect, register } = sources;
  const parsed = parseExpression(text, fileDialect, { allowNamedParameters: true });
  const bound = bindPredicate(parsed, toBindable(base), BASE_ALIAS, {
    dialect: catalog.dialect,
    relation: (name) => {
      const relation = catalog.relations.get(foldName(name));
      return relation && toBindable(relation);
    },
    functionRule: (name) => functionRule(catalog.dialect, name),
    isClaim: () => true,
  });
  const context = createPredicateContext(bound, base, catalog, fileDialect);
  assertCondition(bound, context);
  if (!namesBaseColumn(bound))
    throw new PolicyRefusal('the rule names no column of its relation; write all where every row is open');
  const expression = bindClaims(bound, context, register);
  return {
    expression,
    sql: printExpression(expression, catalog.dialect).sql,
    text,
    claims: collectClaims(bound),
    searchable: new Set(splitConjuncts(bound).flatMap(searchedBy)),
  };
}

/** Both of two predicates over one relation, either of which may be absent. */
export function conjoinPredicates(
  left: CompiledPredicate | null,
  right: CompiledPredicate | null,
  dialect: Dialect,
): CompiledPredicate | null {
  if (!left || !right) return left ?? right;
  const expression: Expression = { kind: 'binary', operator: 'AND', left: left.expression, right: right.expression };
  return {
    expression,
    sql: printExpression(expression, dialect).sql,
    text: `(${left.text}) AND (${right.text})`,
    claims: new Set([...left.claims, ...right.claims]),
    searchable: new Set([...left.searchable, ...right.searchable]),
  };
}
