import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One question of the Spider training set with its SQL for both engine families. */
export interface SpiderQuestion {
  readonly id: string;
  readonly db: string;
  readonly question: string;
  readonly sql: string | null;
  readonly sql_mysql: string | null;
  readonly rows: number;
}

/** Folder of the evaluation data; null where `EVAL_DATA_DIR` is unset: then the corpus tests are skipped, and say so. */
export function evaluationFolder(): string | null {
  const folder = process.env.EVAL_DATA_DIR;
  if (!folder || !existsSync(join(folder, 'spider-train/questions.jsonl'))) {
    console.warn('EVAL_DATA_DIR is unset or empty: the corpus tests are SKIPPED');
    return null;
  }
  return folder;
}

/** All questions, grouped by database. */
export function readSpider(folder: string): Map<string, SpiderQuestion[]> {
  const lines = readFileSync(join(folder, 'spider-train/questions.jsonl'), 'utf8').split('\n').filter(Boolean);
  const byDatabase = new Map<string, SpiderQuestion[]>();
  for (const line of lines) {
    const question = JSON.parse(line) as SpiderQuestion;
    byDatabase.set(question.db, [...(byDatabase.get(question.db) ?? []), question]);
  }
  return byDatabase;
}
