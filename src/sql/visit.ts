import type {
  Enclosure,
  Expression,
  FrameBound,
  FunctionCall,
  OrderItem,
  Query,
  QueryBody,
  Select,
  TableExpression,
  WindowSpecification,
} from './nodes.js';

/** What is told of each node of a kind, when all below it has been told of. Absent hooks are not told. */
export interface Visitor {
  expression?(node: Expression): void;
  table?(node: TableExpression): void;
  query?(node: Query): void;
}

/**
 * One walk over a tree that changes nothing: what `Rewriting` does for those who only look, at a third of its cost. Every
 * place of an expression or a query is visited, those inside enclosures too; the ORDER BY of an enclosure is none, as it
 * names nothing but base columns.
 */
class Visiting {
  /** The deepest nesting of queries so far. */
  deepest = 0;
  private depth = 0;

  constructor(private readonly visitor: Visitor) {}

  query(node: Query): void {
    this.depth += 1;
    if (this.depth > this.deepest) this.deepest = this.depth;
    if (node.with) for (const table of node.with.tables) this.query(table.query);
    this.body(node.body);
    this.orderItems(node.orderBy);
    this.depth -= 1;
    this.visitor.query?.(node);
  }

  private body(node: QueryBody): void {
    switch (node.kind) {
      case 'select':
        this.select(node);
        break;
      case 'query':
        this.query(node);
        break;
      case 'values':
        for (const row of node.rows) this.expressions(row);
        break;
      case 'set-operation':
        this.body(node.left);
        this.body(node.right);
        break;
    }
  }

  private select(node: Select): void {
    for (const item of node.items) if (item.kind === 'expression') this.expression(item.expression);
    for (const table of node.from) this.table(table);
    if (node.where) this.expression(node.where);
    this.expressions(node.groupBy);
    if (node.having) this.expression(node.having);
    for (const { window } of node.windows) this.window(window);
  }

  private table(node: TableExpression): void {
    switch (node.kind) {
      case 'relation':
        break;
      case 'derived':
        this.query(node.query);
        break;
      case 'join':
        this.table(node.left);
        this.table(node.right);
        if (node.on) this.expression(node.on);
        break;
      case 'json-rows':
        this.expression(node.document);
        if (node.root) this.expression(node.root);
        break;
      case 'enclosure':
        this.insides(node);
        break;
    }
    this.visitor.table?.(node);
  }

  protected insides(node: Enclosure): void {
    for (const column of node.columns) this.expression(column.expression);
    if (node.filter) this.expression(node.filter);
    this.expressions(node.copied);
  }

  private expressions(nodes: readonly Expression[]): void {
    for (const node of nodes) this.expression(node);
  }

  private orderItems(items: readonly OrderItem[]): void {
    for (const item of items) this.expression(item.expression);
  }

  private bound(bound: FrameBound): void {
    if ('offset' in bound) this.expression(bound.offset);
  }

  private window(window: WindowSpecification): void {
    this.expressions(window.partitionBy);
    this.orderItems(window.orderBy);
    if (!window.frame) return;
    this.bound(window.frame.start);
    if (window.frame.end) this.bound(window.frame.end);
  }

  private call(node: FunctionCall): void {
    this.expressions(node.arguments);
    this.orderItems(node.orderBy);
    if (node.filter) this.expression(node.filter);
    if (node.over?.kind === 'window') this.window(node.over);
  }

  expression(node: Expression): void {
    this.partsOf(node);
    this.visitor.expression?.(node);
  }

  /** Exhaustive over the kinds: one that is added and not handled does not compile. */
  private partsOf(node: Expression): void {
    switch (node.kind) {
      case 'number':
      case 'string':
      case 'bytes':
      case 'temporal':
      case 'boolean':
      case 'null':
      case 'parameter':
      case 'column':
      case 'output':
        break;
      case 'unary':
      case 'is':
      case 'cast':
      case 'transcode':
      case 'collate':
      case 'extract':
        this.expression(node.operand);
        break;
      case 'binary':
      case 'timestamp-arithmetic':
        this.expression(node.left);
        this.expression(node.right);
        break;
      case 'match':
        this.expression(node.operand);
        this.expression(node.pattern);
        if (node.escape) this.expression(node.escape);
        break;
      case 'between':
        this.expression(node.operand);
        this.expression(node.low);
        this.expression(node.high);
        break;
      case 'in-list':
        this.expression(node.operand);
        this.expressions(node.items);
        break;
      case 'in-query':
      case 'quantified':
        this.expression(node.operand);
        this.query(node.query);
        break;
      case 'exists':
      case 'scalar-query':
        this.query(node.query);
        break;
      case 'row':
        this.expressions(node.items);
        break;
      case 'case':
        if (node.operand) this.expression(node.operand);
        for (const branch of node.branches) {
          this.expression(branch.when);
          this.expression(branch.then);
        }
        if (node.otherwise) this.expression(node.otherwise);
        break;
      case 'interval':
        this.expression(node.value);
        break;
      case 'trim':
        if (node.remove) this.expression(node.remove);
        this.expression(node.operand);
        break;
      case 'call':
        this.call(node);
        break;
      default:
        node satisfies never;
    }
  }
}

/** Tells `visitor` of an expression and all below it, queries included, children first. */
export function visitExpression(node: Expression, visitor: Visitor): void {
  new Visiting(visitor).expression(node);
}

/** Whether `test` holds for an expression or for one below it, those of subqueries included. */
export function someExpression(root: Expression, test: (node: Expression) => boolean): boolean {
  let found = false;
  visitExpression(root, {
    expression: (node) => {
      found ||= test(node);
    },
  });
  return found;
}

/** Enclosures are met, and not entered: what stands in them the policy says, not the caller. */
class VisitingWritten extends Visiting {
  protected override insides(): void {}
}

/** Tells `visitor` of a query and all below it but what stands inside of enclosures, children first. */
export function visitWritten(node: Query, visitor: Visitor): void {
  new VisitingWritten(visitor).query(node);
}

/** One query level: what stands in a subquery is of another. */
class VisitingLevel extends Visiting {
  override query(): void {}
}

/** Calls `see` for an expression and all below it that belongs to its own query level, children first. */
export function visitLevel(node: Expression, see: (node: Expression) => void): void {
  new VisitingLevel({ expression: see }).expression(node);
}

/** Tells `visitor` of a query and all below it, children first: common tables, body, ORDER BY. */
export function visitQuery(node: Query, visitor: Visitor): void {
  new Visiting(visitor).query(node);
}

/** Nesting of queries: 1 for a query without subqueries. */
export function measureDepth(node: Query): number {
  const visiting = new Visiting({});
  visiting.query(node);
  return visiting.deepest;
}
