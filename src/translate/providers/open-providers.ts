import type { Dialect } from '../../domain/dialect.js';
import type { Backoff, Clock, Logger, MakeGuard, Metrics, ModelBudget, Tracer } from '../../domain/ports.js';
import { countModelCalls } from '../count-model-calls.js';
import { createOpenAiTranslate, DEFAULT_PROVIDER, type OpenAiSettings, type OpenAiTranslate } from '../openai.js';
import type { ReadDataRules } from './data-rules.js';
import { createFailover } from './failover.js';

/** Names of the circuits, in the order in which the providers are asked. */
export const MODEL_CIRCUITS = ['model', 'model second'] as const;

/**
 * Makes one translator of the providers that are set, each with its own breaker and counts.
 *
 * @param deps.providers one or two, in the order in which they are asked; the time-out of the first holds for all of a question
 */
export function openProviders(deps: {
  readonly providers: readonly [OpenAiSettings, ...OpenAiSettings[]];
  readonly dataRules: ReadDataRules;
  readonly dialect: Dialect;
  readonly timeZone: string;
  readonly budget: ModelBudget;
  readonly makeGuard: MakeGuard;
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'modelTokens' | 'modelCall' | 'modelFallback'>;
  readonly tracer: Pick<Tracer, 'outgoing'>;
}): OpenAiTranslate {
  const { providers, dataRules, metrics, logger, ...parts } = deps;
  return createFailover({
    providers: providers.map((settings, at) => {
      const { name = DEFAULT_PROVIDER, region = null } = settings;
      const circuit = MODEL_CIRCUITS[at] ?? MODEL_CIRCUITS[1];
      const ask = createOpenAiTranslate({ ...parts, settings, circuit, logger, metrics });
      return { name, region, ask: countModelCalls(ask, name, metrics) };
    }),
    dataRules,
    timeoutMs: providers[0].timeoutMs,
    logger,
    metrics,
  });
}
