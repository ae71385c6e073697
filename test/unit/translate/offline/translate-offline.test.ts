import { readFileSync } from 'node:fs';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Translation } from '../../../../src/domain/candidate.js';
import type { Dialect } from '../../../../src/domain/dialect.js';
import type { PrincipalView } from '../../../../src/policy/view.js';
import type { Expression } from '../../../../src/sql/nodes.js';
import { translateOffline } from '../../../../src/translate/offline/translate-offline.js';
import { admin, customer } from '../../../support/principals.js';
import { type ShortRelation, shopMetrics, shopView, viewOf } from '../short-view.js';

interface Case {
  readonly question: string;
  readonly as?: 'customer';
  readonly sqlite: string;
  readonly mysql: string;
}
interface Declined {
  readonly question: string;
  readonly as?: 'customer';
  readonly kind: 'clarify' | 'refused';
  readonly message: string;
}

const read = <T>(name: string): readonly T[] =>
  readFileSync(new URL(`../../../../fixtures/cases/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
const answered = read<Case>('offline-answered.jsonl');
const declined = read<Declined>('offline-declined.jsonl');

const sharedValues = new Map([
  ['orders.status', ['pending', 'shipped', 'cancelled']],
  ['payments.method', ['mpesa', 'card', 'bank_transfer']],
  ['branches.city', ['Nairobi', 'Kisumu']],
  ['customers.city', ['Nairobi', 'Mombasa']],
]);

function translate(question: string, as?: 'customer', dialect: Dialect = 'sqlite'): Translation {
  const principal = as === 'customer' ? customer(7) : admin();
  const today = { year: 2026, month: 3, day: 15 };
  return translateOffline({
    question,
    view: shopView(as === 'customer'),
    metrics: shopMetrics(dialect),
    currency: 'KES',
    principal,
    dialect,
    today,
    sharedValues,
  });
}

/** An admin's question over a view without figures or shared values. */
function askOver(view: PrincipalView, question: string, dialect: Dialect = 'sqlite'): Translation {
  const today = { year: 2026, month: 3, day: 15 };
  const known = { view, metrics: [], currency: null, principal: admin(), dialect, today, sharedValues: new Map() };
  return translateOffline({ question, ...known });
}

const sqlOf = (found: Translation): string | null => (found.kind === 'sql' ? found.candidate.sql : null);

let database: DatabaseSyncInstance;
beforeAll(() => {
  database = new DatabaseSync(':memory:');
  for (const { relation } of shopView().relations.values()) {
    database.exec(`CREATE TABLE "${relation.name}" (${relation.columns.map(({ name }) => `"${name}"`).join(', ')})`);
  }
});
afterAll(() => database.close());

describe('what the offline translator answers', () => {
  it('is a table of some size', () => {
    expect(answered.length).toBeGreaterThanOrEqual(127);
    expect(declined.length).toBeGreaterThanOrEqual(40);
  });

  it.each(answered)('$question', ({ question, as, sqlite, mysql }) => {
    expect(sqlOf(translate(question, as))).toBe(sqlite);
    expect(sqlOf(translate(question, as, 'mysql'))).toBe(mysql);
    expect(sqlOf(translate(question, as, 'mariadb'))).toBe(mysql);
    expect(() => database.prepare(sqlite).all()).not.toThrow();
  });

  it('does not depend on case, a final mark or typographic quotes', () => {
    const plain = sqlOf(translate('how many orders were placed in March 2025'));
    expect(plain).not.toBeNull();
    expect(sqlOf(translate('HOW MANY Orders were placed in march 2025?!'))).toBe(plain);
    expect(sqlOf(translate('products named “Tea”'))).toBe(sqlOf(translate('products named "Tea"')));
  });
});

describe('what it declines', () => {
  it.each(declined)('$question', ({ question, as, kind, message }) => {
    const found = translate(question, as);
    expect(found).toMatchObject({ kind, message, translator: 'offline' });
    if (found.kind === 'clarify') expect(found.choices.length).toBeGreaterThanOrEqual(2);
  });

  it('offers only choices that it answers', () => {
    const choices = declined.flatMap(({ question, as }) => {
      const found = translate(question, as);
      return found.kind === 'sql' ? [] : found.choices;
    });
    expect(choices.length).toBeGreaterThan(20);
    for (const choice of choices) expect([choice, translate(choice).kind]).toEqual([choice, 'sql']);
  });

  it('never drops a word: any question with a word that means nothing is declined', () => {
    for (const { question, as } of answered) {
      const strange = `${question.replace(/[?.]$/, '')} flibbertigibbet`;
      expect([strange, translate(strange, as).kind]).not.toEqual([strange, 'sql']);
    }
  });

  it('never throws, whatever is asked, and writes only statements that SQLite can prepare', () => {
    const pieces = [
      ...new Set(answered.flatMap(({ question }) => question.split(' '))),
      'not',
      'or',
      'without',
      'never',
      "'x'",
      '"y',
      '7',
      '-3.5',
      '2025',
      'March',
      'per',
      'top',
      ';',
      '--',
      '`',
      '\\',
      '山田',
      'between',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 14 }), (words) => {
        const sql = sqlOf(translate(words.join(' ')));
        if (sql !== null) database.prepare(sql);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what a principal may not see', () => {
  it('is unknown: a hidden relation answers as one that does not exist', () => {
    const view = viewOf({ name: 'orders', columns: ['id integer *', 'total decimal'] });
    const ask = (question: string) => askOver(view, question);
    const [hidden, missing] = [ask('How many salaries are there?'), ask('How many unicorns are there?')];
    expect(JSON.stringify(hidden).replaceAll('salaries', 'unicorns')).toBe(JSON.stringify(missing));
  });

  it('is neither filtered nor joined by a masked column', () => {
    const view = viewOf(
      { name: 'people', columns: ['id integer *', 'name text', 'phone text'], masks: ['phone'] },
      { name: 'calls', columns: ['id integer *', 'people_id integer'], masks: ['people_id'] },
    );
    const ask = (question: string) => askOver(view, question);
    expect(ask('people whose phone is "123"').kind).not.toBe('sql');
    expect(ask('number of calls per people').kind).not.toBe('sql');
  });
});

describe('awkward catalogs', () => {
  const ask = (question: string, dialect: Dialect, ...relations: ShortRelation[]) =>
    sqlOf(askOver(viewOf(...relations), question, dialect));

  it('quotes every name for its dialect', () => {
    const relation = { name: 'odd"na`me', columns: ['id integer *', 'name text'] };
    expect(ask('How many odd na me are there?', 'sqlite', relation)).toContain('FROM "odd""na`me"');
    expect(ask('How many odd na me are there?', 'mysql', relation)).toContain('FROM `odd"na``me`');
  });

  it('escapes strings for its dialect', () => {
    const relation = { name: 'notes', columns: ['id integer *', 'title text'] };
    const question = 'notes whose title is "a\\\' OR 1=1 -- "';
    expect(ask(question, 'sqlite', relation)).toContain(`'a\\'' OR 1=1 -- '`);
    expect(ask(question, 'mysql', relation)).toContain(`'a\\\\'' OR 1=1 -- '`);
  });

  it('does not guess between two foreign keys to the same relation', () => {
    const keys = ['home_id', 'away_id'].map((column) => ({ columns: [column], relation: 'teams', referenced: ['id'] }));
    const teams = { name: 'teams', columns: ['id integer *', 'name text'] };
    const games = { name: 'games', columns: ['id integer *', 'home_id integer', 'away_id integer'], foreignKeys: keys };
    expect(ask('number of games per team', 'sqlite', teams, games)).toBeNull();
  });

  it('does not multiply a sum by a join to many rows', () => {
    const found = sqlOf(translate('What is the total amount of payments for customers in Mombasa?'));
    expect(found).toContain('FROM "payments" JOIN');
    expect(sqlOf(translate('total order total per product'))).toBeNull();
  });

  it('compares a year kept as a number', () => {
    const relation = { name: 'films', columns: ['id integer *', 'title text', 'year integer'] };
    expect(ask('How many films are there in 1999?', 'mysql', relation)).toContain('WHERE `year` = 1999');
  });
});

describe('catalogs that others made', () => {
  const key = (column: string, relation: string, referenced: string) => ({
    columns: [column],
    relation,
    referenced: [referenced],
  });
  const school = viewOf(
    { name: 'Students', columns: ['StuID integer *', 'LName text', 'Fname text', 'DateOfBirth date', 'Major text'] },
    { name: 'Course', columns: ['crs_code text *', 'crs_title text', 'Credits integer', 'hours_count integer'] },
    {
      name: 'Enrolled_in',
      columns: ['StuID integer *', 'crs_code text *', 'grade integer'],
      foreignKeys: [key('StuID', 'Students', 'StuID'), key('crs_code', 'Course', 'crs_code')],
    },
    {
      name: 'course_attendance',
      columns: ['id integer *', 'StuID integer', 'crs_code text', 'seen_on date'],
      foreignKeys: [key('StuID', 'Students', 'StuID'), key('crs_code', 'Course', 'crs_code')],
    },
  );
  const houses = viewOf(
    { name: 'Apartments', columns: ['apt_id integer *', 'apt_number text', 'rooms_number integer', 'Built integer'] },
    { name: 'useracct', columns: ['u_id integer *', 'name text', 'building_manager text'] },
    { name: 'film', columns: ['film_id integer *', 'title text', 'directed_by text'] },
  );
  const ask = (question: string, view: PrincipalView): string => {
    const found = askOver(view, question);
    return found.kind === 'sql' ? found.candidate.sql.replaceAll('"', '') : found.message;
  };

  it('ties many to many by the relation that points at both, and by the one that a verb names', () => {
    expect(ask('How many students attended each course?', school)).toContain('FROM course_attendance JOIN');
    expect(ask('last names of students who attended the course "Logic"', school)).toContain(
      "EXISTS (SELECT 1 FROM course_attendance JOIN Course ON course_attendance.crs_code = Course.crs_code WHERE course_attendance.StuID = Students.StuID AND Course.crs_title = 'Logic'",
    );
    // Two relations tie them, and nothing says which is meant.
    expect(ask('last names of students with courses', school)).not.toContain('SELECT');
  });

  it('groups by no relation that nobody named, and takes no other way where two lead there themselves', () => {
    const dorms = viewOf(
      { name: 'people', columns: ['id integer *', 'last_name text', 'sex text'] },
      { name: 'dorms', columns: ['id integer *', 'name text', 'gender text'] },
      {
        name: 'lives_in',
        columns: ['person integer *', 'dorm integer *'],
        foreignKeys: [key('person', 'people', 'id'), key('dorm', 'dorms', 'id')],
      },
      {
        name: 'faults',
        columns: ['id integer *', 'found_by integer', 'mended_by integer'],
        foreignKeys: [key('found_by', 'people', 'id'), key('mended_by', 'people', 'id')],
      },
      {
        name: 'fault_notes',
        columns: ['fault_id integer *', 'person integer *'],
        foreignKeys: [key('fault_id', 'faults', 'id'), key('person', 'people', 'id')],
      },
    );
    expect(ask('How many people live in each dorm?', dorms)).toContain(
      'COUNT(*) AS number_of_people FROM lives_in JOIN',
    );
    expect(ask('How many people are there for each gender?', dorms)).toMatch(/^I do not know how/);
    expect(ask('faults of people whose last name is "Bosco"', dorms)).not.toContain('SELECT');
  });

  it('orders downwards whatever stands beside "descending"', () => {
    for (const words of ['ordered in descending alphabetical order', 'sorted by last name in descending'])
      expect(ask(`last names of students ${words}`, school)).toBe('SELECT LName FROM Students ORDER BY LName DESC');
  });

  it('averages over tied rows only where each is tied once, and adds them up never', () => {
    const answer = 'SELECT Students.LName';
    expect(ask('average credits of courses enrolled in per students last name', school)).not.toContain('SUM');
    expect(ask('total credits of courses for each student', school)).not.toContain(answer);
  });

  it('takes full names, dates of birth and codes for what they are', () => {
    expect(ask('What are the full names of the students?', school)).toBe('SELECT Fname, LName FROM Students');
    expect(ask('Who is the oldest student?', school)).toContain('ORDER BY DateOfBirth LIMIT 1');
    expect(ask('What is the title of the course CIS-220?', school)).toContain("crs_code = 'CIS-220'");
    expect(ask('Show all majors', school)).toBe('SELECT DISTINCT Major FROM Students');
    expect(ask('Show all the information about the students', school)).toBe('SELECT * FROM Students');
  });

  it('adds up a column that holds a number, and counts rows else', () => {
    expect(ask('What is the total number of hours of courses?', school)).toContain('SUM(hours_count)');
    expect(ask('How many courses are there?', school)).toContain('COUNT(*)');
    expect(ask('What is the average number of hours of courses?', school)).toContain('AVG(hours_count)');
  });

  it('reads names that shorten, lengthen or misspell a word, and no other word for one', () => {
    expect(ask('Show the apartment numbers', houses)).toContain('SELECT apt_number');
    expect(ask('How many users are there?', houses)).toContain('FROM useracct');
    expect(ask('Show all directors of films', houses)).toContain('SELECT directed_by');
    expect(ask('How many apartmets are there?', houses)).toContain('FROM Apartments');
    expect(ask('How many departments are there?', houses)).toMatch(/^I do not know what "departments" means here/);
    expect(ask('names of users managed by "Emma"', houses)).toContain("building_manager = 'Emma'");
  });

  it('names what others ask for, and shows people all of their own', () => {
    const filter = { kind: 'literal', type: 'integer', value: '1' } as unknown as Expression;
    const view = viewOf({ name: 'tickets', columns: ['id integer *', 'title text', 'status text'], filter });
    const today = { year: 2026, month: 3, day: 15 };
    const known = { view, metrics: [], currency: null, dialect: 'sqlite', today, sharedValues: new Map() } as const;
    const own = translateOffline({ question: 'What are my tickets?', ...known, principal: customer(7) });
    expect(sqlOf(own)).toBe('SELECT * FROM "tickets"');
    expect(ask('What are the tickets?', view)).toBe('SELECT title FROM tickets');
  });

  it('compares whole years with numbers, and leaves days to dates', () => {
    expect(ask('How many apartments were built before 1850?', houses)).toContain('WHERE Built < 1850');
    expect(ask('How many apartments were built in 1850?', houses)).toContain('WHERE Built = 1850');
    expect(ask('apartments built before March 1850', houses)).not.toContain('SELECT');
  });
});

describe('words of a status', () => {
  const view = viewOf(
    { name: 'tickets', columns: ['id integer *', 'status text ?', 'opened_at datetime'] },
    { name: 'tasks', columns: ['id integer *', 'status text ?'] },
  );
  const described = new Map(
    [...view.relations].map(([key, relation]) => [
      key,
      {
        ...relation,
        columns: new Map(
          [...relation.columns].map(([name, column]) => [
            name,
            { ...column, description: name === 'status' ? 'open, waiting or closed.' : null },
          ]),
        ),
      },
    ]),
  );
  const ask = (question: string, relations = view.relations, values: readonly string[] = []) =>
    sqlOf(
      translateOffline({
        question,
        metrics: [],
        currency: null,
        view: { ...view, relations },
        principal: admin(),
        dialect: 'mysql',
        today: { year: 2026, month: 3, day: 15 },
        sharedValues: new Map([
          ['tickets.status', values],
          ['tasks.status', values],
        ]),
      }),
    );
  const open = "SELECT * FROM `tickets` WHERE `status` = 'open'";

  it('are taken from the rows that the principal sees', () => {
    expect(ask('open tickets', view.relations, ['open', 'closed'])).toBe(open);
    expect(ask('list tickets that are open', view.relations, ['open', 'closed'])).toBe(open);
  });

  it('are taken from the description where no row has them now', () => {
    expect(ask('open tickets', described, ['closed'])).toBe(open);
    expect(ask('list tickets that are open', described, ['closed'])).toBe(open);
  });

  it('are not guessed: a word that is neither is asked about', () => {
    expect(ask('lost tickets', view.relations, ['open', 'closed'])).toBeNull();
    expect(ask('lost tickets', described, ['closed'])).toBeNull();
    expect(ask('list tickets that are lost', described, ['closed'])).toBeNull();
  });
});

describe('what a question says of amounts and dates', () => {
  const ask = (question: string, ...relations: readonly ShortRelation[]) =>
    translateOffline({
      question,
      metrics: [],
      currency: 'KES',
      view: viewOf(...relations),
      principal: admin(),
      dialect: 'sqlite',
      today: { year: 2026, month: 3, day: 15 },
      sharedValues: new Map(),
    });

  it('names the currency of the policy only for columns in that currency', () => {
    const imports: ShortRelation = { name: 'imports', columns: ['id integer *', 'price decimal #USD'] };
    expect(sqlOf(ask('imports over 500 USD', imports))).toBe('SELECT * FROM "imports" WHERE "price" > 500');
    for (const amount of ['500 KES', 'KES 500', '500 shillings'])
      expect([amount, ask(`imports over ${amount}`, imports).kind]).not.toEqual([amount, 'sql']);
  });

  it('is about the event, not about the dates of what it is grouped by', () => {
    const key = (column: string, relation: string) => ({ columns: [column], relation, referenced: ['id'] });
    const shop: readonly ShortRelation[] = [
      { name: 'orders', columns: ['id integer *', 'ordered_at datetime'] },
      { name: 'products', columns: ['id integer *', 'name text', 'released_on date'] },
      {
        name: 'lines',
        columns: ['id integer *', 'order_id integer', 'product_id integer', 'quantity integer'],
        foreignKeys: [key('order_id', 'orders'), key('product_id', 'products')],
      },
    ];
    for (const question of ['total quantity per product in 2025', 'top 5 products by quantity in 2025'])
      expect(sqlOf(ask(question, ...shop))).toContain('WHERE "orders"."ordered_at" >= ');
    expect(sqlOf(ask('total quantity per product released in 2025', ...shop))).toContain(
      'WHERE "products"."released_on" >= ',
    );
  });
});
