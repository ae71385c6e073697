import { describe, expect, it } from 'vitest';
import type { Translation } from '../../../src/domain/candidate.js';
import type { Dialect } from '../../../src/domain/dialect.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { readTokens } from '../../../src/sql/lexer.js';
import type { TranslateRequest } from '../../../src/translate/request.js';
import { withholdPersonalData } from '../../../src/translate/withhold-personal.js';
import type { SchemaNotes } from '../../../src/translate/write-prompt.js';
import { customer } from '../../support/principals.js';
import { viewOf } from './short-view.js';

const QUESTION = "Orders of o'brien_x@example.org, phone 0712 345 678, or order number by call 5551234567?";
const EMAIL = "o'brien_x@example.org";
const PHONE = '0712 345 678';
const NUMBER = '5551234567';
const NOTES = {} as SchemaNotes;
const usage = { promptTokens: 1, completionTokens: 1 };

const asked = (question: string, changes: Partial<TranslateRequest> = {}): TranslateRequest => ({
  question,
  view: viewOf({ name: 'customers', columns: ['id int *', 'email', 'phone'] }),
  principal: customer(1),
  turns: [],
  feedback: [],
  signal: new AbortController().signal,
  ...changes,
});

const statement = (sql: string): Translation => ({
  kind: 'sql',
  candidate: { sql, translator: 'openai', slots: new Map(), usage },
});

/** What the model is sent, and the SQL that comes of its answer. */
async function translate(answer: string | Translation, dialect: Dialect = 'sqlite', request = asked(QUESTION)) {
  let seen: TranslateRequest | null = null;
  const translation = typeof answer === 'string' ? statement(answer) : answer;
  const wrapped = withholdPersonalData(async (given) => {
    seen = given;
    return translation;
  }, dialect);
  const found = await wrapped(request, { year: 2026, month: 3, day: 1 }, NOTES);
  return { seen: seen as unknown as TranslateRequest, found, sql: found.kind === 'sql' ? found.candidate.sql : null };
}

describe('personal data of a question', () => {
  it('does not reach the model; words that are the same each time do', async () => {
    for (const _ of [1, 2]) {
      const { seen } = await translate('SELECT 1');
      expect(seen.question).toBe(
        'Orders of WithheldEmail1, phone WithheldPhone2, or order number by call WithheldPhone3?',
      );
    }
  });

  it('has the same word wherever it stands: in turns, in statements sent back and in what was wrong with them', async () => {
    const turns = [
      { question: `Who is ${EMAIL}?`, sql: "SELECT id FROM customers WHERE email = 'o''brien_x@example.org'" },
      { question: 'And bob@example.org?', sql: null },
    ];
    const feedback = [
      {
        sql: `SELECT 'bob@example.org', 'it''s', 5551234567, 42 FROM x -- nobody`,
        code: 'SEAL_SYNTAX',
        message: `Near ${PHONE}.`,
      },
    ];
    const { seen } = await translate('SELECT 1', 'sqlite', asked(QUESTION, { turns, feedback }));
    expect(seen.turns).toEqual([
      { question: 'Who is WithheldEmail1?', sql: "SELECT id FROM customers WHERE email = 'WithheldEmail1'" },
      { question: 'And WithheldEmail4?', sql: null },
    ]);
    expect(seen.feedback).toEqual([
      {
        sql: `SELECT 'WithheldEmail4', 'it''s', WithheldPhone3, 42 FROM x -- nobody`,
        code: 'SEAL_SYNTAX',
        message: 'Near WithheldPhone2.',
      },
    ]);
    expect(JSON.stringify({ ...seen, view: null, principal: null })).not.toMatch(/brien|bob@|0712|5551234567/);
  });

  it('is withheld from a statement that does not read as one, and from a pattern with its wildcards escaped', async () => {
    const broken = `SELECT ' FROM customers WHERE email = bob@example.org`;
    const pattern = String.raw`SELECT 1 FROM customers WHERE email LIKE '%o\'brien\_x@example.org%'`;
    const feedback = [broken, pattern].map((sql) => ({ sql, code: 'SEAL_SYNTAX', message: 'x' }));
    const { seen } = await translate('SELECT 1', 'mysql', asked(QUESTION, { feedback }));
    expect(seen.feedback.map(({ sql }) => sql)).toEqual([
      `SELECT ' FROM customers WHERE email = WithheldEmail4`,
      "SELECT 1 FROM customers WHERE email LIKE '%WithheldEmail1%'",
    ]);
  });

  it('leaves a question without any as it is', async () => {
    const request = asked('How many orders in 2025?');
    const { seen, sql } = await translate("SELECT 'WithheldEmail1'", 'sqlite', request);
    expect(seen).toBe(request);
    expect(sql).toBe("SELECT 'WithheldEmail1'");
  });

  it('has words that stand nowhere else: not in the question, and not among the names of the schema', async () => {
    const { seen, sql } = await translate(
      "SELECT 'withheldxxemail1', 'WithheldEmail1' FROM customers",
      'sqlite',
      asked('Is WithheldEmail1 the name of ada@example.org?', {
        view: viewOf({ name: 'customers', columns: ['id int *', 'WITHHELDX_EMAIL'] }),
      }),
    );
    expect(seen.question).toBe('Is WithheldEmail1 the name of WithheldxxEmail1?');
    expect(sql).toBe("SELECT 'ada@example.org', 'WithheldEmail1' FROM customers");
  });
});

describe('a statement with words in it', () => {
  const DIALECTS = ['sqlite', 'mysql', 'mariadb'] as const;
  it.each(DIALECTS)('has the value of each literal again, whole and in any case, on %s', async (dialect) => {
    const { sql } = await translate(
      "SELECT id FROM customers WHERE email = 'WithheldEmail1' OR LOWER(phone) IN ('withheldphone2', 'x WITHHELDPHONE3,WithheldPhone2')",
      dialect,
    );
    const strings = readTokens(sql!, dialect).filter(({ kind }) => kind === 'string');
    expect(strings.map(({ text }) => text)).toEqual([EMAIL, PHONE, `x ${NUMBER},${PHONE}`]);
  });

  it.each(['mysql', 'mariadb'] as const)('keeps double quotes as quotes on %s', async (dialect) => {
    const { sql } = await translate('SELECT 1 FROM customers WHERE email = "WithheldEmail1"', dialect);
    expect(sql).toBe(`SELECT 1 FROM customers WHERE email = "${EMAIL}"`);
  });

  it('takes a quoted name in the place of a value for the value, as SQLite did', async () => {
    const { sql } = await translate('SELECT 1 FROM customers WHERE email = "WithheldEmail1"');
    expect(sql).toBe("SELECT 1 FROM customers WHERE email = 'o''brien_x@example.org'");
  });

  it('has wildcards of a pattern escaped, as each dialect wants it', async () => {
    const like = "SELECT 1 FROM customers WHERE email LIKE '%WithheldEmail1%' AND phone NOT LIKE 'WithheldPhone2%'";
    const sqlite = await translate(like);
    expect(sqlite.sql).toBe(
      String.raw`SELECT 1 FROM customers WHERE email LIKE '%o''brien\_x@example.org%' ESCAPE '\' AND phone NOT LIKE '0712 345 678%'`,
    );
    const mysql = await translate(like, 'mysql');
    expect(readTokens(mysql.sql!, 'mysql').find(({ kind }) => kind === 'string')?.text).toBe(
      String.raw`%o'brien\_x@example.org%`,
    );
    const own = await translate("SELECT 1 FROM customers WHERE email LIKE 'WithheldEmail1' ESCAPE '!'");
    expect(own.sql).toBe("SELECT 1 FROM customers WHERE email LIKE 'o''brien_x@example.org' ESCAPE '!'");
  });

  it.each(DIALECTS)('has a bare word as a number where it is one, else as a string, on %s', async (dialect) => {
    const { sql } = await translate(
      'SELECT COUNT(*) FROM orders WHERE order_number = WithheldPhone3 OR phone IN (WithheldPhone2, withheldphone3) AND NOT email=WithheldEmail1',
      dialect,
    );
    expect(sql).toBe(
      `SELECT COUNT(*) FROM orders WHERE order_number = ${NUMBER} OR phone IN ('${PHONE}', ${NUMBER}) AND NOT email='o''brien_x@example.org'`,
    );
  });

  it.each([
    ['an alias', 'SELECT COUNT(*) AS WithheldPhone3 FROM orders ORDER BY WithheldPhone3'],
    ['an alias without AS', 'SELECT phone WithheldPhone3 FROM orders'],
    ['an alias behind a bracket', 'SELECT COUNT(*) WithheldPhone3 FROM orders'],
    ['a table', 'SELECT WithheldPhone3.id FROM orders AS WithheldPhone3'],
    ['a column of one', 'SELECT o.WithheldPhone3 FROM orders AS o'],
    ['a function', 'SELECT WithheldPhone3(1) FROM orders'],
    ['a comment', 'SELECT 1 -- WithheldPhone3\n FROM orders'],
  ])('keeps a word that names %s', async (_what, sql) => {
    expect((await translate(sql)).sql).toBe(sql);
  });

  it('is handed on as it is where it does not read as one: the seal refuses it', async () => {
    const sql = "SELECT 'WithheldEmail1 FROM orders";
    expect((await translate(sql)).sql).toBe(sql);
  });

  it.each(["SELECT 'WithheldEmail9'", 'SELECT 1 WHERE 1 = WithheldPhone12', "SELECT 'x WithheldPhone32025'"])(
    'is unusable where a word stands for nothing: %s',
    async (sql) => {
      const error: unknown = await translate(sql).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SwaliError);
      expect((error as SwaliError).code).toBe('TRANSLATE_MODEL_UNUSABLE');
    },
  );
});

describe('the words of a model', () => {
  it.each(['clarify', 'refused'] as const)('of a %s have what they stand for', async (kind) => {
    const { found } = await translate({
      kind,
      message: 'Do you mean withheldemail1 or WithheldEmail99?',
      choices: ['Orders of WithheldPhone2', 'All'],
      translator: 'openai',
      usage,
    });
    expect(found).toMatchObject({
      message: `Do you mean ${EMAIL} or WithheldEmail99?`,
      choices: [`Orders of ${PHONE}`, 'All'],
    });
  });
});
