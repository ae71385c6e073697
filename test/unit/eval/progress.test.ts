import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createProgress } from '../../../src/eval/progress.js';

function showAll(total: number, isTTY: boolean): string[] {
  const written: string[] = [];
  const stream = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        written.push(String(chunk));
        done();
      },
    }),
    { isTTY },
  );
  const progress = createProgress(stream, total);
  for (let finished = 0; finished <= total; finished += 1) progress.show(finished);
  progress.end();
  return written;
}

describe('the progress of a run', () => {
  it('is a bar on a terminal, which grows in its line', () => {
    const written = showAll(10, true);
    expect(written[5]).toBe(`\r${'█'.repeat(15)}${'░'.repeat(15)} 5/10`);
    expect(written.slice(0, -1).every((text) => text.startsWith('\r') && !text.includes('\n'))).toBe(true);
    expect(written.at(-1)).toBe('\n');
  });

  it('is a line now and then elsewhere, the last one too', () => {
    const written = showAll(1003, false);
    expect(written).toHaveLength(21);
    expect(written[0]).toBe('0 of 1003 questions\n');
    expect(written.at(-1)).toBe('1003 of 1003 questions\n');
    expect(written.join('')).not.toContain('\r');
  });
});
