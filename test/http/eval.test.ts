import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { engineUrl } from '../engines/engines.js';
import { runCommand } from '../support/run-command.js';
import { type ModelRequest, type ModelServer, startModelServer, USAGE } from './model-server.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'swali-eval-test-'));
const out = join(folder, 'report.json');
let model: ModelServer;

const SCRIPT = `
  CREATE TABLE customers (customer_number INTEGER PRIMARY KEY, name TEXT, city TEXT);
  CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_number INTEGER REFERENCES customers, total REAL, status TEXT);
  INSERT INTO customers VALUES (1, 'Asha', 'Nairobi'), (2, 'Babu', 'Mombasa'), (3, 'Chao', 'Nairobi');
  INSERT INTO orders VALUES (1, 1, 10.5, 'paid'), (2, 1, 20, 'open'), (3, 2, 5.25, 'paid'), (4, 2, 1, 'paid');
`;
const POLICY = {
  version: 1,
  source: 'shop',
  dialect: 'sqlite',
  relations: {
    customers: { open_to: ['admin'], columns: '*' },
    orders: {
      open_to: ['admin', 'customer'],
      rows: { customer: 'customer_number = :customer_number' },
      columns: '*',
    },
  },
};

/** Questions over two databases, of every outcome; `model` is what the model answers where that is not the gold. */
const QUESTIONS = [
  {
    id: 'q1',
    db: 'shop',
    question: 'How many orders are there?',
    sql: 'SELECT COUNT(*) FROM orders',
    hardness: 'easy',
  },
  {
    id: 'q2',
    db: 'shop',
    question: 'What is the name and city of each customer?',
    sql: 'SELECT name, city FROM customers',
    model: 'SELECT city, name FROM customers ORDER BY city, name',
    hardness: 'medium',
  },
  {
    id: 'q3',
    db: 'shop',
    question: 'Name the customers by name, last first',
    sql: 'SELECT name FROM customers ORDER BY name DESC',
    model: 'SELECT name FROM customers ORDER BY name',
    hardness: 'medium',
  },
  {
    id: 'q4',
    db: 'bank',
    question: 'What is the average balance?',
    sql: 'SELECT AVG(balance) FROM accounts',
    model: 'SELECT SUM(balance) * 1.0 / COUNT(*) FROM accounts',
    hardness: 'easy',
  },
  {
    id: 'q5',
    db: 'bank',
    question: 'Which accounts are overdrawn?',
    sql: 'SELECT id FROM accounts WHERE balance < 0',
    model: 'SELECT id FROM accounts WHERE overdrawn = 1',
    hardness: 'hard',
  },
  { id: 'q6', db: 'bank', question: 'How tall is the manager?', sql: null, answerable: false, hardness: 'hard' },
  {
    id: 'q7',
    db: 'bank',
    question: 'Pair all accounts with each other',
    sql: 'SELECT COUNT(*) FROM accounts',
    model: 'SELECT a.id FROM accounts a, accounts b, accounts c',
    hardness: 'hard',
  },
  { id: 'q8', db: 'bank', question: 'Which account is gold?', sql: 'SELECT id FROM no_such_table', hardness: 'hard' },
  {
    id: 'q9',
    db: 'bank',
    question: 'Who has nothing?',
    sql: 'SELECT id FROM accounts WHERE balance = 0.5',
    hardness: 'easy',
  },
];

function writeQuestions(questions: readonly unknown[]): string {
  const path = join(folder, 'questions.jsonl');
  writeFileSync(path, questions.map((question) => JSON.stringify(question)).join('\n'));
  return path;
}

/** Answers as the table of questions says. */
function answerFrom({ body }: ModelRequest) {
  const prompt = body.messages.at(-1)!.content;
  const asked = QUESTIONS.find(({ question }) => body.messages.some(({ content }) => content.includes(question)));
  if (!asked) throw new Error(`no such question: ${prompt}`);
  const sql = asked.model ?? asked.sql;
  const answer =
    sql === null
      ? { kind: 'refuse', sql, message: 'No.', choices: [] }
      : { kind: 'sql', sql, message: null, choices: [] };
  return { kind: 'answer', answer } as const;
}

const evaluate = (...args: readonly string[]) =>
  runCommand({ OPENAI_BASE_URL: model.baseUrl, MODEL_REPAIR_ATTEMPTS: '1' }, ['eval', ...args]);
const readReport = () => JSON.parse(readFileSync(out, 'utf8'));

beforeAll(async () => {
  model = await startModelServer();
  const shop = new DatabaseSync(join(folder, 'shop.sqlite'));
  shop.exec(SCRIPT);
  shop.close();
  mkdirSync(join(folder, 'bank'));
  const bank = new DatabaseSync(join(folder, 'bank/bank.sqlite'));
  bank.exec('CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance REAL)');
  bank.exec(
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO accounts SELECT i, i - 10 FROM n',
  );
  bank.close();
});
afterAll(async () => {
  await model.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const name of ['report.json', 'report.md', 'report.journal.ndjson']) rmSync(join(folder, name), { force: true });
  model.reply(answerFrom);
});

describe('swali eval', { timeout: 120_000 }, () => {
  it('asks every question through the gateway, judges the rows, and reports', async () => {
    const prices = ['--price-prompt', '1', '--price-completion', '2'];
    const args = ['--questions', writeQuestions(QUESTIONS), '--database', folder, '--translator', 'openai', ...prices];
    const { code, out: printed, err } = await evaluate(...args, '--skip-empty', '--out', out);
    expect([code, err.split('\n').at(-2)]).toEqual([0, '9 of 9 questions']);
    const report = readReport();
    expect(report).toMatchObject({
      questions: 7,
      answered: 5,
      refused: 2,
      failed: 0,
      right: 4,
      execution_accuracy: 4 / 7,
      precision: 3 / 5,
      valid_sql_rate: 5 / 6,
      failures: { order: 1, SEAL_COLUMN_UNKNOWN: 1, truncated: 1 },
      skipped: { 'gold-failed': 1, 'gold-empty': 1 },
      refusals: { unanswerable: 1, unanswerable_refused: 1, precision: 0.5, recall: 1 },
      repairs: 1,
    });
    // Seven questions, one of them asked twice.
    expect(model.requests).toHaveLength(8);
    expect(report.tokens).toMatchObject({ prompt: 8 * USAGE.prompt_tokens, completion: 8 * USAGE.completion_tokens });
    expect(report.cost.total).toBeCloseTo((8 * (USAGE.prompt_tokens + 2 * USAGE.completion_tokens)) / 1e6, 6);
    expect(report.by_hardness).toMatchObject({ easy: { questions: 2, right: 2 }, medium: { questions: 2, right: 1 } });
    expect(Object.keys(report.by_database)).toEqual(['bank', 'shop']);
    expect(report.first_failures.SEAL_COLUMN_UNKNOWN[0]).toMatchObject({
      id: 'q5',
      gold: 'SELECT id FROM accounts WHERE balance < 0',
      sql: 'SELECT id FROM accounts WHERE overdrawn = 1',
    });
    expect(readFileSync(join(folder, 'report.md'), 'utf8')).toContain('| bank | 4 |');
    expect(printed).toContain('execution accuracy 57.1 %, precision 60.0 %');
  });

  it('asks no model where the translator is offline, even where one is set up', async () => {
    const { code } = await evaluate(
      ...['--questions', writeQuestions(QUESTIONS.slice(0, 1)), '--database', folder],
      ...['--translator', 'offline', '--out', out],
    );
    expect([code, model.requests.length]).toEqual([0, 0]);
    expect(readReport()).toMatchObject({ questions: 1, right: 1, by_translator: { offline: { right: 1 } } });
  });

  it('counts no answer but verified ones where those alone are put to the test', async () => {
    const verified = [
      { question: 'How many orders are there?', sql: 'SELECT COUNT(*) FROM orders', open_to: ['admin'] },
    ];
    const policy = join(folder, 'shop.yaml');
    writeFileSync(policy, JSON.stringify({ ...POLICY, verified }));
    const asked = [
      QUESTIONS[0],
      { id: 'o', db: 'shop', question: 'How many customers are there?', sql: 'SELECT COUNT(*) FROM customers' },
    ];
    const { code } = await evaluate(
      ...['--questions', writeQuestions(asked), '--database', folder, '--policy', policy],
      ...['--translator', 'verified', '--out', out],
    );
    expect(code).toBe(0);
    expect(readReport()).toMatchObject({ questions: 2, answered: 1, right: 1, failures: { 'not-verified': 1 } });
  });

  it('asks as a customer under a policy, who gets their own rows', async () => {
    const policy = join(folder, 'shop.yaml');
    writeFileSync(policy, JSON.stringify(POLICY));
    const own = { id: 'own', db: 'shop', question: 'How many orders are there?', sql: 'SELECT 2' };
    const closed = { ...QUESTIONS[1]!, answerable: false, sql: null };
    const questions = writeQuestions([own, closed]);
    const { code } = await evaluate(
      ...['--questions', questions, '--database', folder, '--translator', 'openai', '--out', out],
      ...['--as', 'customer:2', '--policy', policy],
    );
    expect(code).toBe(0);
    expect(readReport()).toMatchObject({ questions: 2, answered: 1, right: 2, execution_accuracy: 1, precision: 1 });
    const refused = await evaluate('--questions', questions, '--database', folder, '--as', 'customer:2');
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('--as customer:NUMBER needs --policy')]);
  });

  it('fails the questions of a database that cannot be opened, and no others', async () => {
    writeFileSync(join(folder, 'torn.sqlite'), 'this is no database');
    const asked = [{ ...QUESTIONS[0]!, db: 'torn' }, QUESTIONS[0]];
    const { code } = await evaluate(
      ...['--questions', writeQuestions(asked), '--database', folder, '--translator', 'openai', '--out', out],
    );
    expect(code).toBe(0);
    expect(readReport()).toMatchObject({ questions: 2, failed: 1, right: 1, failures: { SOURCE_UNAVAILABLE: 1 } });
  });

  it('changes no database that it reads', async () => {
    const digest = () =>
      createHash('sha256')
        .update(readFileSync(join(folder, 'shop.sqlite')))
        .digest('hex');
    const before = digest();
    const evil = { id: 'e', db: 'shop', question: 'How many orders are there?', sql: 'DELETE FROM orders' };
    const { code } = await evaluate(
      ...['--questions', writeQuestions([evil]), '--database', folder, '--translator', 'openai', '--out', out],
    );
    expect([code, digest()]).toEqual([0, before]);
    expect(readReport()).toMatchObject({ questions: 0, skipped: { 'gold-failed': 1 } });
  });

  it.each([
    [['--limit', '0'], 'EVAL_INPUT_INVALID'],
    [['--limit', '1.5'], 'EVAL_INPUT_INVALID'],
    [['--jobs', '65'], 'EVAL_INPUT_INVALID'],
    [['--translator', 'best'], 'EVAL_INPUT_INVALID'],
    [['--as', 'root'], 'EVAL_INPUT_INVALID'],
    [['--policy', '/nowhere.yaml'], 'EVAL_INPUT_INVALID'],
    [['--price-prompt', '1'], 'EVAL_INPUT_INVALID'],
    [['--resume'], 'EVAL_INPUT_INVALID'],
    [['--retry-failed', '--out', out], 'EVAL_INPUT_INVALID'],
    [['--out', '/nowhere/report.json'], 'EVAL_INPUT_INVALID'],
    [['--source-url', 'mysql://127.0.0.1/'], 'EVAL_INPUT_INVALID'],
  ])('exits with 2 and asks nothing for %j', async (args, expected) => {
    const { code, err } = await evaluate('--questions', writeQuestions(QUESTIONS), '--database', folder, ...args);
    expect([code, err.split(':')[0]]).toEqual([2, expected]);
    expect(model.requests).toHaveLength(0);
  });

  it('names the bad lines of a file, and databases that are not there, before anything is asked', async () => {
    const bad = await evaluate('--questions', writeQuestions([QUESTIONS[0], { db: 'shop' }]), '--database', folder);
    expect([bad.code, bad.err]).toEqual([2, expect.stringMatching(/^EVAL_INPUT_INVALID: .*line 2: question/s)]);
    const elsewhere = ['../shop', 'nowhere', 'shop'].map((db) => ({ ...QUESTIONS[0], id: db, db }));
    const args = ['--questions', writeQuestions(elsewhere), '--database', folder, '--out', out];
    const missing = await evaluate(...args);
    expect([missing.code, missing.err]).toEqual([
      2,
      expect.stringMatching(/^EVAL_DATABASE_MISSING: .*\(\.\.\/shop, nowhere\)$/m),
    ]);
    expect([model.requests.length, existsSync(join(folder, 'report.journal.ndjson'))]).toEqual([0, false]);
    const absent = await evaluate('--questions', join(folder, 'absent.jsonl'), '--database', folder);
    expect([absent.code, absent.err]).toEqual([2, expect.stringContaining('--questions: cannot be read')]);
  });

  it('exits with 2 where a model is to be asked and none is set up', async () => {
    const args = ['eval', '--questions', writeQuestions(QUESTIONS), '--database', folder, '--translator', 'openai'];
    const { code, err } = await runCommand({}, args);
    expect([code, err]).toEqual([2, expect.stringContaining('OPENAI_API_KEY')]);
  });

  it('asks again what failed, where told to', async () => {
    const asked = writeQuestions(QUESTIONS.slice(0, 2));
    const args = ['--questions', asked, '--database', folder, '--translator', 'openai', '--out', out, '--jobs', '1'];
    model.reply(answerFrom, { kind: 'error', status: 401 });
    expect((await evaluate(...args)).code).toBe(0);
    expect(readReport()).toMatchObject({ questions: 2, failed: 1, failures: { TRANSLATE_MODEL_UNAVAILABLE: 1 } });
    model.reply(answerFrom);
    await evaluate(...args, '--resume');
    expect([readReport().failed, model.requests.length]).toEqual([1, 0]);
    await evaluate(...args, '--resume', '--retry-failed');
    expect(readReport()).toMatchObject({ questions: 2, failed: 0, right: 2 });
    expect(model.requests).toHaveLength(1);
  });

  it('stops in order when told to, and leaves nothing behind', async () => {
    const temporary = join(folder, 'temporary');
    mkdirSync(temporary);
    model.reply(answerFrom, { kind: 'hang' });
    const args = [
      '--questions',
      writeQuestions(QUESTIONS),
      '--database',
      folder,
      '--translator',
      'openai',
      '--out',
      out,
    ];
    const child = spawn(process.execPath, [join(ROOT, 'dist/main.js'), 'eval', ...args, '--jobs', '1'], {
      env: { PATH: process.env.PATH, OPENAI_BASE_URL: model.baseUrl, MODEL_TIMEOUT_MS: '300000', TMPDIR: temporary },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let told = '';
    child.stderr.on('data', (chunk) => {
      told += String(chunk);
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await expect.poll(() => model.requests.length, { timeout: 60_000, interval: 50 }).toBe(2);
    expect(readdirSync(temporary)).toHaveLength(1);
    child.kill('SIGTERM');
    expect(await ended).toBe(1);
    expect(told).toContain('--resume goes on from here');
    expect(readdirSync(temporary)).toEqual([]);
    expect(readFileSync(join(folder, 'report.journal.ndjson'), 'utf8').split('\n')).toHaveLength(3);
  });

  it('goes on where it was killed, and asks nothing twice', async () => {
    const questions = writeQuestions(QUESTIONS);
    const args = [
      '--questions',
      questions,
      '--database',
      folder,
      '--translator',
      'openai',
      '--jobs',
      '1',
      '--out',
      out,
    ];
    // The fourth question gets no answer: there the run is killed.
    const hang = { kind: 'hang' } as const;
    model.reply(answerFrom, answerFrom, answerFrom, hang);
    const child = spawn(process.execPath, [join(ROOT, 'dist/main.js'), 'eval', ...args], {
      env: { PATH: process.env.PATH, OPENAI_BASE_URL: model.baseUrl, MODEL_TIMEOUT_MS: '300000' },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await expect.poll(() => model.requests.length, { timeout: 60_000, interval: 50 }).toBe(4);
    child.kill('SIGKILL');
    await ended;
    const journal = join(folder, 'report.journal.ndjson');
    expect(readFileSync(journal, 'utf8').split('\n')).toHaveLength(5);
    expect(existsSync(out)).toBe(false);

    const runOf = (...more: readonly string[]) =>
      runCommand({ OPENAI_BASE_URL: model.baseUrl }, ['eval', ...args, '--resume', ...more]);
    const other = await runOf('--limit', '2');
    expect([other.code, other.err.split(':')[0]]).toEqual([2, 'EVAL_JOURNAL_REFUSED']);

    model.reply(answerFrom);
    const resumed = await runOf();
    expect([resumed.code, resumed.err.split('\n')[0]]).toEqual([0, '3 of 9 questions']);
    const asked = model.requests.map(({ body }) =>
      QUESTIONS.findIndex(({ question }) => body.messages.some(({ content }) => content.includes(question))),
    );
    expect([...new Set(asked)]).toEqual([3, 4, 5, 6, 8]);
    expect(readReport()).toMatchObject({ questions: 8, right: 5 });

    model.reply(answerFrom);
    expect((await runOf()).code).toBe(0);
    expect(model.requests).toHaveLength(0);
  });
});

const mariadb = engineUrl('mariadb');
describe.skipIf(mariadb === null)('swali eval on a server', { timeout: 120_000 }, () => {
  const name = `swali_eval_${process.pid}`;
  const onServer = async (sql: string) => {
    const uri = mariadb!.replace(/^mariadb:/, 'mysql:');
    const connection = await createConnection({ uri, multipleStatements: true });
    await connection.query(sql);
    connection.destroy();
  };
  beforeAll(() =>
    onServer(`CREATE DATABASE ${name}; USE ${name}; CREATE TABLE t (a INT PRIMARY KEY, b DECIMAL(5,2));
    INSERT INTO t VALUES (1, 1.5), (2, 2.5)`),
  );
  afterAll(() => onServer(`DROP DATABASE ${name}`));

  it('takes the golds for servers, and the database of each name', async () => {
    const asked = [
      { ...QUESTIONS[0], db: name, sql: 'SELECT nothing', sql_mysql: "SELECT CONCAT('', COUNT(*)) FROM `t`" },
      { ...QUESTIONS[3], db: name, sql_mysql: 'SELECT AVG(b) FROM t' },
      { ...QUESTIONS[1], db: name },
    ];
    const replies = ['SELECT COUNT(*) FROM t', 'SELECT SUM(b) / 2 FROM t'];
    model.reply(
      ...replies.map((sql) => ({ kind: 'answer', answer: { kind: 'sql', sql, message: null, choices: [] } }) as const),
    );
    const env = { OPENAI_BASE_URL: model.baseUrl, ALLOW_WIDE_GRANTS: 'on' };
    const args = ['--questions', writeQuestions(asked), '--source-url', mariadb!.replace(/^mariadb:/, 'mysql:')];
    const { code } = await runCommand(env, ['eval', ...args, '--translator', 'openai', '--jobs', '1', '--out', out]);
    expect(code).toBe(0);
    expect(readReport()).toMatchObject({ questions: 2, right: 2, skipped: { 'no-gold': 1 } });
  });
});
