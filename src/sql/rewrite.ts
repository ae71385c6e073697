import { type ChildMapper, mapChildren, mapList, mapOrderItems, mapWindow } from './map-children.js';
import type { Expression, Query, QueryBody, Select, TableExpression, With } from './nodes.js';

/**
 * What a rewrite does at each kind of place. Every hook sees a node whose parts are already rewritten (bottom up) and
 * gives the node that takes its place. Absent hooks leave the node as it is.
 */
export interface Rewriter {
  expression?(node: Expression): Expression;
  table?(node: TableExpression): TableExpression;
  select?(node: Select): Select;
  query?(node: Query): Query;
}

/** One run of a rewrite. A node none of whose parts changes stays the same object: most rewrites change little. */
class Rewriting implements ChildMapper {
  constructor(private readonly hooks: Rewriter) {}

  expression(node: Expression): Expression {
    const rebuilt = mapChildren(node, this);
    return this.hooks.expression ? this.hooks.expression(rebuilt) : rebuilt;
  }

  query(node: Query): Query {
    const common = node.with && this.commonTables(node.with);
    const body = this.body(node.body);
    const orderBy = mapOrderItems(node.orderBy, (child) => this.expression(child));
    const same = common === node.with && body === node.body && orderBy === node.orderBy;
    const rebuilt = same ? node : { ...node, with: common, body, orderBy };
    return this.hooks.query ? this.hooks.query(rebuilt) : rebuilt;
  }

  private commonTables(node: With): With {
    const tables = mapList(node.tables, (table) => {
      const query = this.query(table.query);
      return query === table.query ? table : { ...table, query };
    });
    return tables === node.tables ? node : { ...node, tables };
  }

  private body(node: QueryBody): QueryBody {
    switch (node.kind) {
      case 'select':
        return this.select(node);
      case 'query':
        return this.query(node);
      case 'values': {
        const rows = mapList(node.rows, (row) => mapList(row, (item) => this.expression(item)));
        return rows === node.rows ? node : { ...node, rows };
      }
      case 'set-operation': {
        const left = this.body(node.left);
        const right = this.body(node.right);
        return left === node.left && right === node.right ? node : { ...node, left, right };
      }
    }
  }

  private select(node: Select): Select {
    const one = (child: Expression) => this.expression(child);
    const items = mapList(node.items, (item) => {
      if (item.kind === 'star') return item;
      const expression = this.expression(item.expression);
      return expression === item.expression ? item : { ...item, expression };
    });
    const from = mapList(node.from, (table) => this.table(table));
    const where = node.where && this.expression(node.where);
    const groupBy = mapList(node.groupBy, one);
    const having = node.having && this.expression(node.having);
    const windows = mapList(node.windows, (entry) => {
      const window = mapWindow(entry.window, this);
      return window === entry.window ? entry : { ...entry, window };
    });
    const same =
      items === node.items &&
      from === node.from &&
      where === node.where &&
      groupBy === node.groupBy &&
      having === node.having &&
      windows === node.windows;
    const rebuilt = same ? node : { ...node, items, from, where, groupBy, having, windows };
    return this.hooks.select ? this.hooks.select(rebuilt) : rebuilt;
  }

  private table(node: TableExpression): TableExpression {
    const rebuilt = this.partsOfTable(node);
    return this.hooks.table ? this.hooks.table(rebuilt) : rebuilt;
  }

  private partsOfTable(node: TableExpression): TableExpression {
    switch (node.kind) {
      case 'relation':
        return node;
      case 'derived': {
        const query = this.query(node.query);
        return query === node.query ? node : { ...node, query };
      }
      case 'join': {
        const left = this.table(node.left);
        const right = this.table(node.right);
        const on = node.on && this.expression(node.on);
        return left === node.left && right === node.right && on === node.on ? node : { ...node, left, right, on };
      }
      case 'json-rows': {
        const document = this.expression(node.document);
        const root = node.root && this.expression(node.root);
        return document === node.document && root === node.root ? node : { ...node, document, root };
      }
      // What stands in it the policy says, word for word: nothing there is the caller's to rewrite.
      case 'enclosure':
        return node;
    }
  }
}

/** Levels of queries alone: what stands in an expression is left out. */
class RewritingLevels extends Rewriting {
  override expression(node: Expression): Expression {
    return node;
  }
}

/** Rewrites an expression and all below it, queries included. */
export function rewriteExpression(node: Expression, rewriter: Rewriter): Expression {
  return new Rewriting(rewriter).expression(node);
}

/** Rewrites a query and all below it, bottom up: common tables, body, ORDER BY. Enclosures are met, and not entered. */
export function rewriteQuery(node: Query, rewriter: Rewriter): Query {
  return new Rewriting(rewriter).query(node);
}

/**
 * As {@link rewriteQuery}, at a fraction of its cost, for what changes no expressions.
 *
 * @param asks whether an expression of the query holds a query; where none does, none is looked into
 */
export function rewriteLevels(node: Query, asks: boolean, rewriter: Omit<Rewriter, 'expression'>): Query {
  return new (asks ? Rewriting : RewritingLevels)(rewriter).query(node);
}
