/**
 * Microseconds of sealing a statement of medium size (about 450 characters, three joins), as medians of many runs in
 * turns of a few each, and their ratios to node-sql-parser's own parse and print of the same text in the same turns:
 *
 * - `parse+print`: node-sql-parser, as a gateway would use it that trusted it
 * - `own`: compile without gate and judges; to reach: 0.4 times that
 * - `cold`: all of compile, gate and judges in their threads included; to reach: 5 times that
 * - `hit`: all of `seal` where the plan is at hand; to reach: 10 µs
 *
 * Each by the clock and by the processor's time of all threads together: on a machine that does other work as well the
 * second is the steadier, and for `cold`, where threads run beside each other, the larger on one that does not.
 *
 *   node bench/seal-compile.mjs [RUNS [DIALECT …]]
 */
import { createRequire } from 'node:module';
import { ADMIN, CUSTOMER, callerSql, DIALECTS, makeShop, median, STATEMENTS } from './seal-shop.mjs';

const { compile } = await import('../dist/seal/compile.js');
const { createSeal } = await import('../dist/seal/index.js');
const { createJudges } = await import('../dist/seal/judges.js');

const RUNS = Number(process.argv[2] ?? 300);
const CHOSEN = process.argv.length > 3 ? process.argv.slice(3) : DIALECTS;
/** Turns before the clock counts: until the compiler has made the best code that it makes. */
const WARM_UP = 1500;
/** Runs of one kind of work that follow each other: what is measured is the work, not the other kind's traces in the caches. */
const BATCH = 25;
/** Hits in one measurement: one alone is shorter than the clock is fine. */
const HITS = 200;

const require = createRequire(import.meta.url);
const silent = { gate: () => Promise.resolve(), judge: () => Promise.resolve() };

async function time(work) {
  const used = process.cpuUsage();
  const started = process.hrtime.bigint();
  await work();
  const clock = Number(process.hrtime.bigint() - started) / 1000;
  const { user, system } = process.cpuUsage(used);
  return { clock, processor: user + system };
}

function openRows(dialect, judges) {
  const { catalog, policy } = makeShop(dialect);
  const { Parser } = require(`node-sql-parser/build/${dialect === 'sqlite' ? 'sqlite' : 'mysql'}.js`);
  const parser = new Parser();
  const seal = createSeal({ catalog, judges });
  const makeRow = (who, principal, name, sql) => {
    const view = policy.viewFor(principal);
    const candidate = callerSql(sql);
    return {
      dialect,
      who,
      name,
      length: sql.length,
      parsePrint: () => time(() => parser.sqlify(parser.parse(sql).ast)),
      own: () => time(() => compile(candidate, { catalog, view, judges: silent })),
      cold: () => time(() => compile(candidate, { catalog, view, judges })),
      // The text is another string each time, as it is when it comes with a request.
      hit: async () => {
        const texts = Array.from({ length: HITS }, () => Buffer.from(sql).toString());
        const took = await time(async () => {
          for (const text of texts) await seal.seal({ ...candidate, sql: text }, principal, view);
        });
        return { clock: took.clock / HITS, processor: took.processor / HITS };
      },
    };
  };
  return Object.entries({ customer: CUSTOMER, admin: ADMIN }).flatMap(([who, principal]) =>
    Object.entries(STATEMENTS).map(([name, sql]) => makeRow(who, principal, name, sql)),
  );
}

/** Medians of the kinds of work of every row by the clock and by the processor's time, all measured in turns. */
async function measure(rows, kinds, runs) {
  const times = rows.map(() => Object.fromEntries(kinds.map((kind) => [kind, []])));
  for (let turn = -WARM_UP; turn < runs; turn += BATCH)
    for (const [at, row] of rows.entries())
      for (const kind of kinds)
        for (let run = 0; run < BATCH; run += 1) {
          const took = await row[kind]();
          if (turn >= 0) times[at][kind].push(took);
        }
  const middle = (found, by) =>
    Object.fromEntries(kinds.map((kind) => [kind, median(found[kind].map((took) => took[by]))]));
  return times.map((found) => ({ clock: middle(found, 'clock'), processor: middle(found, 'processor') }));
}

const HEADS = ['parse+print', 'own', 'ratio', 'parse+print', 'cold', 'ratio', 'hit'];
function print(dialect, who, name, length, by, figures) {
  const words = [dialect.padEnd(9), who.padEnd(10), name.padEnd(20), String(length).padStart(6), `  ${by.padEnd(10)}`];
  console.log(words.join('') + figures.map((figure) => figure.padStart(12)).join(''));
}

console.log(`µs, medians of ${RUNS} runs; ratios to parse and print of node-sql-parser`);
print('dialect', 'who', 'statement', 'chars', 'by', HEADS);
for (const dialect of CHOSEN) {
  const judges = createJudges({ timeoutMs: 5_000, threads: 2 });
  const rows = openRows(dialect, judges);
  const alone = await measure(rows, ['parsePrint', 'own'], RUNS);
  const whole = await measure(rows, ['parsePrint', 'cold'], RUNS);
  const hits = await measure(rows, ['hit'], Math.ceil(RUNS / 10));
  await judges.close();
  const write = (numbers) => numbers.map((number) => number.toFixed(2));
  for (const by of ['clock', 'processor']) {
    const figures = rows.map((_row, at) => {
      const [first, second] = [alone[at][by], whole[at][by]];
      const own = [first.parsePrint, first.own, first.own / first.parsePrint];
      return [...own, second.parsePrint, second.cold, second.cold / second.parsePrint, hits[at][by].hit];
    });
    for (const [at, row] of rows.entries()) print(dialect, row.who, row.name, row.length, by, write(figures[at]));
    print(dialect, 'both', 'median of all', '', by, write(HEADS.map((_, at) => median(figures.map((row) => row[at])))));
  }
}
