import { LRUCache } from 'lru-cache';
import type { Principal } from '../../domain/principal.js';
import type { PrincipalView } from '../../policy/view.js';
import type { SharedValues } from '../write-schema.js';
import { indexValues, type ValueIndex } from './value-index.js';

/** Who sees which values: two askers that differ in any of it may see other rows. */
export interface Asker {
  readonly principal: Principal;
  readonly view: PrincipalView;
}

/** Remembers the shared values that were read for an asker, so that they help to find what the next question is about. */
export interface ValueMemory {
  /** @returns all that is known by now */
  remember(asker: Asker, values: SharedValues): ValueIndex;
  recall(asker: Asker): ValueIndex;
}

/** Askers that are remembered at most, and values of all of them together. */
const MAX_ASKERS = 1000;
const MAX_VALUES = 200_000;
/** How long, in milliseconds: old values only make the ranking a little worse. */
const KEEP_MS = 600_000;

const NOTHING = indexValues(new Map());

interface Known {
  readonly values: SharedValues;
  readonly index: ValueIndex;
}

/** @remarks What one asker sees never helps another: their slices differ. */
export function createValueMemory(): ValueMemory {
  const memory = new LRUCache<string, Known>({
    max: MAX_ASKERS,
    maxSize: MAX_VALUES,
    ttl: KEEP_MS,
    sizeCalculation: ({ index }) => index.size + 1,
  });
  return {
    recall: (asker) => memory.get(keyOf(asker))?.index ?? NOTHING,
    remember(asker, values) {
      const key = keyOf(asker);
      const known = memory.get(key);
      const isNew = [...values].some(([column, list]) => !sameList(known?.values.get(column), list));
      if (known && !isNew) return known.index;
      const all = new Map([...(known?.values ?? []), ...values]);
      const index = indexValues(all);
      memory.set(key, { values: all, index });
      return index;
    },
  };
}

function keyOf({ principal, view }: Asker): string {
  const { kind, subject, role, claims, allowTables, tenant } = principal;
  return JSON.stringify([kind, subject, role, [...claims], allowTables, tenant, view.digest, view.policyVersion]);
}

function sameList(one: readonly string[] | undefined, other: readonly string[]): boolean {
  return one !== undefined && one.length === other.length && one.every((value, at) => value === other[at]);
}
