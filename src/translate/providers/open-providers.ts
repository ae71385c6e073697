import type { Dialect } from '../../domain/dialect.js';
import type { Backoff, Clock, Logger, MakeGuard, Metrics, ModelBudget, Tracer, WriteText } from '../../domain/ports.js';
import { countModelCalls } from '../count-model-calls.js';
import { createOpenAiTranslate, type OpenAiTranslate } from '../openai.js';
import { createWriteText } from '../write-text.js';
import { createComplete, DEFAULT_PROVIDER, type OpenAiSettings } from './complete.js';
import type { ReadDataRules } from './data-rules.js';
import { createTakeTurns, withTrace } from './failover.js';

/** Names of the circuits, in the order in which the providers are asked. */
export const MODEL_CIRCUITS = ['model', 'model second'] as const;

/** What providers are opened with. */
export interface ProviderParts {
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
}

/** What the providers do, each of them in its turn. */
export interface Providers {
  /** Says in its trace who answered and who failed. @throws as the turns do */
  readonly translate: OpenAiTranslate;
  /** @throws as the turns do */
  readonly writeText: WriteText;
}

/**
 * Opens the providers that are set, each with its own breaker and counts.
 *
 * @param providers one or two, in the order in which they are asked; the time-out of the first holds for all of a question
 */
export function openProviders(
  providers: readonly [OpenAiSettings, ...OpenAiSettings[]],
  parts: ProviderParts,
): Providers {
  const { metrics } = parts;
  const opened = providers.map((settings, at) => {
    const { name = DEFAULT_PROVIDER, region = null } = settings;
    const complete = createComplete({ ...parts, settings, circuit: MODEL_CIRCUITS[at] ?? MODEL_CIRCUITS[1] });
    const translate = createOpenAiTranslate({ ...parts, settings, complete });
    const counted = countModelCalls(name, metrics);
    return { name, region, translate: counted(translate), writeText: counted(createWriteText(complete)) };
  });
  const takeTurns = createTakeTurns({ ...parts, providers: opened, timeoutMs: providers[0].timeoutMs });
  return {
    async translate(request, today, known) {
      const ask = (each: (typeof opened)[number], share: AbortSignal) => each.translate(request, today, known, share);
      const { value, provider, failed } = await takeTurns(request.principal.tenant, ask);
      return withTrace(value, { provider, failed, cached: false, candidates: 1 });
    },
    async writeText(request) {
      const ask = (each: (typeof opened)[number], share: AbortSignal) => each.writeText(request, share);
      return (await takeTurns(request.principal.tenant, ask)).value;
    },
  };
}
