import type {
  Expression,
  FrameBound,
  FunctionCall,
  OrderItem,
  Query,
  WindowFrame,
  WindowSpecification,
} from './nodes.js';

/** How the parts of one expression node are replaced. */
export interface ChildMapper {
  expression(child: Expression): Expression;
  query(child: Query): Query;
  /** Name of a named window; left as it is where absent. */
  windowName?(name: string): string;
}

/** Replaces the expressions of an ORDER BY list. */
export function mapOrderItems(items: readonly OrderItem[], map: (child: Expression) => Expression): OrderItem[] {
  return items.map((item) => ({ ...item, expression: map(item.expression) }));
}

function mapBound(bound: FrameBound, mapper: ChildMapper): FrameBound {
  return 'offset' in bound ? { ...bound, offset: mapper.expression(bound.offset) } : bound;
}

function mapFrame(frame: WindowFrame, mapper: ChildMapper): WindowFrame {
  return { ...frame, start: mapBound(frame.start, mapper), end: frame.end && mapBound(frame.end, mapper) };
}

/** Replaces the expressions and the base name of a window specification. */
export function mapWindow(window: WindowSpecification, mapper: ChildMapper): WindowSpecification {
  return {
    ...window,
    base: window.base === null ? null : (mapper.windowName?.(window.base) ?? window.base),
    partitionBy: window.partitionBy.map((item) => mapper.expression(item)),
    orderBy: mapOrderItems(window.orderBy, (child) => mapper.expression(child)),
    frame: window.frame && mapFrame(window.frame, mapper),
  };
}

function mapOver(over: FunctionCall['over'], mapper: ChildMapper): FunctionCall['over'] {
  if (over === null) return null;
  if (over.kind === 'window') return mapWindow(over, mapper);
  return { ...over, name: mapper.windowName?.(over.name) ?? over.name };
}

/**
 * Rebuilds one node with its direct children replaced: expressions by `mapper.expression`, queries by `mapper.query`.
 * One level only; recursion is the caller's. Exhaustive over the expression kinds.
 *
 * @returns a new node, or the node itself where it has no children
 */
export function mapChildren(node: Expression, mapper: ChildMapper): Expression {
  const one = (child: Expression) => mapper.expression(child);
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
      return node;
    case 'unary':
    case 'is':
    case 'cast':
    case 'transcode':
    case 'collate':
    case 'extract':
      return { ...node, operand: one(node.operand) };
    case 'binary':
    case 'timestamp-arithmetic':
      return { ...node, left: one(node.left), right: one(node.right) };
    case 'match':
      return {
        ...node,
        operand: one(node.operand),
        pattern: one(node.pattern),
        escape: node.escape && one(node.escape),
      };
    case 'between':
      return { ...node, operand: one(node.operand), low: one(node.low), high: one(node.high) };
    case 'in-list':
      return { ...node, operand: one(node.operand), items: node.items.map(one) };
    case 'in-query':
    case 'quantified':
      return { ...node, operand: one(node.operand), query: mapper.query(node.query) };
    case 'exists':
    case 'scalar-query':
      return { ...node, query: mapper.query(node.query) };
    case 'row':
      return { ...node, items: node.items.map(one) };
    case 'case':
      return {
        ...node,
        operand: node.operand && one(node.operand),
        // biome-ignore lint/suspicious/noThenProperty: the node's own word; nobody awaits a branch.
        branches: node.branches.map((branch) => ({ when: one(branch.when), then: one(branch.then) })),
        otherwise: node.otherwise && one(node.otherwise),
      };
    case 'interval':
      return { ...node, value: one(node.value) };
    case 'trim':
      return { ...node, remove: node.remove && one(node.remove), operand: one(node.operand) };
    case 'call':
      return {
        ...node,
        arguments: node.arguments.map(one),
        orderBy: mapOrderItems(node.orderBy, one),
        filter: node.filter && one(node.filter),
        over: mapOver(node.over, mapper),
      };
  }
}
