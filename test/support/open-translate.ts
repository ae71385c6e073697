import { NO_METRICS, NO_TRACER } from '../../src/domain/no-telemetry.js';
import type { Metrics } from '../../src/domain/ports.js';
import type { OpenAiSettings } from '../../src/translate/providers/complete.js';
import { ALL_ALLOWED } from '../../src/translate/providers/data-rules.js';
import { openProviders, type ProviderParts } from '../../src/translate/providers/open-providers.js';
import { createTranslate, type Translate, type TranslateDeps } from '../../src/translate/translate.js';

/** What the translate stage and its providers are opened with. */
export type OpenTranslateDeps = Omit<TranslateDeps, 'providers' | 'counts'> &
  Pick<ProviderParts, 'budget' | 'makeGuard' | 'backoff'> &
  Partial<Pick<ProviderParts, 'dataRules' | 'tracer'>> & {
    readonly openai: OpenAiSettings | null;
    readonly fallback?: OpenAiSettings | null;
    readonly counts?: Partial<Metrics>;
  };

/** Opens the translate stage over one or two providers, as the gateway does. */
export function openTranslate(deps: OpenTranslateDeps): Translate {
  const metrics = { ...NO_METRICS, ...deps.counts };
  const parts = { dataRules: ALL_ALLOWED, tracer: NO_TRACER, ...deps, metrics };
  const providers = deps.openai
    ? openProviders(deps.fallback ? [deps.openai, deps.fallback] : [deps.openai], parts)
    : null;
  return createTranslate({ ...deps, counts: metrics, providers });
}
