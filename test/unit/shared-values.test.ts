import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../src/domain/candidate.js';
import type { Principal } from '../../src/domain/principal.js';
import type { ResultSet } from '../../src/domain/result-set.js';
import { sealStatement } from '../../src/domain/sealed-statement.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import type { PrincipalView } from '../../src/policy/view.js';
import { createReadSharedValues } from '../../src/shared-values.js';
import type { TranslateRequest } from '../../src/translate/request.js';
import { customer } from '../support/principals.js';

const VIEW = { digest: 'd', policyVersion: 'p' } as PrincipalView;

function requestOf(principal: Principal, signal = new AbortController().signal): TranslateRequest {
  return { question: 'q', view: VIEW, principal, turns: [], feedback: [], signal };
}

/** The reader over a source that answers with these rows, and the candidates that went to the seal. */
function readerOver(rows: () => readonly (readonly string[])[], dialect: 'sqlite' | 'mysql' = 'sqlite') {
  const sealed: Candidate[] = [];
  const read = createReadSharedValues({
    dialect,
    seal: async (candidate) => {
      sealed.push(candidate);
      return sealStatement({
        dialect,
        sql: candidate.sql,
        parameters: [],
        columns: [{ name: 'status', unit: null, masked: false }],
        limits: { rows: 100, timeoutMs: 1, bytes: 1 },
        filtered: true,
        kind: 'customer',
        provenance: { relations: [], policies: [], maskedColumns: [], policyVersion: 'p' },
      });
    },
    execute: async (): Promise<ResultSet> => ({ types: ['text'], rows: rows(), truncated: false }),
  });
  return { read, sealed };
}

describe('createReadSharedValues', () => {
  it('reads the distinct values through the seal, with names quoted as the dialect does', async () => {
    const { read, sealed } = readerOver(() => [['open'], ['paid']]);
    expect(await read(requestOf(customer(103)), 'odd "name', 'status')).toEqual(['open', 'paid']);
    expect(sealed[0]).toMatchObject({
      translator: 'caller',
      sql: 'SELECT DISTINCT "status" FROM "odd ""name" WHERE "status" IS NOT NULL ORDER BY 1 LIMIT 51',
    });
    const mysql = readerOver(() => [], 'mysql');
    await mysql.read(requestOf(customer(103)), 'orders', 'st`atus');
    expect(mysql.sealed[0]?.sql).toContain('`st``atus`');
  });

  it('hands on nothing of a column that holds free text', async () => {
    const { read } = readerOver(() => Array.from({ length: 51 }, (_, index) => [`value ${index}`]));
    expect(await read(requestOf(customer(103)), 'orders', 'note')).toEqual([]);
  });

  it('keeps values for the same person, and never for another', async () => {
    const { read, sealed } = readerOver(() => [['open']]);
    await read(requestOf(customer(103)), 'orders', 'status');
    await read(requestOf(customer(103)), 'orders', 'status');
    expect(sealed).toHaveLength(1);
    await read(requestOf(customer(104)), 'orders', 'status');
    expect(sealed).toHaveLength(2);
  });

  it('does without where the source refuses, and does not keep that', async () => {
    let fails = true;
    const { read } = readerOver(() => {
      if (fails) throw new SwaliError('SOURCE_UNAVAILABLE');
      return [['open']];
    });
    expect(await read(requestOf(customer(103)), 'orders', 'status')).toEqual([]);
    fails = false;
    expect(await read(requestOf(customer(103)), 'orders', 'status')).toEqual(['open']);
  });

  it('stops with the request', async () => {
    const { read } = readerOver(() => {
      throw new SwaliError('EXECUTE_CANCELLED');
    });
    await expect(read(requestOf(customer(103), AbortSignal.abort()), 'orders', 'status')).rejects.toThrow(SwaliError);
  });
});
