import type { SlotValue } from '../domain/candidate.js';
import { printNumber } from './parameters.js';

/** `{name}`, spaces within the braces left out. */
const PLACE = /\{\s*([^{}]*?)\s*\}/gu;

/** Names between braces, in the order in which they stand. */
export function namesInQuestion(question: string): readonly string[] {
  return [...question.matchAll(PLACE)].map(([, name]) => name as string);
}

/**
 * Puts values into the places of a question, in one pass: braces within a value are only text. It is a question like any
 * other then, which whoever runs the report could have typed.
 *
 * @param values one for each name that stands in it
 */
export function fillQuestion(question: string, values: ReadonlyMap<string, SlotValue>): string {
  return question.replace(PLACE, (_place, name: string) => {
    const value = values.get(name) ?? '';
    return typeof value === 'number' ? printNumber(value) : value;
  });
}
