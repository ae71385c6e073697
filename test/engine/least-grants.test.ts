import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogRelation } from '../../src/catalog/catalog.js';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import { readInvokerViews } from '../../src/catalog/read-invoker-views.js';
import { demoAccounts } from '../../src/demo/demo-accounts.js';
import { makeDemo } from '../../src/demo/make-demo.js';
import type { Candidate } from '../../src/domain/candidate.js';
import { EMPLOYEE_ROLES, type Principal, type PrincipalKind } from '../../src/domain/principal.js';
import type { SealedStatement } from '../../src/domain/sealed-statement.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createExecute } from '../../src/execute/execute.js';
import { describeExcessReads } from '../../src/policy/excess-reads.js';
import { readPolicy } from '../../src/policy/policy.js';
import { createSeal } from '../../src/seal/index.js';
import { createJudges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import { matchVerified } from '../../src/translate/verified.js';
import { describeEngines, type EngineUnderTest } from '../engines/engines.js';
import { sameRows } from '../support/compare-rows.js';
import { makeLeastAccounts, printFrom, urlsByKind } from '../support/least-accounts.js';
import { admin, customer, employee } from '../support/principals.js';
import { callerSql, readFixture } from '../support/seal-engine.js';
import { parseSealedCases } from '../support/sealed-cases.js';
import { shopScript } from '../support/shop.js';

const HASH_KEY = 'k'.repeat(32);
const quote = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/** One source, opened twice: as its owner, and with an account for each kind that holds what is printed. */
async function openTwice(engine: EngineUnderTest, text: string, name: string) {
  const owner = await openSource({ url: engine.url, allowWideGrants: true });
  const whole = await readCatalog(owner);
  const options = { source: name, hashKey: HASH_KEY };
  const accounts = await makeLeastAccounts(
    engine,
    printFrom(readPolicy(text, `${name}.yaml`, { ...options, catalog: whole }), whole),
  );
  // Without the override: an account that could do more than read would stop it.
  const least = await openSource({ url: accounts.urls.catalog, urlsByKind: urlsByKind(accounts) });
  const catalog = await readCatalog(least);
  const policy = readPolicy(text, `${name}.yaml`, { ...options, catalog });
  const judges = createJudges({ timeoutMs: 20_000, threads: 1 });
  const { seal } = createSeal({ catalog, judges });
  const [asOwner, asLeast] = [createExecute(owner), createExecute(least)];
  return {
    owner,
    least,
    whole,
    catalog,
    policy,
    accounts,
    /** Seals for a principal and runs it with both: false where the seal refuses the text. */
    async runBoth(candidate: Candidate, principal: Principal): Promise<boolean> {
      let sealed: SealedStatement;
      try {
        sealed = await seal(candidate, principal, policy.viewFor(principal));
      } catch (error) {
        if (error instanceof SwaliError && error.code.startsWith('SEAL_')) return false;
        throw error;
      }
      const expected = await asOwner(sealed);
      const seen = await asLeast(sealed).catch((error: unknown) => {
        throw new Error(`${principal.kind}: ${sealed.sql}`, { cause: error });
      });
      // Without a row rule a LIMIT takes what the server meets first, which may be another row the next time.
      const isSame = sealed.filtered
        ? sameRows(seen.rows, expected.rows)
        : seen.rows.length === expected.rows.length && seen.types.join() === expected.types.join();
      expect([sealed.sql, isSame]).toEqual([sealed.sql, true]);
      return true;
    },
    async close() {
      await judges.close();
      await least.close();
      await owner.close();
      await accounts.drop();
    },
  };
}

type Opened = Awaited<ReturnType<typeof openTwice>>;

/** Statements over everything that a principal sees: each column grouped, ordered, gathered and windowed, and relations joined. */
function writeStatements({ policy }: Opened, principal: Principal): readonly string[] {
  const relations = [...policy.viewFor(principal).relations.values()].map(({ relation, columns }) => ({
    name: quote(relation.name),
    columns: [...columns.values()].map(({ column }) => quote(column.name)),
  }));
  const alone = relations.flatMap(({ name, columns }) => [
    `SELECT * FROM ${name} LIMIT 5`,
    `SELECT COUNT(*) FROM ${name}`,
    `WITH w AS (SELECT 1 AS n FROM ${name} LIMIT 3) SELECT COUNT(*) FROM w`,
    ...columns.map(
      (column) =>
        `SELECT ${column}, COUNT(*), ROW_NUMBER() OVER (ORDER BY ${column}), (SELECT GROUP_CONCAT(${column}) FROM ${name}) FROM ${name} WHERE ${column} IS NOT NULL GROUP BY ${column} ORDER BY ${column} LIMIT 3`,
    ),
  ]);
  // Each relation with itself and with the next one.
  const pairs = relations.flatMap((left, index) =>
    [0, 1].map((step) => [left, relations[(index + step) % relations.length]!] as const),
  );
  const joined = pairs.flatMap(([left, right]) => [
    `SELECT COUNT(*) FROM ${left.name} AS l WHERE EXISTS (SELECT 1 FROM ${right.name} AS r WHERE r.${right.columns[0]} = l.${left.columns[0]})`,
    `SELECT l.${left.columns.at(-1)} FROM ${left.name} AS l LEFT JOIN ${right.name} AS r ON r.${right.columns[0]} = l.${left.columns[0]} LIMIT 3`,
    `SELECT COUNT(*) FROM ${left.name} AS l NATURAL JOIN ${right.name} AS r`,
    `SELECT l.${left.columns[0]} FROM ${left.name} AS l UNION ALL SELECT ${right.columns[0]} FROM ${right.name} LIMIT 3`,
  ]);
  return [...alone, ...joined];
}

async function runAll(opened: Opened, statements: readonly string[], principal: Principal): Promise<number> {
  let ran = 0;
  for (const sql of statements) if (await opened.runBoth(callerSql(sql), principal)) ran += 1;
  return ran;
}

/**
 * What an account reads past the gateway, column by column and `*`: what its kind sees in any role and not by the mask
 * "null", and what `besides` says.
 */
async function assertDirectly(
  { accounts, policy, whole }: Opened,
  kind: PrincipalKind,
  besides: readonly string[],
): Promise<number> {
  const connection = await createConnection({ uri: accounts.urls[kind].replace(/^mariadb:/, 'mysql:') });
  const read = async (sql: string): Promise<string> => {
    try {
      await connection.query(sql);
      return 'read';
    } catch (error) {
      const { errno } = error as { readonly errno?: number };
      return errno === 1142 || errno === 1143 ? 'refused' : `failed with ${errno}`;
    }
  };
  const everything = [...whole.relations.values()].map((relation) => relation.name);
  const roles: readonly Principal[] =
    kind === 'employee'
      ? EMPLOYEE_ROLES.map((role) => employee(everything, role))
      : [kind === 'admin' ? admin() : customer(121)];
  const isOpen = (relation: CatalogRelation, column: string): boolean =>
    besides.includes(`${relation.name}.${column}`) ||
    roles.some((role) =>
      [...policy.viewFor(role).relations.values()].some(
        (seen) =>
          seen.relation.name === relation.name &&
          [...seen.columns.values()].some((each) => each.column.name === column && !isNullMask(each.mask)),
      ),
    );
  let refused = 0;
  try {
    for (const relation of whole.relations.values()) {
      const open = relation.columns.filter(({ name }) => isOpen(relation, name));
      for (const { name } of relation.columns) {
        const expected = open.some((column) => column.name === name) ? 'read' : 'refused';
        if (expected === 'refused') refused += 1;
        const sql = `SELECT ${quote(name)} FROM ${quote(relation.name)} LIMIT 1`;
        expect([kind, sql, await read(sql)]).toEqual([kind, sql, expected]);
        const where = `SELECT 1 FROM ${quote(relation.name)} WHERE ${quote(name)} IS NOT NULL LIMIT 1`;
        expect([kind, where, await read(where)]).toEqual([kind, where, expected]);
      }
      const star = `SELECT * FROM ${quote(relation.name)} LIMIT 1`;
      const expected = open.length === relation.columns.length ? 'read' : 'refused';
      expect([kind, star, await read(star)]).toEqual([kind, star, expected]);
      const count = `SELECT COUNT(*) FROM ${quote(relation.name)}`;
      expect([kind, count, await read(count)]).toEqual([kind, count, open.length > 0 ? 'read' : 'refused']);
    }
    expect(await read('SELECT COUNT(*) FROM mysql.user')).toBe('refused');
    expect(await read(`CREATE TABLE made (id INT)`)).toBe('refused');
  } finally {
    connection.destroy();
  }
  return refused;
}

function isNullMask(mask: { readonly kind: string } | null): boolean {
  return mask?.kind === 'cast' && 'operand' in mask && (mask.operand as { readonly kind: string }).kind === 'null';
}

/** Everything that holds whatever the policy is. */
function holdInGeneral(get: () => Opened): void {
  it('start, and hold no right that is more than the policy needs', () => {
    const { least, policy, catalog } = get();
    expect(least.grantFaults).toEqual([]);
    expect(least.fenceFaults).toEqual([]);
    expect(least.accounts.map(({ kinds, readsCatalog }) => [kinds.join(), readsCatalog])).toEqual([
      ['customer', false],
      ['employee', false],
      ['admin', false],
      ['', true],
    ]);
    expect(describeExcessReads(least.accounts, policy, catalog)).toEqual([]);
    expect(least.accounts.every(({ reads }) => reads.length > 0)).toBe(true);
  });

  it('do not see a key or an index wider than it is', () => {
    const { whole, catalog } = get();
    for (const [fold, seen] of catalog.relations) {
      const real = whole.relations.get(fold) as CatalogRelation;
      expect([[], real.primaryKey]).toContainEqual(seen.primaryKey);
      for (const index of seen.indexes.filter(({ unique }) => unique)) expect(real.indexes).toContainEqual(index);
    }
  });
}

const SERVERS = ['mariadb', 'mysql'] as const;

describeEngines(
  'the least accounts of the demonstration',
  'SELECT 1',
  (engine) => {
    let opened: Opened;
    beforeAll(async () => {
      await makeDemo({ target: engine.url, scale: 1, seed: 2026, today: '2026-07-15' });
      const text = readFileSync(join(import.meta.dirname, '../../sql-policies/demo.yaml'), 'utf8');
      opened = await openTwice(engine, text, 'demo');
    }, 120_000);
    afterAll(() => opened?.close());
    holdInGeneral(() => opened);

    const everyone = (): readonly Principal[] => {
      const tables = [...opened.whole.relations.keys()];
      const number = demoAccounts()[0]!.customerNumber!;
      return [customer(number), admin(), ...EMPLOYEE_ROLES.map((role) => employee(tables, role))];
    };

    it('run every verified question of every caller', async () => {
      const words: Readonly<Record<string, string>> = {
        year: '2025',
        order_id: '2',
        country: 'Kenya',
        category: 'Coffee and tea',
        from_day: '2026-01-01',
        to_day: '2026-04-01',
      };
      let ran = 0;
      for (const principal of everyone()) {
        const verified = opened.policy.verifiedFor(principal);
        for (const { question } of verified) {
          const typed = question.replace(/\{(\w+)\}/g, (_, name: string) => words[name]!);
          const found = matchVerified(typed, verified, { year: 2026, month: 7, day: 15 });
          if (found?.kind === 'sql' && (await opened.runBoth(found.candidate, principal))) ran += 1;
        }
      }
      expect(ran).toBeGreaterThanOrEqual(60);
    }, 120_000);

    it('run statements over all that each caller sees', async () => {
      for (const principal of everyone().filter(({ role }) => role !== 'member' && role !== 'manager')) {
        const statements = writeStatements(opened, principal);
        const ran = await runAll(opened, statements, principal);
        expect([principal.kind, ran > 0.9 * statements.length, ran > 120]).toEqual([principal.kind, true, true]);
      }
    }, 600_000);

    it.each([
      ['customer', 25],
      ['employee', 1],
      ['admin', 1],
    ] as const)('of a %s are refused by the database what the policy closes', async (kind, least) => {
      expect(await assertDirectly(opened, kind, [])).toBeGreaterThanOrEqual(least);
    });
  },
  SERVERS,
);

const shopScripts = { sqlite: '', mariadb: shopScript('mariadb'), mysql: shopScript('mysql') };

describeEngines(
  'the least accounts of the shop',
  shopScripts,
  (engine) => {
    describe.each([
      ['shop', 30],
      ['narrow', 8],
    ] as const)('under the policy %s', (name, leastCases) => {
      let opened: Opened;
      beforeAll(async () => {
        opened = await openTwice(engine, readFixture(`policies/mysql/${name}.yaml`), name);
      }, 120_000);
      afterAll(() => opened?.close());
      holdInGeneral(() => opened);

      it('run the texts of the fixtures and statements over all that each caller sees', async () => {
        const cases = parseSealedCases(readFixture(`sql/seal.${engine.dialect}.sql`)).map(({ sql }) => sql);
        for (const principal of [customer(121), employee([...opened.whole.relations.keys()]), admin()]) {
          expect(await runAll(opened, cases, principal)).toBeGreaterThanOrEqual(leastCases);
          expect(await runAll(opened, writeStatements(opened, principal), principal)).toBeGreaterThan(35);
        }
      }, 300_000);

      it.each(['customer', 'employee', 'admin'] as const)(
        'of a %s are refused by the database what the policy closes',
        async (kind) => {
          expect(await assertDirectly(opened, kind, [])).toBeGreaterThanOrEqual(2);
        },
      );
    });
  },
  SERVERS,
);

/** Names that must be quoted, rules that read closed columns, masks that read nothing, views and generated columns. */
const ODD = `
CREATE TABLE \`o,dd) (\` (\`i\`\`d\` INT PRIMARY KEY, \`a, b\` INT NOT NULL, \`it's (x)\` VARCHAR(20), \`back\\slash\` INT, closed INT NOT NULL,
  UNIQUE KEY half (\`a, b\`, closed), doubled INT AS (closed * 2) STORED, virtual_one INT AS (closed + 1) VIRTUAL);
CREATE TABLE owners (id INT PRIMARY KEY, person INT NOT NULL, secret INT, KEY by_person (person));
CREATE TABLE only_counted (id INT PRIMARY KEY, word VARCHAR(20), other INT);
CREATE TABLE unlisted (id INT PRIMARY KEY, word VARCHAR(20));
CREATE VIEW seen AS SELECT id, word, other FROM only_counted;
CREATE SQL SECURITY INVOKER VIEW invoked AS SELECT id, word FROM only_counted;
INSERT INTO \`o,dd) (\` (\`i\`\`d\`, \`a, b\`, \`it's (x)\`, \`back\\slash\`, closed) VALUES (1, 10, 'x', 5, 7), (2, 20, NULL, 6, 8);
INSERT INTO owners VALUES (10, 121, 1), (20, 122, 2);
INSERT INTO only_counted VALUES (1, 'one', 1), (2, 'two', 2);
INSERT INTO unlisted VALUES (1, 'x')`;

const ODD_POLICY = `
version: 1
source: odd
dialect: mysql
relations:
  "o,dd) (":
    open_to: [customer, employee, admin]
    rows:
      customer: "closed > 0 AND \`a, b\` IN (SELECT id FROM owners WHERE person = :customer_number)"
      employee: all
      employee:manager: "doubled IS NOT NULL AND EXISTS (SELECT 1 FROM unlisted)"
    columns:
      "i\`d": {}
      "a, b": { hidden_from: [customer, employee] }
      "it's (x)": { mask: hash, for: [customer] }
      "back\\\\slash": { hidden_from: ["employee:accountant"] }
      doubled: { hidden_from: [customer, employee, admin] }
  only_counted:
    open_to: [customer, admin]
    rows: { customer: all }
    columns: { word: { mask: "null" } }
  seen:
    open_to: [admin]
    columns: { id: {}, word: { mask: { last: 2 } } }
  owners:
    open_to: [admin]
    columns: { id: {} }
`;

describeEngines(
  'the least accounts of a database with odd names',
  ODD,
  (engine) => {
    let opened: Opened;
    beforeAll(async () => {
      opened = await openTwice(engine, ODD_POLICY, 'odd');
    }, 120_000);
    afterAll(() => opened?.close());
    holdInGeneral(() => opened);

    it('run statements over all that each caller sees', async () => {
      const tables = [...opened.whole.relations.keys()];
      for (const principal of [customer(121), admin(), ...EMPLOYEE_ROLES.map((role) => employee(tables, role))])
        expect(await runAll(opened, writeStatements(opened, principal), principal)).toBeGreaterThanOrEqual(10);
      expect(await opened.runBoth(callerSql('SELECT `i``d` FROM `o,dd) (`'), customer(121))).toBe(true);
    }, 120_000);

    it.each([
      // What the row rule names, and the one column by which rows can be counted.
      ['customer', ['o,dd) (.closed', 'o,dd) (.a, b', 'owners.id', 'owners.person', 'only_counted.word']],
      ['employee', ['o,dd) (.doubled', 'unlisted.id']],
      ['admin', ['only_counted.word']],
    ] as const)('of a %s read what its rules name and nothing else', async (kind, besides) => {
      expect(await assertDirectly(opened, kind, besides)).toBeGreaterThanOrEqual(10);
    });

    it('knows the views that read with the rights of whoever asks', async () => {
      expect([...(await readInvokerViews(opened.owner))]).toEqual(['invoked']);
    });

    it.each([
      ['SELECT (`closed`) ON `DB`.`o,dd) (`', 'account for admin: SELECT on closed of o,dd) ('],
      ['SELECT ON `DB`.`unlisted`', 'account for admin: SELECT on unlisted, of which nothing is needed'],
      ['SELECT (`secret`) ON `DB`.`owners`', 'account for admin: SELECT on secret of owners'],
      [
        'SELECT ON `DB`.`owners`',
        'account for admin: SELECT on every column of owners, those added later too, of which person is not needed',
      ],
      ['SELECT ON `PATTERN`.*', 'account for admin: SELECT on PATTERN: every table there, those added later too'],
    ])('is told of more: GRANT %s', async (right, expected) => {
      const database = new URL(engine.url).pathname.slice(1);
      const pattern = database.replaceAll('_', '\\_');
      const name = opened.accounts.names.admin.replace(/^(.*)@(.*)$/, "'$1'@'$2'");
      const spelled = right.replaceAll('DB', database).replaceAll('PATTERN', pattern);
      await engine.runAsOwner(`GRANT ${spelled} TO ${name}`);
      try {
        const again = await openSource({ url: opened.accounts.urls.catalog, urlsByKind: urlsByKind(opened.accounts) });
        try {
          const more = describeExcessReads(again.accounts, opened.policy, opened.catalog);
          expect(more).toContain(expected.replace('PATTERN', pattern));
        } finally {
          await again.close();
        }
      } finally {
        await engine.runAsOwner(`REVOKE ${spelled} FROM ${name}`);
      }
    });
  },
  SERVERS,
);
