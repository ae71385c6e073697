import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestGateway, type TestGateway } from './open-test-gateway.js';

interface Case {
  /** Questions before, all answered. */
  readonly before: readonly string[];
  readonly question: string;
  readonly as?: 'customer';
  /** What the follow-up is read as. */
  readonly whole: string;
  /** Another question for the same; `whole` where it is left out. */
  readonly same?: string;
  /** `shop`: the demonstration has no such data. */
  readonly only?: 'shop';
}

const cases = readFileSync(new URL('../../fixtures/cases/follow-ups.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Case)
  .filter(({ only }) => only === undefined);

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway({}, { clock: () => Date.parse('2026-03-01T12:00:00Z') });
}, 120_000);
afterAll(() => gateway?.close());

describe('a follow-up about the demonstration business', () => {
  it('has a table of some size', () => expect(cases.length).toBeGreaterThanOrEqual(50));

  it.each(cases)('$question ← $before', { timeout: 60_000 }, async (asked) => {
    const { before, question, whole, same } = asked;
    const as = asked.as ?? 'admin';
    let id = 'new';
    for (const earlier of before) {
      const { body } = await gateway.post('/v1/ask', as, { question: earlier, conversation_id: id });
      expect([earlier, body.status]).toEqual([earlier, 'answered']);
      id = body.conversation_id;
    }
    const { body } = await gateway.post('/v1/ask', as, { question, conversation_id: id });
    const atOnce = await gateway.post('/v1/ask', as, { question: same ?? whole });
    const reading = expect.stringContaining(`Read as: “${whole}”.`);
    expect([body.explanation, atOnce.body.status]).toEqual([reading, 'answered']);
    expect(body.row_count).toBeGreaterThan(0);
    expect(body.rows).toEqual(atOnce.body.rows);
  });
});
