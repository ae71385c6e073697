/**
 * What texts of 16 KiB of the worst shapes cost: milliseconds until each is sealed or refused, and the longest time for which
 * the event loop stood still meanwhile (gaps of a timer of one millisecond), by the clock and by the time that a processor
 * ran the thread, which other work on the machine does not lengthen. Median and longest of the runs, per shape and dialect,
 * for a customer. To reach: the judges' deadline and 20 ms; 20 ms.
 *
 *   node bench/bad-input.mjs [RUNS [DIALECT …]]
 */
import { readFileSync } from 'node:fs';
import { CUSTOMER, callerSql, DIALECTS, makeShop } from './seal-shop.mjs';

const { createSeal } = await import('../dist/seal/index.js');
const { createJudges } = await import('../dist/seal/judges.js');
const { SwaliError } = await import('../dist/errors/swali-error.js');

const SIZE = 16_384;
const RUNS = Number(process.argv[2] ?? 7);
const CHOSEN = process.argv.length > 3 ? process.argv.slice(3) : DIALECTS;
/** The setting's default. */
const JUDGE_TIMEOUT_MS = 1_000;

/** A text of full size: what stands before, what is repeated, between, and after it. */
function repeat(before, part, after = '', between = '') {
  const count = Math.floor((SIZE - before.length - after.length + between.length) / (part.length + between.length));
  return before + Array(count).fill(part).join(between) + after;
}
/** As often as the reader takes it, or the text has room. */
function nest(before, open, middle, close, after, most = 199) {
  const room = Math.floor((SIZE - before.length - middle.length - after.length) / (open.length + close.length));
  const count = Math.min(room, most);
  return before + open.repeat(count) + middle + close.repeat(count) + after;
}

const SHAPES = {
  'IN list of numbers': repeat('SELECT total FROM orders WHERE order_number IN (', '1', ')', ','),
  'IN list of texts': repeat('SELECT total FROM orders WHERE status IN (', "'a'", ')', ','),
  'IN list of columns': repeat('SELECT total FROM orders WHERE total IN (', 'total', ')', ','),
  'columns of the list': repeat('SELECT ', 'total', ' FROM orders', ','),
  'numbers of the list': repeat('SELECT ', '1', ' FROM orders', ','),
  'arguments of a call': repeat('SELECT COALESCE(', 'total', ') FROM orders', ','),
  'chain of OR': repeat('SELECT total FROM orders WHERE ', 'total=1', '', ' OR '),
  'OR of ANDs, balanced': `SELECT total FROM orders WHERE ${balance('total=1', 10)}`,
  'sum, balanced': `SELECT ${balanceSum('1', 11)} FROM orders`,
  'branches of a CASE': repeat('SELECT CASE ', 'WHEN total=1 THEN 2 ', 'END FROM orders'),
  'texts of a CASE': repeat('SELECT CASE status ', "WHEN 'a' THEN 'b' ", 'END FROM orders'),
  'nested CASE': nest('SELECT ', 'CASE WHEN total=1 THEN ', '1', ' END', ' FROM orders'),
  'nested CAST': nest('SELECT ', 'CAST(', 'total', ' AS CHAR)', ' FROM orders'),
  'nested CAST, too deep': nest('SELECT ', 'CAST(', 'total', ' AS CHAR)', ' FROM orders', SIZE),
  '12 nested CASTs': nest('SELECT ', 'CAST(', 'total', ' AS CHAR)', ' FROM orders', 12),
  'list of nested CASTs': repeat('SELECT ', nest('', 'CAST(', 'total', ' AS CHAR)', '', 6), ' FROM orders', ','),
  'nested calls': nest('SELECT ', 'ABS(', 'total', ')', ' FROM orders'),
  'nested parentheses': nest('SELECT ', '(', 'total', ')', ' FROM orders'),
  'parentheses, too deep': nest('SELECT ', '(', '1', ')', '', SIZE),
  'list of parentheses': repeat('SELECT ', nest('', '(', 'total', ')', '', 60), ' FROM orders', ','),
  unions: repeat('SELECT 1 FROM orders', ' UNION SELECT 1'),
  'unions of lists': repeat('SELECT 1,2,3,4,5,6,7,8,9 FROM orders', ' UNION ALL SELECT 1,2,3,4,5,6,7,8,9'),
  joins: repeat('SELECT 1 FROM orders', ' JOIN orders'),
  'commas of FROM': repeat('SELECT 1 FROM orders', ',orders'),
  'nested subqueries': nest('SELECT ', '(SELECT ', '1', ')', ' FROM orders'),
  'scalar subqueries': repeat('SELECT ', '(SELECT 1)', ' FROM orders', ','),
  'nested derived tables': nest('', 'SELECT * FROM (', 'SELECT * FROM orders', ') x', ''),
  'rows of VALUES': repeat('SELECT * FROM orders WHERE 1 IN (VALUES ', '(1)', ')', ','),
  'common tables': `WITH ${Array.from({ length: 330 }, (_, n) => `a${n} AS (SELECT total FROM orders)`).join(',')} SELECT 1 FROM orders`,
  'stars of common tables': `WITH ${Array.from({ length: 7 }, (_, n) => `a${n + 1} AS (SELECT * FROM ${n === 0 ? 'orders' : `a${n} x, a${n} y`})`).join(',')} SELECT * FROM a7`,
  'GROUP BY and its columns': repeat('SELECT status,COUNT(*) FROM orders GROUP BY ', 'status', '', ','),
  'grouped sums': repeat('SELECT status', ',SUM(total)', ' FROM orders GROUP BY status'),
  'grouped expressions': repeat('SELECT ', 'order_number+1', ' FROM orders GROUP BY order_number+1', ','),
  'distinct groups': `SELECT ${numbered((n) => `total+${n}`, 600)} FROM orders GROUP BY ${numbered((n) => `total+${n}`, 600)}`,
  'terms of ORDER BY': repeat('SELECT total FROM orders ORDER BY ', '1', '', ','),
  'expressions of ORDER BY': repeat('SELECT total FROM orders ORDER BY ', 'total+1', ' LIMIT 5', ','),
  'aggregated lists': repeat('SELECT ', 'GROUP_CONCAT(status)', ' FROM orders', ','),
  windows: repeat('SELECT ', 'ROW_NUMBER() OVER ()', ' FROM orders', ','),
  'windows with terms': repeat('SELECT ', 'LAG(total) OVER (ORDER BY status)', ' FROM orders', ','),
  'equalities of a join': repeat(
    'SELECT 1 FROM orders o JOIN order_items i ON ',
    'o.order_number=i.order_number',
    '',
    ' AND ',
  ),
  'look-ups': repeat('SELECT total FROM orders WHERE ', 'order_number=1', '', ' AND '),
  'aliases of aliases': `SELECT total AS a0${numbered((n) => `a${n}+a${n} AS a${n + 1}`, 400, '')} FROM orders`,
  'one long text': repeat("SELECT total FROM orders WHERE status = '", 'a', "'"),
  'doubled quotes': repeat("SELECT total FROM orders WHERE status = '", "''", "'"),
  'one long name': repeat('SELECT total AS ', 'a', ' FROM orders'),
  points: repeat('SELECT a', '.a', ' FROM orders'),
  comments: repeat('SELECT 1', '/**/', ' FROM orders'),
  statements: repeat('SELECT 1', ';SELECT 1'),
  signs: repeat('SELECT ', '- ', 'total FROM orders'),
  NOTs: repeat('SELECT ', 'NOT ', 'total FROM orders'),
  noise: repeat('SELECT ', '%&(|', ''),
};

function balance(leaf, levels) {
  let text = leaf;
  for (let level = 0; level < levels && 2 * text.length + 6 < SIZE - 40; level += 1)
    text = level % 2 === 0 ? `(${text} AND ${text})` : `(${text} OR ${text})`;
  return text;
}
function balanceSum(leaf, levels) {
  let text = leaf;
  for (let level = 0; level < levels && 2 * text.length + 3 < SIZE - 40; level += 1) text = `(${text}*${text})`;
  return text;
}
function numbered(write, most, before = null) {
  let text = before ?? write(0);
  for (let n = before === null ? 1 : 0; n < most && text.length < 8_000; n += 1) text += `,${write(n)}`;
  return text;
}

/** Milliseconds for which a processor has run this thread; the clock where the system does not tell. */
function processorTime() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

/** Runs work and tells for how long the event loop stood still at most, in milliseconds by the clock and of the processor. */
async function watchLoop(work) {
  const longest = { clock: 0, processor: 0 };
  let running = true;
  let last = { clock: performance.now(), processor: processorTime() };
  const tick = () => {
    const now = { clock: performance.now(), processor: processorTime() };
    for (const by of ['clock', 'processor']) longest[by] = Math.max(longest[by], now[by] - last[by]);
    last = now;
    if (running) setTimeout(tick, 1);
  };
  setTimeout(tick, 1);
  const started = performance.now();
  const outcome = await work();
  const took = performance.now() - started;
  running = false;
  tick();
  return { outcome, took, ...longest };
}

const judges = createJudges({ timeoutMs: JUDGE_TIMEOUT_MS, threads: 2 });

async function seal(dialect, sql) {
  const { catalog, policy } = SHOPS[dialect];
  // No plan is at hand.
  const view = policy.viewFor(CUSTOMER);
  try {
    await createSeal({ catalog, judges }).seal(callerSql(sql), CUSTOMER, view);
    return 'sealed';
  } catch (error) {
    if (!(error instanceof SwaliError)) throw error;
    return error.code;
  }
}

const SHOPS = Object.fromEntries(DIALECTS.map((dialect) => [dialect, makeShop(dialect)]));
const middle = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const cells = (numbers) => numbers.map((number) => number.toFixed(1).padStart(11)).join('');

console.log(`deadline of the judges ${JUDGE_TIMEOUT_MS} ms; ${RUNS} runs`);
console.log(
  `${'shape'.padEnd(28)}${'dialect'.padEnd(9)}${'outcome'.padEnd(24)}${['took', 'longest', 'block', 'longest', 'processor', 'longest'].map((word) => word.padStart(11)).join('')}`,
);
const worst = { took: 0, clock: 0, processor: 0 };
for (const [name, sql] of Object.entries(SHAPES))
  for (const dialect of CHOSEN) {
    if (sql.length > SIZE) throw new Error(`${name} is too long`);
    const first = await watchLoop(() => seal(dialect, sql));
    const slow = first.took > 500;
    const runs = [];
    for (let run = 0; run < (slow ? 2 : RUNS); run += 1) runs.push(await watchLoop(() => seal(dialect, sql)));
    const took = runs.map((run) => run.took);
    const clock = runs.map((run) => run.clock);
    const processor = runs.map((run) => run.processor);
    worst.took = Math.max(worst.took, ...took);
    worst.clock = Math.max(worst.clock, middle(clock));
    worst.processor = Math.max(worst.processor, middle(processor));
    const figures = [
      middle(took),
      Math.max(...took),
      middle(clock),
      Math.max(...clock),
      middle(processor),
      Math.max(...processor),
    ];
    console.log(name.padEnd(28) + dialect.padEnd(9) + runs[0].outcome.padEnd(24) + cells(figures));
  }
await judges.close();
console.log(
  `worst: ${worst.took.toFixed(1)} ms until an outcome; medians of blocks: ${worst.clock.toFixed(1)} ms by the clock, ${worst.processor.toFixed(1)} ms of the processor`,
);
