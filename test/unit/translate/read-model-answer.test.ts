import { describe, expect, it } from 'vitest';
import { readModelAnswer } from '../../../src/translate/read-model-answer.js';

const JSON_TEXT = '{"kind":"sql","sql":"SELECT \'}\' FROM t","message":null,"choices":[]}';

describe('readModelAnswer', () => {
  it.each([
    ['by itself', JSON_TEXT],
    ['in a code fence', `Here you are:\n\`\`\`json\n${JSON_TEXT}\n\`\`\`\nDone.`],
    ['after reasoning with braces', `<think>{a} is {"kind": "other"}</think>${JSON_TEXT}`],
    ['with fields left out', '{"kind":"sql","sql":"SELECT \'}\' FROM t"}'],
  ])('finds the object %s', (_name, text) => {
    expect(readModelAnswer(text)).toEqual({ kind: 'sql', sql: "SELECT '}' FROM t", message: null, choices: [] });
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'SELECT 1'],
    ['another kind', '{"kind":"run","sql":"SELECT 1"}'],
    ['a statement that is missing', '{"kind":"sql","sql":null}'],
    ['a question without words', '{"kind":"clarify","message":""}'],
    ['an object cut off', '{"kind":"sql","sql":"SELECT'],
  ])('finds none in %s', (_name, text) => {
    expect(readModelAnswer(text)).toBeNull();
  });

  it('comes to an end on a hostile text', () => {
    expect(readModelAnswer('{'.repeat(500_000))).toBeNull();
  });
});
