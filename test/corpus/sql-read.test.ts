import { describe, expect, it } from 'vitest';
import { evaluationFolder, readSpider } from '../support/spider.js';
import { Tally } from '../support/tally.js';
import { readJsonLines, readOnce } from './read-statements.js';

const folder = evaluationFolder() ?? '';

describe.skipIf(folder === '')('statements of the corpora', () => {
  it('reads at least 99 % of the Spider statements of both dialects', { timeout: 120_000 }, () => {
    for (const [key, dialect] of [
      ['sql', 'sqlite'],
      ['sql_mysql', 'mysql'],
      ['sql_mysql', 'mariadb'],
    ] as const) {
      const tally = new Tally();
      for (const questions of readSpider(folder).values())
        for (const question of questions) if (question[key]) readOnce(question[key], dialect, tally);
      tally.print(`spider-train, ${dialect}`, ['read']);
      expect(tally.total).toBeGreaterThan(6_000);
      expect(tally.share('read')).toBeGreaterThanOrEqual(0.99);
    }
  });

  it('reads every ordinary statement over the shop but table functions and MATCH', () => {
    for (const dialect of ['mysql', 'sqlite'] as const) {
      const tally = new Tally();
      for (const { sql } of readJsonLines<{ sql: string }>(folder, `attacks/${dialect}-benign.jsonl`))
        readOnce(sql, dialect, tally);
      tally.print(`benign, ${dialect}`, ['read']);
      const refused =
        tally.count('SEAL_UNSUPPORTED a table function') + tally.count('SEAL_UNSUPPORTED MATCH … AGAINST');
      expect(tally.count('read') + refused).toBe(tally.total);
      expect(tally.total).toBeGreaterThan(30);
      expect(refused).toBeLessThanOrEqual(2);
    }
  });

  it('reads the templates of the text-to-SQL data sets', () => {
    const tally = new Tally();
    for (const { sql_template: sql } of readJsonLines<{ sql_template: string }>(
      folder,
      'sql-corpus/text2sql-data-unique.jsonl.gz',
    ))
      readOnce(sql, 'mysql', tally);
    tally.print('text2sql-data', ['read']);
    expect(tally.total).toBeGreaterThan(1_500);
    expect(tally.share('read')).toBeGreaterThanOrEqual(0.95);
  });

  it('refuses statements and payloads of attackers with a code, and never fails otherwise', () => {
    for (const dialect of ['mysql', 'mariadb', 'sqlite'] as const) {
      const tally = new Tally();
      const file = dialect === 'sqlite' ? 'sqlite' : 'mysql';
      for (const { sql } of readJsonLines<{ sql: string }>(folder, `attacks/${file}-attacks.jsonl`))
        readOnce(sql, dialect, tally);
      for (const payload of readJsonLines<Record<string, string>>(folder, 'attacks/sqli-payloads.jsonl')) {
        const value = payload.payload ?? payload.value ?? '';
        readOnce(`SELECT * FROM orders WHERE status = '${value}'`, dialect, tally);
        readOnce(`SELECT * FROM orders WHERE id = ${value}`, dialect, tally);
      }
      tally.print(`attacks, ${dialect}`, ['read']);
      expect(tally.total).toBeGreaterThan(600);
    }
  });
});
