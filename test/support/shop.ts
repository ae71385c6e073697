import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dialect } from '../../src/domain/dialect.js';

const root = join(import.meta.dirname, '../..');

/** One statement of the attack or benign corpus. */
export interface CorpusStatement {
  readonly id: number;
  readonly sql: string;
}

/** Statements of `fixtures/attacks/<family>-<set>.jsonl`. */
export function readCorpus(dialect: Dialect, set: 'attacks' | 'benign'): CorpusStatement[] {
  const family = dialect === 'sqlite' ? 'sqlite' : 'mysql';
  const text = readFileSync(join(root, 'fixtures/attacks', `${family}-${set}.jsonl`), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as CorpusStatement);
}

/** MySQL has no sequence engine: each `seq_1_to_9` becomes a recursive common table. */
function spellOutSequences(sql: string): string {
  let count = 0;
  return sql.replace(/\bseq_(\d+)_to_(\d+)\b( [a-z]\b)?/g, (_all, from, to, alias) => {
    const name = `g${++count}`;
    return `(WITH RECURSIVE ${name}(seq) AS (SELECT ${from} UNION ALL SELECT seq + 1 FROM ${name} WHERE seq < ${to}) SELECT seq FROM ${name})${alias ?? ` ${name}x`}`;
  });
}

/** The script that makes the shop of the corpora on one engine. */
export function shopScript(dialect: Dialect): string {
  if (dialect === 'sqlite') return readFileSync(join(root, 'fixtures/schemas/shop-sqlite.sql'), 'utf8');
  const script = readFileSync(join(root, 'fixtures/schemas/shop-mysql.sql'), 'utf8');
  if (dialect === 'mariadb') return script;
  const mysql = script
    .split('\n')
    .filter((line) => !/^CREATE (SEQUENCE|FUNCTION)/.test(line))
    .join('\n');
  return `SET cte_max_recursion_depth = 1000000;\n${spellOutSequences(mysql)}`;
}

/** Relations of the shop that carry a customer number. */
export const CUSTOMER_RELATIONS: Readonly<Record<'sqlite' | 'server', readonly string[]>> = {
  sqlite: ['customers', 'orders', 'payments'],
  server: ['customers', 'orders', 'order_items', 'payments'],
};
