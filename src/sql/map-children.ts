import type {
  Case,
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

/** Replaces the items of a list; gives the list itself where none of them changes. */
export function mapList<Item>(items: readonly Item[], map: (item: Item) => Item): readonly Item[] {
  let changed: Item[] | null = null;
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at] as Item;
    const mapped = map(item);
    if (changed === null && mapped === item) continue;
    changed ??= items.slice(0, at);
    changed.push(mapped);
  }
  return changed ?? items;
}

/** Replaces the expressions of an ORDER BY list. */
export function mapOrderItems(
  items: readonly OrderItem[],
  map: (child: Expression) => Expression,
): readonly OrderItem[] {
  if (items.length === 0) return items;
  return mapList(items, (item) => {
    const expression = map(item.expression);
    return expression === item.expression ? item : { ...item, expression };
  });
}

function mapExpressions(items: readonly Expression[], mapper: ChildMapper): readonly Expression[] {
  return items.length === 0 ? items : mapList(items, (item) => mapper.expression(item));
}

function mapBound(bound: FrameBound, mapper: ChildMapper): FrameBound {
  if (!('offset' in bound)) return bound;
  const offset = mapper.expression(bound.offset);
  return offset === bound.offset ? bound : { ...bound, offset };
}

function mapFrame(frame: WindowFrame, mapper: ChildMapper): WindowFrame {
  const start = mapBound(frame.start, mapper);
  const end = frame.end && mapBound(frame.end, mapper);
  return start === frame.start && end === frame.end ? frame : { ...frame, start, end };
}

/** Replaces the expressions and the base name of a window specification. */
export function mapWindow(window: WindowSpecification, mapper: ChildMapper): WindowSpecification {
  const base = window.base === null ? null : (mapper.windowName?.(window.base) ?? window.base);
  const partitionBy = mapExpressions(window.partitionBy, mapper);
  const orderBy = mapOrderItems(window.orderBy, (child) => mapper.expression(child));
  const frame = window.frame && mapFrame(window.frame, mapper);
  const same =
    base === window.base && partitionBy === window.partitionBy && orderBy === window.orderBy && frame === window.frame;
  return same ? window : { ...window, base, partitionBy, orderBy, frame };
}

function mapOver(over: FunctionCall['over'], mapper: ChildMapper): FunctionCall['over'] {
  if (over === null) return null;
  if (over.kind === 'window') return mapWindow(over, mapper);
  const name = mapper.windowName?.(over.name) ?? over.name;
  return name === over.name ? over : { ...over, name };
}

function mapBranches(branches: Case['branches'], mapper: ChildMapper): Case['branches'] {
  return mapList(branches, (branch) => {
    const when = mapper.expression(branch.when);
    const then = mapper.expression(branch.then);
    return when === branch.when && then === branch.then ? branch : { when, then };
  });
}

function mapCall(node: FunctionCall, mapper: ChildMapper): FunctionCall {
  const parts = mapExpressions(node.arguments, mapper);
  const orderBy = mapOrderItems(node.orderBy, (child) => mapper.expression(child));
  const filter = node.filter && mapper.expression(node.filter);
  const over = mapOver(node.over, mapper);
  const same = parts === node.arguments && orderBy === node.orderBy && filter === node.filter && over === node.over;
  return same ? node : { ...node, arguments: parts, orderBy, filter, over };
}

/**
 * Rebuilds one node with its direct children replaced: expressions by `mapper.expression`, queries by `mapper.query`, in
 * the order of the text. One level only; recursion is the caller's. Exhaustive over the expression kinds.
 *
 * @returns a new node, or the node itself where none of its children changes: most walks change little
 */
export function mapChildren(node: Expression, mapper: ChildMapper): Expression {
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
    case 'extract': {
      const operand = mapper.expression(node.operand);
      return operand === node.operand ? node : { ...node, operand };
    }
    case 'binary':
    case 'timestamp-arithmetic': {
      const left = mapper.expression(node.left);
      const right = mapper.expression(node.right);
      return left === node.left && right === node.right ? node : { ...node, left, right };
    }
    case 'match': {
      const operand = mapper.expression(node.operand);
      const pattern = mapper.expression(node.pattern);
      const escaped = node.escape && mapper.expression(node.escape);
      const same = operand === node.operand && pattern === node.pattern && escaped === node.escape;
      return same ? node : { ...node, operand, pattern, escape: escaped };
    }
    case 'between': {
      const operand = mapper.expression(node.operand);
      const low = mapper.expression(node.low);
      const high = mapper.expression(node.high);
      const same = operand === node.operand && low === node.low && high === node.high;
      return same ? node : { ...node, operand, low, high };
    }
    case 'in-list': {
      const operand = mapper.expression(node.operand);
      const items = mapExpressions(node.items, mapper);
      return operand === node.operand && items === node.items ? node : { ...node, operand, items };
    }
    case 'in-query':
    case 'quantified': {
      const operand = mapper.expression(node.operand);
      const query = mapper.query(node.query);
      return operand === node.operand && query === node.query ? node : { ...node, operand, query };
    }
    case 'exists':
    case 'scalar-query': {
      const query = mapper.query(node.query);
      return query === node.query ? node : { ...node, query };
    }
    case 'row': {
      const items = mapExpressions(node.items, mapper);
      return items === node.items ? node : { ...node, items };
    }
    case 'case': {
      const operand = node.operand && mapper.expression(node.operand);
      const branches = mapBranches(node.branches, mapper);
      const otherwise = node.otherwise && mapper.expression(node.otherwise);
      const same = operand === node.operand && branches === node.branches && otherwise === node.otherwise;
      return same ? node : { ...node, operand, branches, otherwise };
    }
    case 'interval': {
      const value = mapper.expression(node.value);
      return value === node.value ? node : { ...node, value };
    }
    case 'trim': {
      const remove = node.remove && mapper.expression(node.remove);
      const operand = mapper.expression(node.operand);
      return remove === node.remove && operand === node.operand ? node : { ...node, remove, operand };
    }
    case 'call':
      return mapCall(node, mapper);
  }
}
