import { expect, it } from 'vitest';
import { createLetters, describeSpan, readMailAddress } from '../../../src/identify/letters.js';
import { codeOfPromise } from '../../support/code-of-promise.js';

it.each([
  [259_200, '3 days'],
  [86_400, '1 day'],
  [5400, '90 minutes'],
  [3600, '1 hour'],
  [1800, '30 minutes'],
  [61, '61 seconds'],
])('tells %d seconds as %s', (seconds, told) => {
  expect(describeSpan(seconds)).toBe(told);
});

it('puts the token behind the #, which reaches no server', () => {
  const letters = createLetters({ publicUrl: 'https://x.example/ask', ttlS: { invitation: 3600, reset: 60 } });
  for (const purpose of ['invitation', 'reset'] as const) {
    const { link, text, to } = letters.write(purpose, { tenant: null, identifier: 'a@example.org' }, 'TOKEN');
    expect([link, to]).toEqual([`https://x.example/ask/#${purpose}=TOKEN`, 'a@example.org']);
    expect(text.split('\n')).toContain(link);
    expect(new URL(link).hash).toBe(`#${purpose}=TOKEN`);
    const ofAcme = letters.write(purpose, { tenant: 'acme', identifier: 'a@example.org' }, 'TOKEN');
    expect(ofAcme.link).toBe(`https://x.example/ask/?tenant=acme#${purpose}=TOKEN`);
  }
});

it('writes to e-mail addresses alone', async () => {
  expect([' Ada@Example.ORG ', 'C7', 'a;b@example.org'].map(readMailAddress)).toEqual(['ada@example.org', null, null]);
  expect(await codeOfPromise((async () => readMailAddress('a@x\r\n'.repeat(2)))())).toBe('IDENTITY_INPUT_INVALID');
});
