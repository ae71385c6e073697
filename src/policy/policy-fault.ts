import { SwaliError } from '../errors/swali-error.js';

/** Where a fault stands in a file: the keys and indexes from the top, e.g. `['relations', 'orders', 'rows']`. */
export type FaultPath = readonly (string | number)[];

/** Collects every fault of one file, so that the operator sees all of them at once. */
export interface FaultList {
  readonly count: number;
  /** A fault at a key or value of the file. */
  at(path: FaultPath, message: string): void;
  /** A fault at a line, 1 for the first. */
  atLine(line: number, message: string): void;
  /** @throws SwaliError `POLICY_INVALID` whose detail lists `file:line: message`, by line; returns where there is none */
  assertEmpty(): void;
}

/**
 * @param file name as the operator knows it, e.g. `sql-policies/shop.yaml`
 * @param lineOf line of a path; may be set later by the reader of the file
 */
export function createFaultList(file: string, lineOf: (path: FaultPath) => number): FaultList {
  const faults: { readonly line: number; readonly message: string }[] = [];
  return {
    get count() {
      return faults.length;
    },
    at: (path, message) => void faults.push({ line: lineOf(path), message }),
    atLine: (line, message) => void faults.push({ line, message }),
    assertEmpty: () => {
      if (faults.length === 0) return;
      const lines = [...faults]
        .sort((a, b) => a.line - b.line)
        .map((fault) => `${file}:${fault.line}: ${fault.message}`);
      throw new SwaliError('POLICY_INVALID', { detail: [...new Set(lines)].join('\n') });
    },
  };
}

/** Why one entry of a policy file cannot be used; the caller knows its line. Never leaves `policy/`. */
export class PolicyRefusal extends Error {
  override readonly name = 'PolicyRefusal';
}

/** Runs one check; what it refuses, and what the parser and binder refuse, becomes a fault at `path`. Undefined where it did. */
export function collectFault<T>(faults: FaultList, path: FaultPath, check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (error instanceof PolicyRefusal) faults.at(path, error.message);
    else if (error instanceof SwaliError && error.code.startsWith('SEAL_')) faults.at(path, error.message);
    else throw error;
    return undefined;
  }
}
