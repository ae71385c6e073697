import type { CatalogColumn } from '../catalog/catalog.js';
import type { Binary, CastType, ColumnReference, Expression, InList, Parameter } from '../sql/nodes.js';
import { rewriteExpression } from '../sql/rewrite.js';
import { type ClaimShape, claimShapeOf } from './claim-value.js';
import { PolicyRefusal } from './policy-fault.js';
import { isMySqlFamily, type PredicateContext } from './predicate-context.js';

/** Every claim parameter of a policy: its name in the predicates, the claim it reads, and the form that it must have. */
export interface ClaimRegister {
  readonly entries: ReadonlyMap<string, { readonly claim: string; readonly shape: ClaimShape }>;
  /** Name of the parameter for a claim compared with a column of that shape, e.g. `customer_number:integer`. */
  nameFor(claim: string, shape: ClaimShape): string;
}

function isSameShape(a: ClaimShape, b: ClaimShape): boolean {
  return Object.entries(a).every(([key, value]) => (b as unknown as Record<string, unknown>)[key] === value);
}

export function createClaimRegister(): ClaimRegister {
  const entries = new Map<string, { readonly claim: string; readonly shape: ClaimShape }>();
  return {
    entries,
    nameFor: (claim, shape) => {
      // Columns of one family and different sizes each check the claim by their own: a second size gets a second name.
      for (let number = 1; ; number += 1) {
        const name = `${claim}:${shape.family}${number === 1 ? '' : `:${number}`}`;
        const known = entries.get(name);
        if (known && !isSameShape(known.shape, shape)) continue;
        entries.set(name, { claim, shape });
        return name;
      }
    },
  };
}

type Equality = '=' | '<>' | '<=>';

function cast(
  operand: Expression,
  name: CastType['name'],
  length: number | null = null,
  scale: number | null = null,
): Expression {
  return { kind: 'cast', operand, type: { name, length, scale, characterSet: null } };
}

function binary(operator: Binary['operator'], left: Expression, right: Expression): Expression {
  return { kind: 'binary', operator, left, right };
}

/** Exact comparison on the MySQL family: collations and implicit casts make `C7` equal `c7`, and `'7abc'` equal 7. */
function compareOnMySql(
  operator: Equality,
  column: ColumnReference,
  catalog: CatalogColumn,
  claim: Expression,
  shape: ClaimShape,
): Expression {
  if (shape.family === 'decimal') return binary(operator, column, cast(claim, 'DECIMAL', shape.precision, shape.scale));
  if (shape.family === 'integer') {
    // Beyond 2^53 a parameter sent as double or text would be compared as a double, and neighbours would be equal.
    const wide = shape.high >= 2n ** 53n;
    return binary(operator, column, wide ? cast(claim, catalog.unsigned ? 'UNSIGNED' : 'SIGNED') : claim);
  }
  const sameBytes =
    catalog.characterSet === null || ['utf8mb4', 'utf8mb3', 'utf8', 'ascii'].includes(catalog.characterSet);
  const text: Expression = sameBytes ? column : { kind: 'transcode', operand: column, characterSet: 'utf8mb4' };
  // The first comparison uses the index, the second one decides.
  return binary(
    operator === '<>' ? 'OR' : 'AND',
    binary(operator, column, claim),
    binary(operator, cast(text, 'BINARY'), cast(claim, 'BINARY')),
  );
}

/** Exact comparison on SQLite: type affinity makes integers of canonical text and never of other text; a declared collation may fold case. */
function compareOnSqlite(
  operator: Equality,
  column: ColumnReference,
  catalog: CatalogColumn,
  claim: Expression,
  shape: ClaimShape,
): Expression {
  const written = operator === '<=>' ? 'IS' : operator;
  const plain = binary(written, column, claim);
  if (shape.family !== 'text' || catalog.collation === null || catalog.collation === 'BINARY') return plain;
  const exact = binary(written, { kind: 'collate', operand: column, collation: 'BINARY' }, claim);
  return operator === '<>' ? exact : binary('AND', plain, exact);
}

/** `column = :claim` as it is run: exact to the byte, and still served by the index. */
function compareClaim(
  operator: Equality,
  column: Expression,
  claim: Parameter,
  context: PredicateContext,
  register: ClaimRegister,
): Expression {
  if (column.kind !== 'column') throw new PolicyRefusal(`the claim :${claim.name} must be compared with a column`);
  const catalog = context.columnOf(column);
  const shape = claimShapeOf(catalog, context.dialect);
  const named: Parameter = { ...claim, origin: 'claim', name: register.nameFor(claim.name as string, shape) };
  const compare = isMySqlFamily(context.dialect) ? compareOnMySql : compareOnSqlite;
  return compare(operator, column, catalog, named, shape);
}

const EQUALITIES: ReadonlyMap<string, Equality> = new Map([
  ['=', '='],
  ['<>', '<>'],
  ['<=>', '<=>'],
  ['IS', '<=>'],
]);

function rewriteComparison(node: Binary, context: PredicateContext, register: ClaimRegister): Expression {
  const [claim, column] = node.left.kind === 'parameter' ? [node.left, node.right] : [node.right, node.left];
  if (claim.kind !== 'parameter') return translateNullSafe(node, context);
  const operator = EQUALITIES.get(node.operator);
  if (!operator) throw new PolicyRefusal(`a claim is compared by =, <>, <=> or IN, not by ${node.operator}`);
  return compareClaim(operator, column, claim, context, register);
}

/** `<=>` and SQLite's `IS` between operands are one operator with two spellings. */
function translateNullSafe(node: Binary, context: PredicateContext): Expression {
  if (!isMySqlFamily(context.dialect)) return node.operator === '<=>' ? { ...node, operator: 'IS' } : node;
  if (node.operator === 'IS') return { ...node, operator: '<=>' };
  if (node.operator === 'IS NOT') return { kind: 'unary', operator: 'NOT', operand: { ...node, operator: '<=>' } };
  return node;
}

/** A list with a claim in it, or one behind a claim, becomes single comparisons, so that each is exact. */
function rewriteList(node: InList, context: PredicateContext, register: ClaimRegister): Expression {
  const { operand } = node;
  const hasClaim = operand.kind === 'parameter' || node.items.some((item) => item.kind === 'parameter');
  if (!hasClaim) return node;
  const operator = node.negated ? '<>' : '=';
  const parts = node.items.map((item) => {
    if (operand.kind === 'parameter') return compareClaim(operator, item, operand, context, register);
    if (item.kind === 'parameter') return compareClaim(operator, operand, item, context, register);
    return binary(operator, operand, item);
  });
  return parts.reduce((left, right) => binary(node.negated ? 'AND' : 'OR', left, right));
}

/**
 * Replaces every comparison with a claim by one that is exact to the byte, and names each claim parameter for the type
 * that it is compared with: `customer_number:integer`.
 *
 * @param predicate bound and leakproof (`assertCondition`)
 * @throws PolicyRefusal where a claim is not compared with a column of a fitting type
 */
export function bindClaims(predicate: Expression, context: PredicateContext, register: ClaimRegister): Expression {
  return rewriteExpression(predicate, {
    expression: (node) => {
      if (node.kind === 'binary' && node.operator !== 'AND' && node.operator !== 'OR')
        return rewriteComparison(node, context, register);
      return node.kind === 'in-list' ? rewriteList(node, context, register) : node;
    },
  });
}
