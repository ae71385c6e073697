import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import { operatorOf } from '../identify/operator.js';
import { permissionsFor } from '../identify/permissions.js';
import { EVALUATION_TIER } from './run-settings.js';

/**
 * Who asks in a run: nobody that any store knows.
 *
 * @param as `admin`, or `customer:N` for the customer of that number
 * @throws SwaliError `EVAL_INPUT_INVALID` for anything else
 */
export function principalOfRun(as: string): Principal {
  const admin = { ...operatorOf(null), subject: 'evaluation', tier: EVALUATION_TIER };
  if (as === 'admin') return Object.freeze(admin);
  const number = /^customer:(\S+)$/.exec(as)?.[1];
  if (number === undefined) throw new SwaliError('EVAL_INPUT_INVALID', { detail: '--as is admin, or customer:NUMBER' });
  return Object.freeze({
    ...admin,
    kind: 'customer',
    claims: new Map([['customer_number', number]]),
    permissions: permissionsFor('customer', null),
  });
}
