import type { SlotValue } from '../../domain/candidate.js';
import type { CompiledQuestion } from '../../policy/compile-verified.js';

/** A value of each type, for a statement that is sealed and never run. */
const SAMPLES: Readonly<Record<'integer' | 'decimal' | 'text' | 'date', SlotValue>> = {
  integer: 2024,
  decimal: 1.5,
  text: 'sample',
  date: '2024-01-31',
};

/** Values for every slot of a question. */
export function sampleSlots(slots: CompiledQuestion['slots']): ReadonlyMap<string, SlotValue> {
  return new Map([...slots].map(([name, type]) => [name, SAMPLES[type]]));
}
