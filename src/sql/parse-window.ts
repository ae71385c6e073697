import type { FrameBound, FunctionCall, OrderItem, WindowFrame, WindowSpecification } from './nodes.js';
import { readUnit } from './parse-interval.js';
import type { TokenStream } from './token-stream.js';

/** `x [ASC|DESC] [NULLS FIRST|LAST], …` */
export function readOrderItems(stream: TokenStream): OrderItem[] {
  return stream.list(() => {
    const expression = stream.grammar.expression(stream);
    const direction = stream.accept('ASC') ? 'ASC' : stream.accept('DESC') ? 'DESC' : null;
    let nulls: OrderItem['nulls'] = null;
    if (stream.dialect === 'sqlite' && stream.accept('NULLS')) {
      nulls = stream.accept('FIRST') ? 'FIRST' : 'LAST';
      if (nulls === 'LAST') stream.expect('LAST');
    }
    return { expression, direction, nulls };
  });
}

/** What follows OVER: a window's name, or its specification in parentheses. */
export function readOver(stream: TokenStream): NonNullable<FunctionCall['over']> {
  if (stream.at('(')) return readWindow(stream);
  return { kind: 'window-name', name: stream.name() };
}

/** `([base] [PARTITION BY …] [ORDER BY …] [frame])` */
export function readWindow(stream: TokenStream): WindowSpecification {
  stream.enter();
  stream.expect('(');
  const refines = stream.atName() && !['PARTITION', 'ORDER', 'ROWS', 'RANGE', 'GROUPS'].includes(stream.current.key);
  const base = refines ? stream.name() : null;
  const partitionBy = stream.acceptSequence('PARTITION', 'BY')
    ? stream.list(() => stream.grammar.expression(stream))
    : [];
  const orderBy = stream.acceptSequence('ORDER', 'BY') ? readOrderItems(stream) : [];
  const frame = readFrame(stream);
  stream.expect(')');
  stream.leave();
  return { kind: 'window', base, partitionBy, orderBy, frame };
}

function readFrame(stream: TokenStream): WindowFrame | null {
  const unit = stream.current.key;
  if (unit !== 'ROWS' && unit !== 'RANGE' && unit !== 'GROUPS') return null;
  if (unit === 'GROUPS' && stream.dialect !== 'sqlite') stream.unsupported('a GROUPS frame');
  stream.next();
  let start: FrameBound;
  let end: FrameBound | null = null;
  if (stream.accept('BETWEEN')) {
    start = readBound(stream);
    stream.expect('AND');
    end = readBound(stream);
  } else start = readBound(stream);
  return { unit, start, end, exclude: readExclusion(stream) };
}

function readBound(stream: TokenStream): FrameBound {
  if (stream.acceptSequence('CURRENT', 'ROW')) return { type: 'CURRENT ROW' };
  if (stream.acceptSequence('UNBOUNDED', 'PRECEDING')) return { type: 'UNBOUNDED PRECEDING' };
  if (stream.acceptSequence('UNBOUNDED', 'FOLLOWING')) return { type: 'UNBOUNDED FOLLOWING' };
  const start = stream.current;
  let offset = null;
  if (stream.dialect !== 'sqlite' && stream.accept('INTERVAL')) {
    const value = stream.grammar.expression(stream);
    offset = { kind: 'interval', value, unit: readUnit(stream) } as const;
  } else offset = stream.grammar.operand(stream);
  const type = stream.next().key;
  if (type !== 'PRECEDING' && type !== 'FOLLOWING') return stream.unsupported('this frame', start);
  return { type, offset };
}

function readExclusion(stream: TokenStream): WindowFrame['exclude'] {
  if (!stream.at('EXCLUDE')) return null;
  if (stream.dialect !== 'sqlite') stream.unsupported('EXCLUDE in a frame');
  stream.next();
  if (stream.acceptSequence('NO', 'OTHERS')) return 'NO OTHERS';
  if (stream.acceptSequence('CURRENT', 'ROW')) return 'CURRENT ROW';
  if (stream.accept('GROUP')) return 'GROUP';
  stream.expect('TIES');
  return 'TIES';
}
