import { expect, it } from 'vitest';
import { CATALOGUE } from '../../src/errors/catalogue.js';

const entries = Object.entries(CATALOGUE);

const page = (): string => `# Error codes

Every refusal and failure has a code that stays the same. Over HTTP it comes as a problem document (RFC 9457,
\`application/problem+json\`) with \`type\`, \`title\`, \`status\`, \`code\`, \`detail\` and \`request_id\`; in the terminal and in
the audit log it is the same code. A relation or column that is closed and one that does not exist have the same answer.
Where the status is 429 or 503, \`Retry-After\` says when to try again, if that is known.

Kept by \`npx vitest run test/docs/errors.test.ts -u\`.

| code | HTTP status | what it says |
| --- | --- | --- |
${entries.map(([code, { status, sentence }]) => `| \`${code}\` | ${status} | ${sentence} |`).join('\n')}
`;

it('documents every code of the catalogue, with its status and sentence', async () => {
  expect(entries.length).toBeGreaterThan(40);
  await expect(page()).toMatchFileSnapshot('../../docs/errors.md');
});

it('says each refusal in one plain sentence that tells what to do or what is', () => {
  for (const [code, { status, sentence }] of entries) {
    expect([code, /^[A-Z][A-Z_]+$/.test(code), status >= 400 && status < 600]).toEqual([code, true, true]);
    expect(sentence).toMatch(/^[A-Z].{10,140}\.$/);
    expect(sentence).not.toMatch(/\$\{|undefined|[|`]/);
  }
});
