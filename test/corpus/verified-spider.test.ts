import { describe, expect, it } from 'vitest';
import { matchParaphrase } from '../../src/translate/verified/match-paraphrase.js';
import type { VerifiedQuestion } from '../../src/translate/verified.js';
import { evaluationFolder, readSpider, type SpiderQuestion } from '../support/spider.js';

const folder = evaluationFolder();
const TODAY = { year: 2026, month: 3, day: 15 };
const NO_NAMES = new Map<string, readonly string[]>();

type Asked = SpiderQuestion & { readonly sql: string; readonly question_syn?: string };

/** SQL without what its author's hand left: case and blanks. */
const plain = (sql: string) => sql.toLowerCase().replace(/\s+|;/g, '');

function answers(asked: string, verified: readonly VerifiedQuestion[]): string | null {
  const found = matchParaphrase(asked, verified, TODAY, NO_NAMES);
  return found?.kind === 'sql' ? found.candidate.sql : null;
}

/** Asks each question of a database where all others are verified, and its `question_syn` where all are. */
function measure(questions: readonly Asked[]) {
  const verified = questions.map(({ question, sql }) => ({ question, slots: new Map<string, never>(), sql }));
  const wrong: string[] = [];
  const count = { asked: 0, another: 0, found: 0, synonyms: 0, foundBySynonym: 0 };
  for (const [index, { question, question_syn: synonym, sql }] of questions.entries()) {
    const others = verified.filter((other, at) => at !== index && other.question !== question);
    const isAnother = others.some((other) => plain(other.sql) === plain(sql));
    const sqls = [answers(question, others)];
    count.asked += 1;
    if (isAnother) count.another += 1;
    if (sqls[0] !== null) count.found += 1;
    if (synonym && synonym.trim() !== question.trim()) {
      count.synonyms += 1;
      sqls.push(answers(synonym, verified));
      if (sqls[1] !== null) count.foundBySynonym += 1;
    }
    if (sqls.some((found) => found !== null && found !== undefined && plain(found) !== plain(sql)))
      wrong.push(question);
  }
  return { ...count, wrong };
}

describe.skipIf(folder === null)('verified questions of the Spider training set, asked in other words', () => {
  it('finds a share of those that were asked twice, and next to never another one', { timeout: 300_000 }, () => {
    const total = { asked: 0, another: 0, found: 0, synonyms: 0, foundBySynonym: 0 };
    const wrong: string[] = [];
    for (const questions of readSpider(folder!).values()) {
      const { wrong: missed, ...counts } = measure(questions.filter((each): each is Asked => each.sql !== null));
      for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += counts[key];
      wrong.push(...missed);
    }
    console.info(total, `${wrong.length} found another one:`, wrong);
    expect(total.asked).toBeGreaterThan(6000);
    expect(total.synonyms).toBeGreaterThan(4000);
    expect(wrong.length).toBeLessThanOrEqual(6);
    expect(total.found / total.another).toBeGreaterThan(0.1);
    // No policy is there whose synonyms would say that vocalists are singers.
    expect(total.foundBySynonym / total.synonyms).toBeGreaterThan(0.015);
  });
});
