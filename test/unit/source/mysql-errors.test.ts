import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { isConnectionLost, toSourceError } from '../../../src/source/mysql-errors.js';

const server = (errno: number) => Object.assign(new Error('secret detail'), { errno });

describe('an error of the driver', () => {
  it.each([
    [server(1317), 'EXECUTE_TIMEOUT'],
    [server(1969), 'EXECUTE_TIMEOUT'],
    [server(3024), 'EXECUTE_TIMEOUT'],
    [server(1045), 'SOURCE_UNAVAILABLE'],
    [server(1461), 'EXECUTE_BUSY'],
    [server(1690), 'EXECUTE_FAILED'],
    [server(1142), 'EXECUTE_FAILED'],
    [
      Object.assign(new Error('refused'), { errno: -111, code: 'ECONNREFUSED', syscall: 'connect' }),
      'SOURCE_UNAVAILABLE',
    ],
    [Object.assign(new Error('lost'), { fatal: true, code: 'PROTOCOL_CONNECTION_LOST' }), 'SOURCE_UNAVAILABLE'],
    [new TypeError('odd'), 'EXECUTE_FAILED'],
    ['not even an error', 'EXECUTE_FAILED'],
  ])('%s becomes %s and stays private', (error, code) => {
    const mapped = toSourceError(error);
    expect(mapped.code).toBe(code);
    expect(mapped.cause).toBe(error);
    expect(mapped.message).not.toContain('secret');
  });

  it('is left alone where it is ours already', () => {
    const ours = new SwaliError('EXECUTE_CANCELLED');
    expect(toSourceError(ours)).toBe(ours);
  });

  it('tells a lost connection from a failed statement', () => {
    expect(isConnectionLost(Object.assign(new Error(), { fatal: true }))).toBe(true);
    expect(isConnectionLost(server(1690))).toBe(false);
  });
});
