/**
 * Every database of Spider-train as one catalog: 137 databases whose relations stand side by side, as the schemas of one
 * company would. A relation keeps its name; where two databases have one of the same name (folded), each of them is called
 * `database__relation` (or `relation_1`, `relation_2` … where `collisions` is `numbered`: then no name tells of a database). Foreign keys are those that the databases declare, and lead to the renamed relations. Nothing says
 * which database a question is about.
 *
 * The policy of the benchmark opens every relation and column, and shares the values of text columns that have at most 50
 * distinct ones, which is what the gateway itself reads of a shared column (`src/shared-values.ts`).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { openView } from './open-view.mjs';
import { readGold } from './read-gold.mjs';

/** As `src/shared-values.ts`. */
const MAX_VALUES = 50;

/**
 * @param folder of the evaluation data
 * @param modules the parts of the gateway that read catalogs and SQL (from dist or src)
 * @returns `view`; `values` by `relation.column`; `questions` with `texts` (as published, and in other words) and `gold`
 *   (relation → columns); `unread`: how many golds the gateway does not read
 */
export async function mergeSpider(folder, modules, collisions = 'prefixed') {
  const { readCatalog, buildCatalog, foldName } = modules;
  const lines = readFileSync(join(folder, 'spider-train/questions.jsonl'), 'utf8').split('\n').filter(Boolean);
  const asked = lines.map((line) => JSON.parse(line)).filter(({ sql }) => sql !== null);
  const databases = new Map();
  for (const db of [...new Set(asked.map((each) => each.db))].sort()) {
    const file = new DatabaseSync(join(folder, 'spider-train/sqlite', `${db}.sqlite`), { readOnly: true });
    const inspect = async (sql, parameters = []) => file.prepare(sql).all(...parameters);
    const source = { dialect: 'sqlite', serverVersion: '3', database: 'main', inspect };
    databases.set(db, { file, catalog: await readCatalog(source) });
  }
  const owners = new Map();
  for (const { catalog } of databases.values())
    for (const fold of catalog.relations.keys()) owners.set(fold, (owners.get(fold) ?? 0) + 1);
  const numbers = new Map();
  const numberOf = (db, fold) => {
    const known = numbers.get(fold) ?? [];
    if (!known.includes(db)) numbers.set(fold, [...known, db]);
    return numbers.get(fold).indexOf(db) + 1;
  };
  const nameIn = (db, name) => {
    const fold = foldName(name);
    if (owners.get(fold) === 1) return name;
    return collisions === 'numbered' ? `${name}_${numberOf(db, fold)}` : `${db}__${name}`;
  };

  const relations = [];
  const values = new Map();
  for (const [db, { file, catalog }] of databases) {
    for (const relation of catalog.relations.values()) {
      const name = nameIn(db, relation.name);
      const foreignKeys = relation.foreignKeys
        .filter((key) => catalog.relations.has(foldName(key.relation)))
        .map((key) => ({ ...key, relation: nameIn(db, catalog.relations.get(foldName(key.relation)).name) }));
      relations.push({ ...relation, name, foreignKeys });
      for (const { name: column, family } of relation.columns) {
        if (family !== 'text') continue;
        const found = readValues(file, relation.name, column);
        if (found.length > 0) values.set(`${name}.${column}`, found);
      }
    }
  }
  const questions = [];
  let unread = 0;
  for (const { id, db, question, question_syn, sql } of asked) {
    try {
      const read = readGold(sql, databases.get(db).catalog, modules);
      const gold = new Map([...read].map(([name, columns]) => [nameIn(db, name), columns]));
      questions.push({ id, db, texts: { question, paraphrase: question_syn ?? question }, gold });
    } catch {
      unread += 1;
    }
  }
  for (const { file } of databases.values()) file.close();
  const catalog = buildCatalog('sqlite', '3', 'main', relations);
  return { view: openView(catalog, values, modules), values, questions, unread, databases: databases.size };
}

function readValues(file, relation, column) {
  const [from, what] = [relation, column].map((name) => `"${name.replaceAll('"', '""')}"`);
  const sql = `SELECT DISTINCT ${what} AS value FROM ${from} WHERE ${what} IS NOT NULL ORDER BY 1 LIMIT ${MAX_VALUES + 1}`;
  const rows = file.prepare(sql).all();
  return rows.length > MAX_VALUES ? [] : rows.map(({ value }) => String(value));
}
