import type { Catalog } from '../../src/catalog/catalog.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import type { PrincipalView } from '../../src/policy/view.js';
import { correlate } from '../../src/seal/correlate.js';
import { enclose } from '../../src/seal/enclose.js';
import { fence } from '../../src/seal/fence.js';
import { assertGrouped } from '../../src/seal/grouping.js';
import { bindLiterals, traceColumns } from '../../src/seal/literals.js';
import { orderRowsOf } from '../../src/seal/order.js';
import { resolve } from '../../src/seal/resolve.js';
import type { BoundStatement } from '../../src/sql/bind.js';
import type { Query } from '../../src/sql/nodes.js';
import { parseQuery } from '../../src/sql/parser.js';
import { printQuery } from '../../src/sql/printer.js';

/** Reads and binds a text for a view. */
export function bindText(
  sql: string,
  catalog: Catalog,
  view: PrincipalView,
  slots: ReadonlySet<string> = new Set(),
): BoundStatement {
  return resolve(parseQuery(sql, catalog.dialect, { allowNamedParameters: slots.size > 0 }), view, catalog, slots);
}

/** The text as it stands after a step of the seal, strings quoted. */
export function textAfter(
  step: 'resolve' | 'enclose' | 'fence' | 'literals' | 'order',
  sql: string,
  catalog: Catalog,
  view: PrincipalView,
): string {
  const { dialect } = catalog;
  const statement = bindText(sql, catalog, view);
  const print = (query: Query) => printQuery(query, dialect, { strings: 'quoted' }).sql;
  if (step === 'resolve') return print(statement.query);
  const enclosed = enclose(statement, view);
  if (step === 'enclose') return print(enclosed);
  const fenced = correlate(fence(enclosed, view), view, dialect);
  if (step === 'fence') return print(fenced);
  const trace = traceColumns(statement.definitions, view);
  const literals = bindLiterals(fenced, dialect, trace);
  if (step === 'literals') return print(literals);
  return print(orderRowsOf(literals, statement, view, dialect, trace));
}

/** Checks the grouping of a text as the seal does for a filtered principal. */
export function checkGrouping(sql: string, catalog: Catalog, view: PrincipalView): void {
  const statement = bindText(sql, catalog, view);
  assertGrouped(enclose(statement, view), view, catalog.dialect, traceColumns(statement.definitions, view));
}

/** The code of a refusal; `answered` where nothing was refused. */
export function codeOf(work: () => unknown): string {
  try {
    work();
    return 'answered';
  } catch (error) {
    if (error instanceof SwaliError) return error.code;
    throw error;
  }
}
