import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { openJournal } from '../../../src/eval/journal.js';
import { madeOutcome } from './made-outcome.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'swali-journal-'));
  path = join(folder, 'report.journal.ndjson');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const idsOf = (run: string) => openJournal(path, run, true).finished.map(({ id }) => id);
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof SwaliError) return `${error.code} ${error.detail}`;
    throw error;
  }
  return 'none';
};

describe('the journal of a run', () => {
  it('gives back what was finished', () => {
    const journal = openJournal(path, 'run', false);
    journal.append(madeOutcome({ id: 'a' }));
    journal.append(madeOutcome({ id: 'b', question: 'two\nlines' }));
    expect(openJournal(path, 'run', true).finished).toEqual([
      madeOutcome({ id: 'a' }),
      madeOutcome({ id: 'b', question: 'two\nlines' }),
    ]);
  });

  it('begins anew where nobody asks to go on', () => {
    openJournal(path, 'run', false).append(madeOutcome({ id: 'a' }));
    expect(openJournal(path, 'run', false).finished).toEqual([]);
    expect(idsOf('run')).toEqual([]);
  });

  it('begins where there is none to go on with', () => {
    expect(idsOf('run')).toEqual([]);
    expect(readFileSync(path, 'utf8')).toBe('{"journal":1,"run":"run"}\n');
  });

  it('cuts off the line that a kill left unfinished, and writes on', () => {
    const journal = openJournal(path, 'run', false);
    journal.append(madeOutcome({ id: 'a' }));
    journal.append(madeOutcome({ id: 'b' }));
    truncateSync(path, readFileSync(path).length - 20);
    const resumed = openJournal(path, 'run', true);
    expect(resumed.finished.map(({ id }) => id)).toEqual(['a']);
    resumed.append(madeOutcome({ id: 'c' }));
    expect(idsOf('run')).toEqual(['a', 'c']);
  });

  it('begins anew where not even its first line was written', () => {
    writeFileSync(path, '{"journal"');
    expect(idsOf('run')).toEqual([]);
    openJournal(path, 'run', true).append(madeOutcome({ id: 'a' }));
    expect(idsOf('run')).toEqual(['a']);
  });

  it('refuses to go on with another run', () => {
    openJournal(path, 'run', false);
    expect(codeOf(() => openJournal(path, 'another', true))).toMatch(/^EVAL_JOURNAL_REFUSED .*were others$/);
    expect(idsOf('run')).toEqual([]);
  });

  it('refuses what is no journal, and says which line', () => {
    writeFileSync(path, 'hello\n');
    expect(codeOf(() => openJournal(path, 'run', true))).toMatch(/^EVAL_JOURNAL_REFUSED .*no header$/);
    openJournal(path, 'run', false).append(madeOutcome());
    appendFileSync(path, '{"id":"b"}\n');
    expect(codeOf(() => openJournal(path, 'run', true))).toMatch(/line 3 is no outcome$/);
  });
});
