import type { ModelTrace, Translation } from '../../domain/candidate.js';
import type { Logger, Metrics } from '../../domain/ports.js';
import type { Tenant } from '../../domain/tenant.js';
import { SwaliError } from '../../errors/swali-error.js';
import { isModelFailure } from '../model-failures.js';
import { mayReceive, type ReadDataRules } from './data-rules.js';

/** The failure of the last provider, and who failed. */
export class ProvidersFailedError extends SwaliError {
  /** Names, in the order in which they were asked. */
  readonly failed: readonly string[];

  constructor({ code, detail, cause, retryAfterS }: SwaliError, failed: readonly string[]) {
    super(code, { cause, ...(detail !== null ? { detail } : {}), ...(retryAfterS !== null ? { retryAfterS } : {}) });
    this.failed = failed;
  }
}

/** One provider of a model. */
export interface Provider {
  readonly name: string;
  /** Null where nobody says where it works. */
  readonly region: string | null;
}

/** What came of asking, and who was asked. */
export interface TakenTurn<Value> {
  readonly value: Value;
  readonly provider: string;
  /** Names of those who failed before. */
  readonly failed: readonly string[];
}

/**
 * Asks one provider after the other, each where the one before it failed or its circuit is open, all within one deadline, of
 * which those before the last have equal shares. Whom the rules of the asker's tenant do not allow is never asked.
 *
 * @throws {@link ProvidersFailedError} with the code of the last of them, SwaliError `TRANSLATE_MODEL_UNAVAILABLE` where none is
 *   allowed, and at once what is no failure of a model
 */
export type TakeTurns<Of extends Provider> = <Value>(
  tenant: Tenant,
  ask: (provider: Of, deadline: AbortSignal) => Promise<Value>,
) => Promise<TakenTurn<Value>>;

/**
 * Makes the turns of several providers.
 *
 * @param deps.providers in the order in which they are asked
 * @param deps.timeoutMs of a question, for all of them together
 */
export function createTakeTurns<Of extends Provider>(deps: {
  readonly providers: readonly Of[];
  readonly dataRules: ReadDataRules;
  readonly timeoutMs: number;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'modelFallback'>;
}): TakeTurns<Of> {
  return async (tenant, ask) => {
    const rules = await deps.dataRules(tenant);
    const allowed = deps.providers.filter((each) => mayReceive(each, rules));
    const whole = AbortSignal.timeout(deps.timeoutMs);
    const failed: string[] = [];
    for (const [at, provider] of allowed.entries()) {
      const { name } = provider;
      const isLast = at === allowed.length - 1;
      const share = isLast ? whole : AbortSignal.any([whole, AbortSignal.timeout(deps.timeoutMs / allowed.length)]);
      try {
        return { value: await ask(provider, share), provider: name, failed };
      } catch (error) {
        if (!isModelFailure(error)) throw error;
        failed.push(name);
        if (isLast) throw new ProvidersFailedError(error, failed);
        const next = allowed[at + 1]!.name;
        deps.metrics.modelFallback(next);
        deps.logger.warn({ provider: name, next, code: error.code, cause: String(error.cause) }, 'a provider failed');
      }
    }
    throw new SwaliError('TRANSLATE_MODEL_UNAVAILABLE', { cause: 'no provider may be sent what this tenant asks' });
  };
}

/** Says how a translation came about. */
export function withTrace(translation: Translation, model: ModelTrace): Translation {
  if (translation.kind !== 'sql') return { ...translation, model };
  return { ...translation, candidate: { ...translation.candidate, model } };
}
