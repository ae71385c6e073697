/**
 * sqlmap (https://sqlmap.org, e.g. the Debian package) against every parameter of every operation of `/openapi.json`: path,
 * query, each property of a JSON body, fields of forms, cookies, and the headers authorization, x-request-id, user-agent,
 * x-forwarded-for and x-csrf-token. The gateway is the built one, on loopback, with the demonstration data.
 *
 *   npm run build && node bench/sqlmap.mjs [--level 2] [--risk 2] [--jobs 2] [--only REGEXP] [--store mysql://USER@HOST/]
 *     [--keep FOLDER]
 *
 * Before anything else sqlmap must find holes that are there, by the same options and the same way, or the run counts for
 * nothing. An operation or a parameter that no request marks, a parameter that sqlmap did not try to the end, and an answer of
 * 5xx are failures too. `sql` of `POST /v1/sql` and `POST /v1/export` is a statement by purpose: there it counts what sqlmap
 * can read with it. With `--store` the store is in a database of that server, made for the run and dropped after it; without
 * it in SQLite. With `--keep` what sqlmap printed stays in that folder. Exit code 0 where nothing was found.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openControl } from './sqlmap-control.mjs';
import { digestName, readForeignTexts, startGateway } from './sqlmap-gateway.mjs';
import { createSupplies, openRelay, RENAMED } from './sqlmap-relay.mjs';
import { createMakers, createStandIns, describeRequests, LIVES } from './sqlmap-requests.mjs';

const { values } = parseArgs({
  options: {
    level: { type: 'string', default: '2' },
    risk: { type: 'string', default: '2' },
    jobs: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    store: { type: 'string' },
    keep: { type: 'string' },
  },
});

/** After so long one run of sqlmap is ended, and its operation counts as not tried. */
const RUN_MINUTES = 30;

const OPTIONS = [
  '--batch',
  '--ignore-stdin',
  `--level=${values.level}`,
  `--risk=${values.risk}`,
  '--technique=BEUSTQ',
  '--time-sec=2',
  '--timeout=30',
  '--retries=1',
  '--threads=1',
  '--skip-waf',
  '--drop-set-cookie',
  '--ignore-redirects',
  '--ignore-code=*',
  '--disable-coloring',
];

/**
 * One that is found must not end the search for others, nor what looks like one database the search for others; and what is
 * tried is what bears a mark.
 */
const ANSWERS = ['keep testing=Y', 'skip test payloads=N', 'extending provided=N', 'URI injections=N'];

/** Queries, with whether they are open to who asks them. */
const READINGS = [
  ['SELECT COUNT(id) FROM orders', true],
  ['SELECT email FROM customers LIMIT 1', false],
  ['SELECT national_id FROM employees LIMIT 1', false],
  ['SELECT amount FROM salaries LIMIT 1', false],
  ['SELECT tbl_name FROM sqlite_master LIMIT 1', false],
];

const MARK = '*';

/** Writes one request as sqlmap reads it. @returns the text, and the names of what is marked by place, in order */
function writeRequest(
  port,
  half,
  { operation, path = {}, query = {}, body, form, cookies = {}, headers = {}, only, except = [] },
) {
  const marked = { uri: [], body: [], headers: {} };
  const isMarked = (name) =>
    (half === null || name.startsWith('body.') === (half === 'body')) &&
    (only ? only.some((each) => isWithin(name, each)) : !except.includes(name));
  const mark = (name, text, names) => {
    if (!isMarked(name)) return text;
    names.push(name);
    return `${text}${MARK}`;
  };
  const [method, template] = operation.split(' ');
  const filled = template.replace(/\{(\w+)\}/g, (_, name) => mark(`path.${name}`, String(path[name]), marked.uri));
  const pairs = Object.entries(query).map(
    ([name, value]) => `${name}=${mark(`query.${name}`, String(value), marked.uri)}`,
  );
  const lines = [`${method} ${filled}${pairs.length > 0 ? `?${pairs.join('&')}` : ''} HTTP/1.1`];
  lines.push(`Host: 127.0.0.1:${port}`, 'Accept: application/json');
  const writeHeader = (name, write) => {
    const names = [];
    lines.push(`${name}: ${write(names)}`);
    marked.headers[name.toLowerCase()] = names;
  };
  for (const [name, value] of Object.entries(headers)) {
    writeHeader(name, (names) => mark(`header.${RENAMED[name] ?? name}`, value, names));
  }
  const jar = Object.entries(cookies);
  if (jar.length > 0) {
    writeHeader('Cookie', (names) =>
      jar.map(([name, value]) => `${name}=${mark(`cookie.${name}`, value, names)}`).join('; '),
    );
  }
  let content = '';
  if (body) {
    lines.push('Content-Type: application/json');
    content = writeJson(body, 'body', mark, marked.body);
  } else if (form) {
    lines.push('Content-Type: application/x-www-form-urlencoded');
    const fields = Object.entries(form).map(([name, value]) => `${name}=${mark(`form.${name}`, value, marked.body)}`);
    content = fields.join('&');
  }
  return { text: `${lines.join('\r\n')}\r\n\r\n${content}`, marked };
}

/** Whether a name is the other one or a part of it: `body.scopes.0` of `body.scopes`. */
function isWithin(name, whole) {
  return name === whole || name.startsWith(`${whole}.`);
}

/** JSON in which each leaf, and each name of an object that is a value itself, bears a mark. */
function writeJson(value, name, mark, names) {
  if (Array.isArray(value)) {
    return `[${value.map((each, at) => writeJson(each, `${name}.${at}`, mark, names)).join(', ')}]`;
  }
  if (typeof value === 'object') {
    const isFree = name !== 'body';
    const entries = Object.entries(value).map(([key, each]) => {
      const printed = isFree ? mark(`${name}.${key}.name`, key, names) : key;
      return `"${printed}": ${writeJson(each, `${name}.${key}`, mark, names)}`;
    });
    return `{${entries.join(', ')}}`;
  }
  if (typeof value !== 'string') return mark(name, JSON.stringify(value), names);
  return `"${mark(name, JSON.stringify(value).slice(1, -1), names)}"`;
}

/** Those of sqlmap that have not ended. */
const running = new Set();

/** Runs sqlmap to its end. @returns what it printed; null where it took too long */
function runSqlmap(folder, args) {
  const env = { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8' };
  // In a session of its own: it reaches for the terminal, and the system would stop whoever shares it in the background.
  const child = spawn('nice', ['sqlmap', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  running.add(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      printed += chunk;
    });
  }
  const clock = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), RUN_MINUTES * 60_000);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_code, signal) => {
      clearTimeout(clock);
      running.delete(child);
      resolve(signal ? null : printed);
    });
  });
}

/** The parameter that sqlmap means: it names them by place and number. */
function nameParameter(marked, place, said) {
  const [, prefix, number] = /^(.*?)#(\d+)\*$/.exec(said) ?? [null, said, '1'];
  const word = prefix.trim().toLowerCase();
  const isForm = /POST/.test(place) && word === '';
  const names = word === 'json' || isForm ? marked.body : word === '' ? marked.uri : (marked.headers[word] ?? []);
  return names[Number(number) - 1] ?? said;
}

/** What a run of sqlmap says: parameters that it tried to the end, and those that it calls injectable, with how. */
function readReport(printed, marked) {
  const ended = new Set();
  const findings = new Map();
  for (const [, place, said] of printed.matchAll(/\] (\S.*?)? ?parameter '([^']+)' does not seem to be injectable/g)) {
    ended.add(nameParameter(marked, place ?? '', said));
  }
  for (const [, said, place, block] of printed.matchAll(
    /^Parameter: (.+) \((.+)\)\n((?: {4}.*\n|\n(?= {4}Type))+)/gm,
  )) {
    const name = nameParameter(marked, place, said);
    ended.add(name);
    findings.set(
      name,
      [...block.matchAll(/Type: (.+)\n/g)].map(([, type]) => type),
    );
  }
  return { ended, findings };
}

/**
 * Fetches by a statement's parameter what stands in the caller's slice, and what does not: once by sqlmap, and once by the same
 * UNION that sqlmap finds, as sqlmap itself does not get so far.
 *
 * @returns each query with whether it was answered, and the texts that should not have come
 */
async function readThrough(folder, args, port, { request, standIns, foreign }) {
  const token = await standIns.standInAccess();
  const readings = [];
  for (const [query, isOwn] of READINGS) {
    const printed = (await runSqlmap(folder, [...args, '--dbms=SQLite', `--sql-query=${query}`])) ?? '';
    const response = await fetch(`http://127.0.0.1:${port}${request.operation.split(' ')[1]}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...request.body, sql: `${request.body.sql} UNION ALL SELECT (${query})` }),
    });
    await response.arrayBuffer();
    const leaks = foreign.filter((text) => printed.includes(text));
    readings.push({ query, isOwn, isAnswered: response.status === 200, leaks });
  }
  return readings;
}

/**
 * Tries one request.
 *
 * @param half `body` where the properties of the JSON body alone are marked, `rest` where all else is: sqlmap takes the marks
 *   of both at once for those of the body; null where there is no such body
 * @returns what came of it
 */
async function tryHalf(target, request, half) {
  const relay = await openRelay(target);
  const { text, marked } = writeRequest(relay.port, half, request);
  const names = [...marked.uri, ...marked.body, ...Object.values(marked.headers).flat()];
  const folder = join(target.folder, `sqlmap-${relay.port}-${digestName(text)}`);
  mkdirSync(folder);
  const file = join(folder, 'request.txt');
  writeFileSync(file, text);
  const answers = half === 'rest' ? [...ANSWERS, 'JSON data found=N'] : ANSWERS;
  const args = ['-r', file, ...OPTIONS, `--answers=${answers.join()}`, `--output-dir=${join(folder, 'out')}`];
  // It would try every pair of a query that has no mark.
  if (request.query && marked.uri.length === 0)
    args.push(`--param-exclude=^(?:${Object.keys(request.query).join('|')})$`);
  if (request.tamper) args.push(`--tamper=${request.tamper}`);
  try {
    const printed = names.length > 0 ? await runSqlmap(folder, [...args, '--flush-session']) : '';
    const { ended, findings } = readReport(printed ?? '', marked);
    if (values.keep) {
      mkdirSync(values.keep, { recursive: true });
      const name = `${request.operation.replace(/\W+/g, '-')}-${half}-${digestName(text)}.txt`;
      writeFileSync(join(values.keep, name), `${text}\n\n${printed}\n${relay.counts.faults.join('\n')}\n`);
    }
    const readings =
      request.isStatement && names.length > 0
        ? await readThrough(folder, args, relay.port, { request, ...target })
        : [];
    const untried = names.filter((each) => !ended.has(each));
    const unasked = [...ended].filter((each) => !names.includes(each));
    return { request, names, untried, unasked, findings, readings, counts: relay.counts };
  } finally {
    await relay.close();
  }
}

/** Tries one request, once for its JSON body and once for all else. @returns what came of each */
async function tryRequest(target, request) {
  const tried = [];
  for (const half of request.body ? ['body', 'rest'] : [null]) tried.push(await tryHalf(target, request, half));
  return tried.filter(({ names }) => names.length > 0);
}

/** Runs as many at a time as there may be. */
async function runAll(items, run) {
  const left = [...items];
  const work = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
}

/** Holes that are there must be found. @returns the names of those that were not */
async function tryControl(folder) {
  const control = await openControl();
  const missed = [];
  let found = 0;
  try {
    await runAll(control.requests, async (request) => {
      for (const { names, findings, unasked } of await tryRequest({ port: control.port, folder }, request)) {
        missed.push(...names.filter((name) => !findings.has(name)).map((name) => `${request.operation} ${name}`));
        missed.push(...unasked);
        found += findings.size;
      }
    });
  } finally {
    await control.close();
  }
  console.log(`control: ${plural(found, 'hole')} found of those that are there`);
  return missed;
}

/** The parameters that an operation must have marked, by the gateway's own description, and the headers of every request. */
function expectNames(described) {
  const names = ['header.x-request-id', 'header.user-agent', 'header.x-forwarded-for', 'cookie'];
  const isSignedIn = described.security.some(({ bearer }) => bearer);
  if (isSignedIn) names.push('header.authorization');
  for (const { name, in: place } of described.parameters) names.push(`${place}.${name}`);
  for (const [type, { schema }] of Object.entries(described.requestBody?.content ?? {})) {
    const place = /json/.test(type) ? 'body' : 'form';
    for (const name of Object.keys(schema.properties)) names.push(`${place}.${name}`);
  }
  return names;
}

/** Every operation of the gateway, with its requests. */
async function listOperations(url) {
  const { paths } = await (await fetch(`${url}/openapi.json`)).json();
  const only = new RegExp(values.only);
  const requests = describeRequests();
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const operation = `${method.toUpperCase()} ${path}`;
      const own = requests.filter((each) => each.operation === operation);
      return { operation, expected: expectNames(described), requests: own };
    }),
  );
  const known = new Set(operations.map(({ operation }) => operation));
  const strange = requests.find(({ operation }) => !known.has(operation));
  if (strange) throw new Error(`the gateway has no ${strange.operation}`);
  return operations.filter(({ operation }) => only.test(operation));
}

const add = (counts, [key, count]) => counts.set(key, (counts.get(key) ?? 0) + count);

/** Tries every request of an operation. @returns what came of all together */
async function tryOperation(gateway, { operation, expected, requests }) {
  const sum = {
    operation,
    names: new Set(),
    requests: 0,
    statuses: new Map(),
    findings: [],
    statements: [],
    failures: [],
  };
  for (const request of requests) {
    const supplies = createSupplies(createMakers(gateway, request), LIVES);
    const target = {
      port: gateway.port,
      folder: gateway.folder,
      standIns: createStandIns(gateway, supplies),
      endWaits: gateway.endWaits,
      foreign: request.foreign ? readForeignTexts(gateway, request.foreign) : [],
      onAnswer(status) {
        supplies.spend(request.spendsAlways ?? []);
        if (status < 300) supplies.spend(request.spends ?? []);
      },
    };
    for (const tried of await tryRequest(target, request)) addTried(sum, tried);
  }
  const isTried = (name) => [...sum.names].some((each) => isWithin(each, name));
  for (const name of expected.filter((each) => !isTried(each))) sum.failures.push(`${name} is in no request`);
  return sum;
}

function addTried(sum, { request, names, untried, unasked, findings, readings, counts }) {
  for (const name of names) sum.names.add(name);
  sum.requests += counts.requests;
  for (const entry of counts.statuses) add(sum.statuses, entry);
  for (const [name, types] of findings) {
    (request.isStatement ? sum.statements : sum.findings).push(`${name}: ${types.join(', ')}`);
  }
  for (const text of counts.leaks) sum.findings.push(`an answer holds ${text}, which the caller may not see`);
  for (const { query, isOwn, isAnswered, leaks } of readings) {
    if (isOwn && !isAnswered) sum.failures.push(`${query}: is the caller's own, and was refused`);
    if (!isOwn && (isAnswered || leaks.length > 0)) sum.findings.push(`${query}: was answered`);
  }
  if (readings.length > 0) {
    const closed = readings.filter(({ isOwn }) => !isOwn);
    sum.statements.push(
      `${closed.filter(({ isAnswered }) => !isAnswered).length} of ${closed.length} closed tables refused`,
    );
  }
  for (const name of untried) sum.failures.push(`${name} was not tried to the end`);
  for (const name of unasked) sum.failures.push(`sqlmap tried ${name}, which bears no mark`);
  for (const fault of counts.faults) sum.failures.push(fault);
}

const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

function printOperation({ operation, names, requests, statuses, findings, statements, failures }) {
  const told = [...statuses].sort(([one], [other]) => one - other).map(([status, count]) => `${status}×${count}`);
  const cells = [plural(names.size, 'parameter').padStart(13), plural(requests, 'request').padStart(15)];
  console.log(
    [operation.padEnd(52), ...cells, plural(findings.length, 'finding').padStart(11), told.join(' ')].join('  '),
  );
  for (const each of findings) console.log(`  FOUND ${each}`);
  for (const each of statements) console.log(`  a statement by purpose: ${each}`);
  for (const each of failures) console.log(`  FAILED ${each}`);
}

const version = spawnSync('sqlmap', ['--version', '--ignore-stdin'], { encoding: 'utf8' }).stdout.trim().split('\n')[0];
const began = Date.now();
const gateway = await startGateway(values.store ?? null);
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) process.kill(-child.pid, 'SIGKILL');
    gateway.stop().finally(() => process.exit(130));
  });
}
try {
  console.log(`sqlmap ${version}, Node ${process.version}, store in ${gateway.store}`);
  console.log(`sqlmap ${OPTIONS.join(' ')}`);
  const missed = await tryControl(gateway.folder);
  if (missed.length > 0) throw new Error(`sqlmap missed what is there, so the run says nothing: ${missed.join(', ')}`);
  const operations = await listOperations(gateway.url);
  const sums = [];
  await runAll(operations, async (operation) => {
    const sum = await tryOperation(gateway, operation);
    sums.push(sum);
    printOperation(sum);
  });
  const total = (read) => sums.reduce((sum, each) => sum + read(each), 0);
  const [findings, failures] = [total((each) => each.findings.length), total((each) => each.failures.length)];
  for (const fault of new Set(gateway.faults)) console.log(`the gateway's log: ${fault}`);
  console.log(
    `${Math.round((Date.now() - began) / 60_000)} minutes, ${plural(failures, 'failure')} of the test itself`,
  );
  console.log(
    `sqlmap: ${total((each) => each.names.size)} parameters of ${plural(sums.length, 'operation')}, ` +
      `${total((each) => each.requests)} requests, ${plural(findings, 'finding')}`,
  );
  if (findings + failures + gateway.faults.length > 0) process.exitCode = 1;
} finally {
  await gateway.stop();
}
