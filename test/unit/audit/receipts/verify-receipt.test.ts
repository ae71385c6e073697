import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSigner, readVerifier } from '../../../../src/audit/ed25519.js';
import { printCompactJws } from '../../../../src/audit/receipts/compact-jws.js';
import { createSignReceipt } from '../../../../src/audit/receipts/sign-receipt.js';
import { verifyReceipt } from '../../../../src/audit/receipts/verify-receipt.js';
import type { Answer } from '../../../../src/domain/answer.js';
import { ANSWER, failuresOf, KEYS, makeKeys, sendAnswer, signFile, subjectOf, verifier } from './receipt-fixtures.js';

type Path = readonly (string | number)[];

/** Verifies an answer by its own receipt. */
function verifyAnswer(answer: Answer, by = verifier) {
  return verifyReceipt({ jws: answer.receipt?.jws ?? '', salt: answer.receipt?.salt ?? null, answer }, by);
}

/** The place of every value of an answer but its receipt and its times, lists and objects too. */
function placesOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, each]) =>
    path.length === 0 && (key === 'receipt' || key === 'timings_ms')
      ? []
      : placesOf(each, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return path.length === 0 ? inner : [path, ...inner];
}

function valueAt(answer: Answer, path: Path): unknown {
  return path.reduce((at: unknown, key) => (at as Record<string, unknown>)[key], answer);
}

/** A copy with another value at one place. */
function changeAt(answer: Answer, path: Path, change: (value: unknown) => unknown): Answer {
  const copy = structuredClone(answer);
  const last = path.at(-1) as string;
  const holder = valueAt(copy, path.slice(0, -1)) as Record<string, unknown>;
  holder[last] = change(holder[last]);
  return copy;
}

const cell = fc.oneof(
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);

const answers: fc.Arbitrary<Answer> = fc
  .integer({ min: 1, max: 4 })
  .chain((width) =>
    fc.record({
      names: fc.array(fc.string(), { minLength: width, maxLength: width }),
      rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 5 }),
      truncated: fc.boolean(),
      question: fc.option(fc.string()),
      sql: fc.option(fc.string()),
      masked: fc.array(fc.string(), { maxLength: 2 }),
    }),
  )
  .map(({ names, rows, truncated, question, sql, masked }) => ({
    ...ANSWER,
    columns: names.map((name) => ({ name, type: 'text' as const, unit: null, masked: false })),
    rows,
    row_count: rows.length,
    truncated,
    question,
    sql,
    provenance: { ...ANSWER.provenance, masked_columns: masked },
  }));

describe('an answer and its receipt', () => {
  it('hold, every check named', () => {
    const report = verifyAnswer(sendAnswer());
    expect(report.holds).toBe(true);
    expect(report.checks.map(({ name }) => name)).toEqual([
      'signature',
      'id',
      'columns',
      'rows',
      'row count',
      'truncated',
      'translator',
      'tables',
      'row rules',
      'masked columns',
      'policy version',
      'SQL',
      'question',
      'everything else of the answer',
    ]);
    expect(report.claims).toMatchObject({
      iss: 'https://ask.example.com',
      sub: 'customer:17',
      kind: 'customer',
      tenant: null,
      iat: 1_772_323_200,
      jti: ANSWER.id,
      request_id: 'request-1',
      source: 'shop',
      sql_digest: `sha256:${createHash('sha256').update(ANSWER.sql!).digest('hex')}`,
      row_count: 3,
    });
  });

  it('hold for any answer, with times taken later', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const sent = sendAnswer(answer);
        expect(failuresOf(verifyAnswer(sent))).toEqual([]);
        expect(verifyAnswer({ ...sent, timings_ms: { audit: 9 } }).holds).toBe(true);
      }),
    );
  });

  it('fail with any single value changed, taken away or put there', () => {
    fc.assert(
      fc.property(
        answers.chain((answer) => {
          const sent = sendAnswer(answer);
          return fc.record({
            sent: fc.constant(sent),
            path: fc.constantFrom(...placesOf(sent)),
            other: fc.jsonValue(),
          });
        }),
        ({ sent, path, other }) => {
          fc.pre(JSON.stringify(other) !== JSON.stringify(valueAt(sent, path)));
          expect(verifyAnswer(changeAt(sent, path, () => other)).holds).toBe(false);
          expect(verifyAnswer(changeAt(sent, path, () => undefined)).holds).toBe(false);
          expect(verifyAnswer({ ...sent, [`x${String(path[0])}`]: other } as Answer).holds).toBe(false);
        },
      ),
    );
  });

  it.each<[string, (answer: Answer) => Answer, string]>([
    ['a digit', (a) => changeAt(a, ['rows', 0, 0], () => '12.51'), 'rows'],
    ['the last digit of a float', (a) => changeAt(a, ['rows', 2, 0], () => 0.10000000000000002), 'rows'],
    ['a number for its text', (a) => changeAt(a, ['rows', 0, 0], Number), 'rows'],
    ['the order of rows', (a) => ({ ...a, rows: [...a.rows].reverse() }), 'rows'],
    ['the order of cells', (a) => changeAt(a, ['rows', 0], (row) => [...(row as string[])].reverse()), 'rows'],
    ['a row left out', (a) => ({ ...a, rows: a.rows.slice(1), row_count: 2 }), 'rows'],
    ['a row twice', (a) => ({ ...a, rows: [a.rows[0]!, ...a.rows], row_count: 4 }), 'row count'],
    ['NULL for nothing', (a) => changeAt(a, ['rows', 1, 1], () => ''), 'rows'],
    ['the name of a column', (a) => changeAt(a, ['columns', 0, 'name'], () => 'Total'), 'columns'],
    ['the type of a column', (a) => changeAt(a, ['columns', 0, 'type'], () => 'integer'), 'columns'],
    ['a unit', (a) => changeAt(a, ['columns', 0, 'unit'], () => 'USD'), 'everything else of the answer'],
    ['the policy', (a) => changeAt(a, ['provenance', 'policy_version'], () => 'sha256:3b1f'), 'policy version'],
    ['a rule', (a) => changeAt(a, ['provenance', 'policies'], () => []), 'row rules'],
    ['a table', (a) => changeAt(a, ['provenance', 'relations', 0], () => 'customer'), 'tables'],
    ['who wrote it', (a) => changeAt(a, ['provenance', 'translator'], () => 'caller'), 'translator'],
    ['the SQL', (a) => ({ ...a, sql: `${a.sql} ` }), 'SQL'],
    ['the SQL hidden', (a) => ({ ...a, sql: null }), 'everything else of the answer'],
    ['the question', (a) => ({ ...a, question: 'What did I spend in 2024?' }), 'question'],
    ['the question hidden', (a) => ({ ...a, question: null }), 'question'],
    ['the sentence', (a) => ({ ...a, text: 'There are 4 rows.' }), 'everything else of the answer'],
    ['the truncation', (a) => ({ ...a, truncated: true }), 'truncated'],
  ])('fail for %s changed, and say where', (_what, change, name) => {
    expect(failuresOf(verifyAnswer(change(sendAnswer())))).toContain(name);
  });

  it('fail with any character of the receipt or the salt changed', () => {
    const sent = sendAnswer();
    const { jws, salt } = sent.receipt!;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=';
    fc.assert(
      fc.property(fc.nat(jws.length - 1), fc.nat(salt.length - 1), fc.constantFrom(...alphabet), (at, in_, letter) => {
        fc.pre(jws[at] !== letter && salt[in_] !== letter);
        const change = (text: string, index: number) => text.slice(0, index) + letter + text.slice(index + 1);
        expect(verifyAnswer({ ...sent, receipt: { jws: change(jws, at), salt } }).holds).toBe(false);
        expect(verifyAnswer({ ...sent, receipt: { jws, salt: change(salt, in_) } }).holds).toBe(false);
      }),
    );
    expect(verifyAnswer({ ...sent, receipt: { jws: jws.slice(0, -1), salt } }).holds).toBe(false);
    expect(verifyAnswer({ ...sent, receipt: { jws, salt: '' } }).holds).toBe(false);
  });

  it('fail for the receipt of another answer, and for the receipt of an export', () => {
    const [one, other] = [sendAnswer(), sendAnswer({ ...ANSWER, id: 'another' })];
    expect(failuresOf(verifyAnswer({ ...one, receipt: other.receipt }))).toContain('id');
    const exported = signFile(ANSWER, { format: 'csv', text: 'n\r\n7\r\n' });
    expect(failuresOf(verifyAnswer({ ...one, receipt: exported }))).toEqual(['receipt of an answer']);
  });
});

describe('who signed', () => {
  it('must be a known key', () => {
    expect(failuresOf(verifyAnswer(sendAnswer(), readVerifier('a test', [makeKeys().publicKey])))).toEqual([
      'signature',
    ]);
  });

  it('may be a key that has retired since: old receipts verify after a rotation', () => {
    const after = readSigner('a test', makeKeys().privateKey, [KEYS.publicKey]);
    expect(verifyAnswer(sendAnswer(), after).holds).toBe(true);
  });

  it('cannot be chosen by the header: no other algorithm, type or member is taken', () => {
    const signer = readSigner('a test', KEYS.privateKey);
    const { jws, salt } = sendAnswer().receipt!;
    const payload = jws.split('.')[1]!;
    const sign = (header: object) => {
      const signed = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`;
      return `${signed}.${signer.sign(signed)}`;
    };
    const right = { alg: 'EdDSA', kid: signer.keyId, typ: 'swali-receipt+jwt' };
    expect(verifyReceipt({ jws: sign(right), salt }, verifier).holds).toBe(true);
    for (const header of [
      { ...right, alg: 'none' },
      { ...right, alg: 'HS256' },
      { ...right, typ: 'JWT' },
      { ...right, crit: ['exp'] },
      { ...right, jwk: signer.publicJwks[0] },
      { alg: 'EdDSA', typ: 'swali-receipt+jwt' },
    ])
      expect(verifyReceipt({ jws: sign(header), salt }, verifier).holds).toBe(false);
    expect(verifyReceipt({ jws: `${jws.split('.').slice(0, 2).join('.')}.`, salt }, verifier).holds).toBe(false);
  });

  it('vouches for nothing where the payload is of another form', () => {
    const jws = printCompactJws('{"sub":"customer:17"}', readSigner('a test', KEYS.privateKey));
    expect(verifyReceipt({ jws, salt: null }, verifier)).toMatchObject({ holds: false, claims: null });
  });
});

describe('the receipt alone', () => {
  it('holds, and tells neither a value nor a word of the question', () => {
    const { jws, salt } = sendAnswer().receipt!;
    expect(verifyReceipt({ jws, salt: null }, verifier).holds).toBe(true);
    const payload = Buffer.from(jws.split('.')[1]!, 'base64url').toString();
    for (const secret of ['12.50', 'shipped', 'spend', 'There are', salt]) expect(payload).not.toContain(secret);
  });

  it('has another digest each time, so that the one number of an answer cannot be tried', () => {
    const one: Answer = { ...ANSWER, rows: [[7, null]], row_count: 1 };
    const digests = [1, 2].map(() => {
      const { jws } = sendAnswer(one).receipt!;
      const { rows_digest, answer_digest, question_digest } = verifyReceipt({ jws, salt: null }, verifier)
        .claims as unknown as Record<string, string>;
      return [rows_digest, answer_digest, question_digest];
    });
    expect(new Set(digests.flat()).size).toBe(6);
  });

  it('takes its salt from the source of randomness it is given', () => {
    const sizes: number[] = [];
    const sign = createSignReceipt({
      signer: readSigner('a test', KEYS.privateKey),
      issuer: 'shop',
      source: 'shop',
      clock: () => 0,
      randomBytes: (size) => {
        sizes.push(size);
        return Buffer.alloc(size, 7);
      },
    });
    const receipt = sign(subjectOf(ANSWER));
    expect(sizes).toEqual([32]);
    expect(receipt).toEqual(sign(subjectOf(ANSWER)));
    expect(receipt.salt).toBe(Buffer.alloc(32, 7).toString('base64url'));
  });
});

describe('what is held against it besides', () => {
  const policy = Buffer.from('version: 1\n');
  const version = `sha256:${createHash('sha256').update(policy).digest('hex')}`;
  const answer = { ...ANSWER, provenance: { ...ANSWER.provenance, policy_version: version } };

  it('are the policy file, the SQL and the question, each by itself', () => {
    const { jws, salt } = sendAnswer(answer).receipt!;
    const verify = (more: object) => failuresOf(verifyReceipt({ jws, salt, ...more }, verifier));
    expect(verify({ policy, sql: ANSWER.sql, question: ANSWER.question })).toEqual([]);
    expect(verify({ policy: Buffer.from('version: 1\n\n') })).toEqual(['policy file']);
    expect(verify({ sql: 'SELECT 2' })).toEqual(['SQL given']);
    expect(verify({ question: 'Another?' })).toEqual(['question given']);
    expect(verify({ question: ANSWER.question, salt: null })).toEqual(['question given']);
  });

  it('is the text of an export, to the byte', () => {
    const text = 'total,status\r\n12.50,shipped\r\n';
    const { jws, salt } = signFile(answer, { format: 'csv', text });
    const verify = (more: object) => failuresOf(verifyReceipt({ jws, salt, ...more }, verifier));
    expect(verify({ text })).toEqual([]);
    expect(verify({ text: text.replaceAll('\r\n', '\n') })).toEqual(['exported text']);
    expect(verify({ text: text.replace('12.50', '12.5') })).toEqual(['exported text']);
    expect(verify({ text, salt: null })).toEqual(['salt']);
    const ofAnswer = sendAnswer(answer).receipt!;
    expect(failuresOf(verifyReceipt({ ...ofAnswer, text }, verifier))).toEqual(['receipt of an export']);
  });

  it('fits a header whatever the export reads: long lists stand as digests', () => {
    const names = Array.from({ length: 3000 }, (_, n) => `a column with a long name ${n}`);
    const wide: Answer = {
      ...answer,
      columns: names.map((name) => ({ name, type: 'text', unit: null, masked: false })),
      provenance: { ...answer.provenance, relations: names, policies: names, masked_columns: names },
    };
    const { jws } = signFile(wide, { format: 'csv', text: 'x' });
    expect(jws.length).toBeLessThan(4096);
    const { claims } = verifyReceipt({ jws, salt: null }, verifier);
    expect(claims?.relations).toMatch(/^sha256:/);
  });
});
