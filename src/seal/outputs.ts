import type { OutputColumn } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView, VisibleColumn } from '../policy/view.js';
import type { BoundStatement } from '../sql/bind.js';
import { foldName } from '../sql/fold-name.js';
import type { Expression } from '../sql/nodes.js';
import { visitExpression } from '../sql/visit.js';

/** Aggregates whose result has the unit of their argument. */
const UNIT_KEEPING: ReadonlySet<string> = new Set(['SUM', 'AVG', 'MIN', 'MAX', 'TOTAL']);

/** Characters of all output names together at most: `*` of `*` repeats a long name as often as it likes. */
const MAX_NAMES = 262_144;

/** Answers questions about our columns, each looked into once, however many outputs lead to it. */
class ColumnReader {
  private readonly masked = new Map<string, boolean>();
  private readonly named = new Map<string, readonly string[]>();
  private readonly units = new Map<string, string | null | undefined>();

  constructor(
    private readonly statement: BoundStatement,
    private readonly view: PrincipalView,
  ) {}

  private visible(name: string): VisibleColumn | undefined {
    const definition = this.statement.definitions.get(name);
    if (definition?.kind !== 'base') return undefined;
    return this.view.relations.get(foldName(definition.relation))?.columns.get(foldName(definition.column));
  }

  /** Our columns that the expressions of one of them name. */
  private namedBy(name: string): readonly string[] {
    const known = this.named.get(name);
    if (known) return known;
    const definition = this.statement.definitions.get(name);
    const found = new Set<string>();
    for (const expression of definition?.kind === 'output' ? definition.expressions : [])
      visitExpression(expression, {
        expression: (node) => {
          if (node.kind === 'column' || node.kind === 'output') found.add(node.name);
        },
      });
    const names = [...found];
    this.named.set(name, names);
    return names;
  }

  /** Whether a mask went into our column `name`, through derived tables, set operations and common tables. */
  isMasked(name: string): boolean {
    const seen = new Set<string>();
    const look = (column: string): boolean => {
      const known = this.masked.get(column);
      if (known !== undefined || seen.has(column)) return known ?? false;
      seen.add(column);
      const found = (this.visible(column)?.mask ?? null) !== null || this.namedBy(column).some(look);
      if (found) this.masked.set(column, true);
      return found;
    };
    const found = look(name);
    // Not before the end: a recursive table meets itself on the way.
    if (!found) for (const column of seen) this.masked.set(column, false);
    return found;
  }

  /** The unit of our column; undefined where it only repeats a column that is being looked into, as a recursive table does. */
  private unitOfColumn(name: string): string | null | undefined {
    if (this.units.has(name)) return this.units.get(name);
    this.units.set(name, undefined);
    const definition = this.statement.definitions.get(name);
    const unit =
      definition?.kind === 'output' ? this.unitOfAll(definition.expressions) : (this.visible(name)?.unit ?? null);
    this.units.set(name, unit);
    return unit;
  }

  private unitOf(expression: Expression): string | null | undefined {
    if (expression.kind === 'call' && UNIT_KEEPING.has(expression.name)) {
      const [argument] = expression.arguments;
      return argument ? this.unitOf(argument) : null;
    }
    return expression.kind === 'column' ? this.unitOfColumn(expression.name) : null;
  }

  /** The unit that all have; null where they differ. */
  unitOfAll(expressions: readonly Expression[]): string | null {
    const units = expressions.map((expression) => this.unitOf(expression)).filter((unit) => unit !== undefined);
    return units.every((unit) => unit === units[0]) ? (units[0] ?? null) : null;
  }
}

/**
 * The result's columns as the caller will see them. Names by this rule: the alias as written; else, for a plain column, its
 * name as written (by `*`: the catalog's); else the text of the expression, white space folded.
 *
 * @param isMasking whether the statement uses a masked column
 * @throws SwaliError `SEAL_TOO_DEEP` where the names together are too long
 */
export function describeOutputs(statement: BoundStatement, view: PrincipalView, isMasking: boolean): OutputColumn[] {
  const reader = new ColumnReader(statement, view);
  let length = 0;
  return statement.outputs.map(({ name, column }) => {
    length += name.length;
    if (length > MAX_NAMES) throw new SwaliError('SEAL_TOO_DEEP', { detail: 'the names of its columns are too long' });
    const definition = statement.definitions.get(column);
    return {
      name,
      unit: definition?.kind === 'output' ? reader.unitOfAll(definition.expressions) : null,
      masked: isMasking && reader.isMasked(column),
    };
  });
}
