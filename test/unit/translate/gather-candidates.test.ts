import { describe, expect, it } from 'vitest';
import type { Translation } from '../../../src/domain/candidate.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { gatherCandidates } from '../../../src/translate/gather-candidates.js';

const usage = { promptTokens: 100, completionTokens: 10 };
const sql = (text: string): Translation => ({
  kind: 'sql',
  candidate: { sql: text, translator: 'openai', slots: new Map(), usage },
});
const word = (message: string): Translation => ({ kind: 'clarify', message, choices: [], translator: 'openai', usage });

/** An endpoint that gives these answers in turn, and what it was asked for. */
function endpoint(...replies: (readonly (Translation | null)[] | SwaliError)[]) {
  const asked: number[] = [];
  const ask = async (wanted: number) => {
    asked.push(wanted);
    const reply = replies[asked.length - 1]!;
    if (reply instanceof SwaliError) throw reply;
    return reply;
  };
  return { asked, ask };
}

const texts = (translation: Translation) =>
  translation.kind === 'sql'
    ? [translation.candidate, ...(translation.alternatives ?? [])].map((each) => each.sql)
    : translation.message;

describe('several answers', () => {
  it('are asked for at once, and what they cost is told once', async () => {
    const { asked, ask } = endpoint([sql('A'), sql('B'), sql('A')]);
    const gathered = await gatherCandidates(3, ask);
    expect([asked, texts(gathered)]).toEqual([[3], ['A', 'B', 'A']]);
    expect(gathered).toMatchObject({
      candidate: { usage: { promptTokens: 300, completionTokens: 30 } },
      alternatives: [{ usage: { promptTokens: 0 } }, { usage: { promptTokens: 0 } }],
    });
  });

  it('are asked for one by one where an endpoint gives one, and those that fail are done without', async () => {
    const { asked, ask } = endpoint([sql('A')], [sql('B')], new SwaliError('TRANSLATE_MODEL_UNUSABLE'), [sql('C')]);
    expect(texts(await gatherCandidates(4, ask))).toEqual(['A', 'B', 'C']);
    expect(asked).toEqual([4, 1, 1, 1]);
  });

  it('that are of no use are not asked for again', async () => {
    const { asked, ask } = endpoint([null, sql('B'), null]);
    expect(texts(await gatherCandidates(3, ask))).toEqual(['B']);
    expect(asked).toEqual([3]);
  });

  it.each(['STORE_UNAVAILABLE', 'EXECUTE_CANCELLED'] as const)('end with %s whichever call meets it', async (code) => {
    const { ask } = endpoint([sql('A')], new SwaliError(code));
    await expect(gatherCandidates(2, ask)).rejects.toMatchObject({ code });
  });

  it('end as the first call ends', async () => {
    const { asked, ask } = endpoint(new SwaliError('TRANSLATE_MODEL_UNAVAILABLE'));
    await expect(gatherCandidates(3, ask)).rejects.toMatchObject({ code: 'TRANSLATE_MODEL_UNAVAILABLE' });
    expect(asked).toEqual([3]);
  });

  it('are the model’s own word where more of them are none than are statements', async () => {
    expect(texts(await gatherCandidates(3, endpoint([sql('A'), word('Which?'), word('What?')]).ask))).toBe('Which?');
    expect(texts(await gatherCandidates(2, endpoint([word('Which?'), sql('A')]).ask))).toEqual(['A']);
  });
});

it('one answer has no alternatives', async () => {
  const { asked, ask } = endpoint([sql('A')]);
  expect(await gatherCandidates(1, ask)).not.toHaveProperty('alternatives');
  expect(asked).toEqual([1]);
});
