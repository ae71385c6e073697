import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/operate/logger.js';

function capture(level: 'info' | 'silent' = 'info') {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: createLogger(level, stream), lines };
}

describe('createLogger', () => {
  it('writes one JSON line per event, with the time as ISO text', () => {
    const { log, lines } = capture();
    log.info({ requestId: 'r1' }, 'answered');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ requestId: 'r1', msg: 'answered' });
    expect(JSON.parse(lines[0] ?? '').time).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  it('withholds secrets and row values, also one level down', () => {
    const { log, lines } = capture();
    log.error({ password: 'hush', account: { refresh_token: 'hush' }, rows: [['hush']] }, 'failed');
    expect(lines.join()).not.toContain('hush');
  });

  it('keeps the stack and cause of an error', () => {
    const { log, lines } = capture();
    log.error({ error: new Error('outer', { cause: new Error('inner') }) }, 'failed');
    expect(lines[0]).toContain('inner');
  });

  it('writes nothing where it is silent', () => {
    const { log, lines } = capture('silent');
    log.error({}, 'failed');
    expect(lines).toEqual([]);
  });
});
