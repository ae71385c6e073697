import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { digestRecoveryCode, makeRecoveryCode } from '../../../src/identify/recovery-codes.js';

it('makes codes of 120 random bits in groups of four, without look-alikes', () => {
  const codes = Array.from({ length: 500 }, () => makeRecoveryCode(randomBytes));
  for (const code of codes) expect(code).toMatch(/^(?:[0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}$/);
  expect(new Set(codes).size).toBe(500);
  expect(new Set(codes.join('').replaceAll('-', '')).size).toBe(32);
});

it('takes five bits of each byte, each letter as often as any other', () => {
  const count = new Map<string, number>();
  for (let byte = 0; byte < 256; byte += 1) {
    const [letter = ''] = makeRecoveryCode((size) => Buffer.alloc(size, byte));
    count.set(letter, (count.get(letter) ?? 0) + 1);
  }
  expect([...count.values()]).toEqual(Array(32).fill(8));
});

it('digests a code alike however it is typed, and another one otherwise', () => {
  const digest = digestRecoveryCode('0a1b-c2d3-e4f5-g6h7');
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  for (const typed of ['0a1bc2d3e4f5g6h7', 'OAIB-C2D3-E4F5-G6H7', ' oalb c2d3 e4f5 g6h7 ']) {
    expect(digestRecoveryCode(typed)).toBe(digest);
  }
  expect(digestRecoveryCode('0a1b-c2d3-e4f5-g6h8')).not.toBe(digest);
});
