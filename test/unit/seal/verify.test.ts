import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { type VerifyRequest, verifyPrinted } from '../../../src/seal/verify.js';

interface VerifyCase extends VerifyRequest {
  readonly name: string;
  readonly relations: readonly string[];
}

function readCases(file: string): readonly VerifyCase[] {
  const text = readFileSync(new URL(`../../../fixtures/cases/${file}`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as VerifyCase);
}

const ACCEPTED = readCases('verify-accepted.jsonl');
const REFUSED = readCases('verify-refused.jsonl');

function refusalOf(request: VerifyRequest): SwaliError {
  try {
    verifyPrinted(request);
  } catch (error) {
    if (error instanceof SwaliError) return error;
    throw error;
  }
  throw new Error(`accepted: ${request.sql}`);
}

/** Whether a token stands inside an enclosure: from the parenthesis before SELECT to the one behind the fence. */
function isEnclosed(tokens: readonly string[], at: number): boolean {
  let depth = 0;
  for (let from = at; from >= 0; from -= 1) {
    if (tokens[from] === ')' && from !== at) depth += 1;
    if (tokens[from] !== '(') continue;
    const opens =
      tokens[from + 1] === 'SELECT' && (/^[`"]b[`"]$/.test(tokens[from + 2] ?? '') || tokens[from + 4] === '`c0`');
    if (depth === 0 && opens) return true;
    depth = Math.max(0, depth - 1);
  }
  return false;
}

describe('verifyPrinted', () => {
  it('has its tables of cases', () => {
    expect(ACCEPTED.length).toBeGreaterThanOrEqual(28);
    expect(REFUSED.length).toBeGreaterThanOrEqual(120);
  });

  it.each(ACCEPTED)('accepts $name and says which relations it reads', (request) => {
    expect(verifyPrinted(request)).toEqual(request.relations);
  });

  it.each(REFUSED)('refuses $name', (request) => {
    const refusal = refusalOf(request);
    expect(refusal.code).toBe('SEAL_UNPROVEN');
    expect(refusal.detail).toBeNull();
    expect(String(refusal.cause)).not.toBe('');
  });

  it('refuses an accepted text when any one token of an enclosure is left out or doubled', () => {
    const request = ACCEPTED[0] as VerifyCase;
    const words = request.sql.split(' ');
    const [first, last] = [words.indexOf('(SELECT'), words.indexOf('9223372036854775807)') + 2];
    expect(last - first).toBeGreaterThan(15);
    for (let at = first; at <= last; at += 1) {
      const left = words.toSpliced(at, 1).join(' ');
      expect(refusalOf({ ...request, sql: left }).code).toBe('SEAL_UNPROVEN');
      // A second alias stands outside the enclosure and reads nothing.
      if (at === last) continue;
      const doubled = words.toSpliced(at, 0, words[at] as string).join(' ');
      expect(refusalOf({ ...request, sql: doubled }).code).toBe('SEAL_UNPROVEN');
    }
  });

  it.each(ACCEPTED)('refuses $name with any other token inside its enclosures', (request) => {
    const tokens = request.sql.match(/`[^`]*`|"[^"]*"|'[^']*'|\w+|[<>!]=|<>|[^\s\w]/g) as string[];
    const accepted: string[] = [];
    const attempt = (change: string, changed: readonly string[]) => {
      try {
        verifyPrinted({ ...request, sql: changed.join(' ') });
        accepted.push(change);
      } catch (error) {
        expect(error).toMatchObject({ code: 'SEAL_UNPROVEN' });
      }
    };
    for (const [at, token] of tokens.entries()) {
      if (!isEnclosed(tokens, at)) continue;
      const place = tokens.slice(Math.max(0, at - 4), at + 1).join(' ');
      attempt(`without ${place}`, tokens.toSpliced(at, 1));
      attempt(`twice ${place}`, tokens.toSpliced(at, 0, token));
      for (const other of ['`x`', '1', 'OR', ')'])
        if (other !== token) attempt(`${other} for ${place}`, tokens.with(at, other));
    }
    // Which look-up is copied behind the filter is the fence's affair.
    expect(
      accepted.filter(
        (change) =>
          !/for (?:\? AND|\) AND|AND) [`"]b[`"] \. [`"]\w+[`"]$|for [`"]b[`"] \. [`"]\w+[`"] = \w+$/.test(change),
      ),
    ).toEqual([]);
  });

  it('refuses the text of one dialect for the other', () => {
    const dialects: readonly Dialect[] = ['mysql', 'mariadb', 'sqlite'];
    const request = ACCEPTED[0] as VerifyCase;
    const accepting = dialects.filter((dialect) => {
      try {
        verifyPrinted({ ...request, dialect });
        return true;
      } catch {
        return false;
      }
    });
    expect(accepting).toEqual(['mysql', 'mariadb']);
  });

  it('comes to an end on a long text', () => {
    const request = ACCEPTED[0] as VerifyCase;
    const long = `${request.sql.replace(/ LIMIT 201$/, '')} WHERE ${Array.from({ length: 4000 }, () => '(`t1`.`c1` = 1)').join(' AND ')} LIMIT 201`;
    verifyPrinted({ ...request, sql: long });
  });
});
