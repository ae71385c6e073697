import type { Catalog } from '../../catalog/catalog.js';
import { readCatalog } from '../../catalog/read-catalog.js';
import { createRandom } from '../../demo/random.js';
import type { Principal } from '../../domain/principal.js';
import { type Policy, readPolicy } from '../../policy/policy.js';
import { openSource } from '../../source/open-source.js';
import { type DatabaseMaker, type DroppableDatabase, makeDatabases } from '../databases.js';
import { mutateTables } from '../mutate.js';
import {
  isAllPlain,
  type Judge,
  judgeOf,
  type Marks,
  markRows,
  plainRows,
  type SliceOptions,
  sliceRows,
} from '../slice.js';
import { readAccess } from '../slice-access.js';
import { nameCell, type RowRule } from '../slice-rules.js';
import type { Cell, OwnedDatabase, World, WorldEntry, WorldOptions } from '../world.js';
import { plainColumnNames, printPlainTable } from './plain-tables.js';
import { printInserts, quoteName } from './print-cell.js';
import { storeChanges } from './store-changes.js';
import {
  makeTables,
  makeViews,
  printRows,
  type Row,
  readSchema,
  readTables,
  runTogether,
  type Schema,
  type StoredTables,
  tablesOf,
} from './stored-tables.js';
import { trimTables } from './trim.js';

/** Who asks a world, and under which rules. */
export interface WorldRules {
  readonly policyText: string;
  /** Meaning of each row rule, by its text in the policy. */
  readonly rules: ReadonlyMap<string, RowRule>;
  readonly principals: readonly Principal[];
  readonly tenancy?: boolean;
  /** Tables that an open view shows, by the view's name. They are open whole through it, so no policy may hide of them. */
  readonly shownBy?: ReadonlyMap<string, readonly string[]>;
}

/** How a world is made. */
export interface WorldPlan {
  readonly name: string;
  /** Makes tables and rows in an empty database. */
  fill(database: DroppableDatabase): Promise<void>;
  rulesFor(catalog: Catalog, tables: StoredTables): WorldRules;
  /** Most rows of a table; nothing is left out where it is absent. */
  readonly mostRows?: number;
}

/** Key of the mask `hash` in every world. */
const HASH_KEY = 'a key of the proof harness, forty bytes.';
/** Cells of a column that attackers are told. */
const SAMPLES = 14;

async function readCatalogOf(database: OwnedDatabase): Promise<Catalog> {
  const source = await openSource({ url: database.url, size: 1, allowWideGrants: true });
  try {
    return await readCatalog(source);
  } finally {
    await source.close();
  }
}

/** What is known of one principal of an open world. */
interface Person {
  readonly options: SliceOptions;
  readonly judge: Judge;
  readonly marks: Marks;
}

class OpenWorld implements World {
  readonly samples: World['samples'];
  private readonly people = new Map<Principal, Person>();
  private readonly slices = new Map<Principal, Promise<OwnedDatabase>>();
  private readonly plains = new Map<Principal, Promise<OwnedDatabase>>();
  private readonly mutated = new Map<Principal, DroppableDatabase[]>();

  constructor(
    readonly name: string,
    readonly catalog: Catalog,
    readonly policy: Policy,
    readonly principals: readonly Principal[],
    readonly full: DroppableDatabase,
    private readonly databases: DatabaseMaker,
    private readonly schema: Schema,
    private readonly tables: StoredTables,
    views: StoredTables,
    personOf: (principal: Principal, tables: StoredTables) => Person,
  ) {
    for (const principal of principals) this.people.set(principal, personOf(principal, tables));
    this.samples = this.takeSamples(views);
  }

  get dialect(): Catalog['dialect'] {
    return this.catalog.dialect;
  }

  private personOf(principal: Principal): Person {
    const person = this.people.get(principal);
    if (!person) throw new Error(`${principal.subject} is not of the world ${this.name}`);
    return person;
  }

  /** Own cells of each principal first, then others; each value once. */
  private takeSamples(views: StoredTables): World['samples'] {
    const samples = new Map<string, ReadonlyMap<string, readonly Cell[]>>();
    for (const relation of this.catalog.relations.values()) {
      const rows = this.tables.get(relation.name) ?? views.get(relation.name) ?? [];
      const own = [...this.people.values()].flatMap(({ marks }) =>
        rows.filter((_, index) => marks.get(relation.name)?.[index] === 'own').slice(0, 3),
      );
      // Some from everywhere: the first rows may all be one owner's.
      const step = Math.max(1, Math.floor(rows.length / SAMPLES));
      const some = [...own, ...rows.filter((_, index) => index % step === 0)];
      samples.set(
        relation.name,
        new Map(
          relation.columns.map((column, index) => {
            const cells = new Map(some.map((row) => [nameCell(row[index] ?? null), row[index] ?? null]));
            return [column.name, [...cells.values()].slice(0, SAMPLES)];
          }),
        ),
      );
    }
    return samples;
  }

  private async makeCopy(rows: StoredTables): Promise<DroppableDatabase> {
    const database = await this.databases.create();
    await makeTables(database, this.schema);
    const inserts = tablesOf(this.catalog).flatMap((relation) =>
      printRows(relation, rows.get(relation.name) ?? [], this.catalog),
    );
    await runTogether(database, inserts, this.catalog);
    await makeViews(database, this.schema.views);
    return database;
  }

  sliceFor(principal: Principal): Promise<OwnedDatabase> {
    const known = this.slices.get(principal);
    if (known) return known;
    const { marks, options } = this.personOf(principal);
    const made = this.makeCopy(sliceRows(this.tables, marks, options));
    this.slices.set(principal, made);
    return made;
  }

  plainFor(principal: Principal): Promise<OwnedDatabase> {
    const known = this.plains.get(principal);
    if (known) return known;
    const { marks, options } = this.personOf(principal);
    // MariaDB finds other rows between texts with trailing spaces by an index than without: plain tables have only keys.
    const isShared = this.dialect !== 'mariadb' && isAllPlain(options.access, marks);
    const made = isShared ? this.sliceFor(principal) : this.makePlain(principal);
    this.plains.set(principal, made);
    return made;
  }

  private async makePlain(principal: Principal): Promise<OwnedDatabase> {
    const { marks, options } = this.personOf(principal);
    const { catalog } = this;
    const database = await this.databases.create();
    const open = [...options.access.values()].filter(({ relation }) => relation.kind === 'table');
    // Tables behind an open view are there for the view's sake.
    const behind = tablesOf(catalog).filter(({ name }) => options.backing.has(name) && !options.access.has(name));
    await makeTables(database, this.schema, (name) => behind.some((relation) => relation.name === name));
    await database.run(open.map((seen) => printPlainTable(seen, catalog, this.full.name)).join(';\n'));
    const inserts = open.flatMap((seen) => {
      const { name } = seen.relation;
      const own = (this.tables.get(name) ?? []).filter((_, index) => marks.get(name)?.[index] === 'own');
      return printInserts(name, plainColumnNames(seen), plainRows(seen, own, options), this.dialect);
    });
    const shown = behind.flatMap((relation) => printRows(relation, this.tables.get(relation.name) ?? [], catalog));
    await runTogether(database, [...inserts, ...shown], catalog);
    if (options.backing.size > 0) await makeViews(database, this.schema.views);
    return database;
  }

  async mutatedFor(principal: Principal, seed: number): Promise<OwnedDatabase> {
    const person = this.personOf(principal);
    const { catalog, tables } = this;
    const changed = mutateTables({ catalog, tables, marks: person.marks, judge: person.judge, seed });
    const database = await this.takeEmpty(principal);
    for (const relation of tablesOf(catalog)) {
      const { name } = relation;
      const rows = changed.get(name);
      if (!rows) continue;
      const isKept = (row: Row): boolean => person.judge.isVisible(name, row) || person.judge.isRead(name, row);
      const random = createRandom(seed, `order of ${name}`);
      await storeChanges(database, relation, rows, catalog, isKept, random);
    }
    if (createRandom(seed, 'analyze').chance(0.35)) await this.analyze(database);
    await this.assertKept(principal, seed, database);
    return database;
  }

  private analyze(database: OwnedDatabase): Promise<void> {
    const names = tablesOf(this.catalog).map(({ name }) => quoteName(name, this.dialect));
    return database.run(this.dialect === 'sqlite' ? 'ANALYZE' : `ANALYZE TABLE ${names.join(', ')}`);
  }

  /** What the engine stored may differ from what was written: the copy counts only if the slice in it is the same to the byte. */
  private async assertKept(principal: Principal, seed: number, database: OwnedDatabase): Promise<void> {
    const { options, marks } = this.personOf(principal);
    const stored = await readTables(database, this.catalog);
    const after = markRows(judgeOf(principal, stored, options), stored);
    for (const [name, rows] of this.tables)
      for (const mark of ['own', 'read'] as const) {
        const print = (all: readonly Row[], those: Marks) =>
          all.filter((_, index) => those.get(name)?.[index] === mark).map((row) => row.map(nameCell).join('|'));
        const [before, now] = [print(rows, marks), print(stored.get(name) ?? [], after)];
        if (before.length !== now.length || before.some((row, index) => row !== now[index]))
          throw new Error(`${this.name}: seed ${seed} changed rows of ${name} that are open to ${principal.subject}`);
      }
  }

  /** Tables without rows. Of a principal's copies the last may still be open; the one before it is used again. */
  private async takeEmpty(principal: Principal): Promise<DroppableDatabase> {
    const [oldest, ...others] = this.mutated.get(principal) ?? [];
    const mayReuse = oldest !== undefined && others.length > 0;
    if (mayReuse && this.dialect !== 'sqlite') {
      // Making and dropping tables is what takes a server's time.
      const tables = tablesOf(this.catalog).map(({ name }) => `DELETE FROM ${quoteName(name, this.dialect)}`);
      await oldest.run(tables.join(';\n'));
      this.mutated.set(principal, [...others, oldest]);
      return oldest;
    }
    if (mayReuse) await oldest.drop();
    const database = await this.databases.create();
    this.mutated.set(principal, [...(mayReuse || oldest === undefined ? [] : [oldest]), ...others, database]);
    await makeTables(database, this.schema);
    await makeViews(database, this.schema.views);
    return database;
  }

  close(): Promise<void> {
    return this.databases.close();
  }
}

async function readViews(database: OwnedDatabase, catalog: Catalog, open: ReadonlySet<string>): Promise<StoredTables> {
  const views = new Map<string, readonly Row[]>();
  for (const { name, kind } of catalog.relations.values())
    if (kind === 'view' && open.has(name))
      views.set(name, await database.query(`SELECT * FROM ${quoteName(name, catalog.dialect)}`));
  return views;
}

async function rewriteTables(
  database: OwnedDatabase,
  before: StoredTables,
  after: StoredTables,
  catalog: Catalog,
): Promise<void> {
  const statements = tablesOf(catalog).flatMap((relation) => {
    const rows = after.get(relation.name) ?? [];
    if (rows.length === before.get(relation.name)?.length) return [];
    const table = quoteName(relation.name, catalog.dialect);
    const empty = catalog.dialect === 'sqlite' ? `DELETE FROM ${table}` : `TRUNCATE TABLE ${table}`;
    return [empty, ...printRows(relation, rows, catalog)];
  });
  await runTogether(database, statements, catalog);
}

async function openPlanned(plan: WorldPlan, databases: DatabaseMaker): Promise<World> {
  const full = await databases.create();
  await plan.fill(full);
  const catalog = await readCatalogOf(full);
  const filled = await readTables(full, catalog);
  const { policyText, rules, principals, tenancy = false, shownBy = new Map() } = plan.rulesFor(catalog, filled);
  const reader = readAccess(policyText, rules, { catalog, tenancy });
  const personOf = (principal: Principal, tables: StoredTables): Person => {
    const access = reader.accessFor(principal);
    const backing = new Set([...shownBy].flatMap(([view, names]) => (access.has(view) ? names : [])));
    const options = { catalog, access, backing, hashKey: HASH_KEY };
    const judge = judgeOf(principal, tables, options);
    return { options, judge, marks: markRows(judge, tables) };
  };
  let tables = filled;
  if (plan.mostRows !== undefined) {
    const marks = principals.map((principal) => personOf(principal, filled).marks);
    tables = trimTables(filled, marks, catalog, plan.mostRows);
    await rewriteTables(full, filled, tables, catalog);
  }
  const policy = readPolicy(policyText, `${plan.name}.yaml`, { source: 'prove', catalog, tenancy, hashKey: HASH_KEY });
  const schema = await readSchema(full, catalog);
  const views = await readViews(full, catalog, new Set(shownBy.keys()));
  return new OpenWorld(plan.name, catalog, policy, principals, full, databases, schema, tables, views, personOf);
}

/** A world that a plan describes. What was made is dropped where it cannot be opened. */
export function planWorld(plan: WorldPlan, options: WorldOptions): WorldEntry {
  return {
    name: plan.name,
    open: async () => {
      const databases = makeDatabases(options);
      try {
        return await openPlanned(plan, databases);
      } catch (error) {
        await databases.close();
        throw error;
      }
    },
  };
}
