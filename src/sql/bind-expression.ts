import { SwaliError } from '../errors/swali-error.js';
import type { Binder } from './binder.js';
import type { FunctionRule } from './function-rule.js';
import { type ChildMapper, mapChildren } from './map-children.js';
import type { Expression, FunctionCall, Parameter, Query } from './nodes.js';
import { lookUpColumn, type Scope } from './scope.js';

/** What a call is at its place: an ordinary function, an aggregate over rows, or a window function. */
export function classifyCall(call: FunctionCall, rule: FunctionRule): 'scalar' | 'aggregate' | 'window' {
  if (call.over) return 'window';
  if (rule.kind === 'scalar') return 'scalar';
  // SQLite's MIN and MAX of several arguments are scalar functions.
  if ((call.name === 'MIN' || call.name === 'MAX') && call.arguments.length > 1) return 'scalar';
  return 'aggregate';
}

function misused(call: FunctionCall, why: string): SwaliError {
  return new SwaliError('SEAL_FUNCTION_MISUSED', { detail: `${call.name} at character ${call.at + 1}: ${why}` });
}

function checkCall(call: FunctionCall, rule: FunctionRule): 'scalar' | 'aggregate' | 'window' {
  const role = classifyCall(call, rule);
  const count = call.arguments.length;
  if (rule.kind === 'window' && !call.over) throw misused(call, 'needs OVER');
  if (call.over && (rule.kind === 'scalar' || rule.kind === 'aggregate')) throw misused(call, 'does not take OVER');
  if (call.star ? call.name !== 'COUNT' : count < rule.arity[0] || count > rule.arity[1])
    throw misused(call, 'number of arguments');
  if (role === 'scalar' && (call.distinct || call.orderBy.length > 0 || call.filter || call.separator !== null))
    throw misused(call, 'is not an aggregate');
  return role;
}

function bindParameter(parameter: Parameter, binder: Binder): Parameter {
  if (parameter.origin !== 'named') return parameter;
  const origin = binder.environment.parameter(parameter.name as string);
  if (!origin) throw new SwaliError('SEAL_UNSUPPORTED', { detail: `unknown parameter :${parameter.name}` });
  return { ...parameter, origin };
}

const NO_WINDOWS: ReadonlyMap<string, string> = new Map();

/**
 * Binds every name of an expression: columns by scope, functions by the allow-list, parameters by the environment,
 * named windows by `windows` (the caller's folded name → ours).
 *
 * @throws SwaliError with a `SEAL_` code and the place in the text
 */
export function bindExpression(
  expression: Expression,
  scope: Scope,
  binder: Binder,
  windows: ReadonlyMap<string, string> = NO_WINDOWS,
): Expression {
  return new ExpressionBinding(scope, binder, windows).expression(expression);
}

/** The binding of expressions at one place. */
class ExpressionBinding implements ChildMapper {
  constructor(
    private readonly scope: Scope,
    private readonly binder: Binder,
    private readonly windows: ReadonlyMap<string, string>,
  ) {}

  expression(node: Expression): Expression {
    switch (node.kind) {
      case 'column':
        return lookUpColumn(this.scope, node);
      case 'parameter':
        return bindParameter(node, this.binder);
      case 'number':
      case 'string':
        return node;
      case 'call':
        return mapChildren(node, this.insideOf(node));
      default:
        return mapChildren(node, this);
    }
  }

  private insideOf(call: FunctionCall): ExpressionBinding {
    const inner = scopeOfArguments(call, this.scope, this.binder);
    return inner === this.scope ? this : new ExpressionBinding(inner, this.binder, this.windows);
  }

  query(child: Query): Query {
    this.binder.asks = true;
    return this.binder.query(child, this.scope, this.scope.commonTables).query;
  }

  windowName(name: string): string {
    const ours = this.windows.get(name.toLowerCase());
    if (!ours) throw new SwaliError('SEAL_SHAPE', { detail: 'a window of that name is not defined' });
    return ours;
  }
}

/** Arguments of an aggregate see FROM before the output names, also in HAVING: the servers read `HAVING SUM(x)` so. */
function scopeOfArguments(call: FunctionCall, scope: Scope, binder: Binder): Scope {
  const rule = binder.environment.functionRule(call.name);
  if (!rule) {
    throw new SwaliError('SEAL_FUNCTION_UNKNOWN', { detail: `at character ${call.at + 1}` });
  }
  const role = checkCall(call, rule);
  return role !== 'scalar' && scope.outputNames === 'first' ? { ...scope, outputNames: 'last' } : scope;
}
