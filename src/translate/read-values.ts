import { SwaliError } from '../errors/swali-error.js';
import type { RelationObligation } from '../policy/view.js';
import type { ReadSharedValues, TranslateRequest } from './request.js';
import type { SharedValues } from './write-schema.js';

/** Most columns whose shared values are read for one question. */
const MAX_SHARED_COLUMNS = 20;
/** Longest wait for all of them, in milliseconds. */
const SHARED_VALUES_TIMEOUT_MS = 2000;

/**
 * Reads the shared values of some relations one column after the other, for as long as a question can wait for them; what
 * is not there by then is left out.
 *
 * @param relations of the request's view, the most important first
 * @throws SwaliError `EXECUTE_CANCELLED` where the caller has hung up
 */
export async function readValues(
  read: ReadSharedValues | null,
  request: TranslateRequest,
  relations: readonly RelationObligation[],
): Promise<SharedValues> {
  const values = new Map<string, readonly string[]>();
  if (!read) return values;
  const shared = relations.flatMap(({ relation, columns }) =>
    [...columns.values()]
      .filter((each) => each.shareValues && each.mask === null)
      .map((each) => ({ relation: relation.name, column: each.column.name })),
  );
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), SHARED_VALUES_TIMEOUT_MS);
  const limited = { ...request, signal: AbortSignal.any([request.signal, patience.signal]) };
  try {
    for (const { relation, column } of shared.slice(0, MAX_SHARED_COLUMNS)) {
      values.set(`${relation}.${column}`, await read(limited, relation, column));
    }
  } catch (error) {
    if (request.signal.aborted) throw new SwaliError('EXECUTE_CANCELLED', { cause: error });
    if (!patience.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  return values;
}
