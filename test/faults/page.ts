import { FAULTS, type FaultId } from './faults.js';
import type { Figures } from './figures.js';

/** One row of the page: what a test measured, and whether it passed. */
export interface Row extends Figures {
  readonly held: boolean;
}

/** What docs/reliability.md is made of; kept beside it as docs/reliability.json. */
export interface Run {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly node: string;
  readonly cores: number;
  /** False where the long faults were run as short as in `npm test`. */
  readonly full: boolean;
  /** Faults whose test failed before it had figures. */
  readonly failed: readonly FaultId[];
  readonly rows: readonly Row[];
}

const INTRO = `# Reliability

What the gateway does when something under it fails, measured. \`npm run faults\` runs the tests of \`test/faults/\` at full length,
with real processes on loopback, and writes this page anew; \`npm test\` runs the same tests, the long ones short. Do not edit it.

In every row the ids of all whole answers (200) were looked up in the audit log afterwards: **unaudited** counts those without a
record, and \`swali audit verify\` found the log clean. **Recovery** is the time from the end of the fault to the next answer.`;

const OUTRO = `## What is not shown

- A disk that lies about what it has written, and a power cut: a killed process loses nothing that it had handed to the system.
- Faults of the machine itself: memory, processor, a clock that runs unevenly instead of jumping.
- Two faults at once, but for what the load itself brings.
- Times are those of one machine that did nothing else; yours differ. Codes and counts of unaudited answers must not.`;

/** Writes the page. */
export function writePage(run: Run): string {
  const ids = Object.keys(FAULTS) as FaultId[];
  const results = ids.flatMap((id) => {
    const rows = run.rows.filter(({ fault }) => fault === id);
    if (rows.length > 0) return rows.map(writeRow);
    const why = run.failed.includes(id) ? 'no figures: the test failed' : 'not run';
    return [`| ${FAULTS[id].title} | ${why} | | | | | **no** |`];
  });
  const done = ids.map((id) => `| ${FAULTS[id].title} | ${FAULTS[id].done} | ${FAULTS[id].held} |`);
  return `${[
    INTRO,
    `Measured on ${run.date} with Node ${run.node} on ${run.cores} cores${run.full ? '' : ', the long faults **short**, as `npm test` runs them'}.`,
    ['| fault | on | what callers saw | unaudited | recovery | also measured | held |', line(7), ...results].join('\n'),
    '## What was done',
    ['| fault | what was done | what must hold |', line(3), ...done].join('\n'),
    OUTRO,
  ].join('\n\n')}\n`;
}

function line(columns: number): string {
  return `|${' --- |'.repeat(columns)}`;
}

function writeRow({ fault, on, saw, unaudited, recoveryS, more, held }: Row): string {
  const ends = Object.entries(saw).map(([end, count]) => `${end}: ${count}`);
  const measured = Object.entries(more ?? {}).map(([name, value]) => `${name}: ${value}`);
  const recovery = recoveryS === null ? '–' : `${recoveryS.toFixed(2)} s`;
  const cells = [FAULTS[fault].title, on, ends.join('; '), String(unaudited), recovery, measured.join('; ')];
  return `| ${cells.join(' | ')} | ${held ? 'yes' : '**no**'} |`;
}
