import type { Candidate } from '../domain/candidate.js';
import type { BoundParameter, OutputColumn, ParameterValue, SealProvenance } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView } from '../policy/view.js';
import type { Parameter } from '../sql/nodes.js';

/** A sealed statement's reusable form: everything but the values of claims and slots. */
export interface Plan {
  readonly sql: string;
  /** In print order, as many as `?` in the text. */
  readonly parameters: readonly Parameter[];
  readonly columns: readonly OutputColumn[];
  readonly provenance: SealProvenance;
  readonly filtered: boolean;
}

function slotValue(name: string, candidate: Candidate): ParameterValue {
  const value = candidate.slots.get(name);
  // SQLite ends a bound text at a NUL: the statement would compare with another value than the one that was given.
  const fits = typeof value === 'string' ? !value.includes('\0') : Number.isFinite(value);
  if (!fits) throw new SwaliError('SEAL_SLOT_INVALID', { detail: name });
  return value as string | number;
}

/**
 * The values for a plan's parameters, in print order.
 *
 * @throws SwaliError `SEAL_CLAIM_MISSING`, `SEAL_CLAIM_MALFORMED`, `SEAL_SLOT_INVALID`
 */
export function fillParameters(plan: Plan, candidate: Candidate, view: PrincipalView): BoundParameter[] {
  return plan.parameters.map((parameter) => fillParameter(parameter, candidate, view));
}

function fillParameter({ origin, name, value }: Parameter, candidate: Candidate, view: PrincipalView): BoundParameter {
  switch (origin) {
    case 'claim':
      return { origin, name, value: view.claim(name as string) };
    case 'slot':
      return { origin, name, value: slotValue(name as string, candidate) };
    case 'literal':
      return { origin, name: null, value };
    case 'named':
      throw new SwaliError('SEAL_UNPROVEN', { cause: new Error(`parameter ${name} was never bound`) });
  }
}
