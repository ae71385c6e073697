import type { CompiledMetric } from '../policy/compile-metric.js';
import { fitValues } from './fit-values.js';
import { loadTokenCounter } from './link/count-tokens.js';
import { createLinker } from './link/link-schema.js';
import { createValueMemory } from './link/value-memory.js';
import type { OfflineRequest } from './offline/translate-offline.js';
import { readValues } from './read-values.js';
import type { ReadSharedValues, TranslateRequest } from './request.js';
import type { SchemaNotes } from './write-prompt.js';

/** Tokens of the schema in a prompt where nothing else is set. */
export const DEFAULT_SCHEMA_TOKENS = 1500;

/** Relations up to which the offline translator reads a view as it is: its joins are searched among all pairs of them. */
const MOST_OFFLINE = 60;
/** Of a larger view it gets so many. */
const NARROWED = 40;

/** Finds what a question is about before it is translated, and reads the shared values of that part only. */
export interface LinkStep {
  /** What the prompt shows. @throws SwaliError `EXECUTE_CANCELLED` */
  forModel(request: TranslateRequest, metrics: readonly CompiledMetric[]): Promise<SchemaNotes>;
  /** What the offline translator reads. @throws SwaliError `EXECUTE_CANCELLED` */
  forOffline(
    request: TranslateRequest,
    metrics: readonly CompiledMetric[],
  ): Promise<Pick<OfflineRequest, 'view' | 'sharedValues'>>;
}

/**
 * Makes the step that links.
 *
 * @param deps.tokens of the schema's text in a prompt, shared values included
 */
export function createLinkStep(deps: {
  readonly readSharedValues: ReadSharedValues | null;
  readonly tokens: number;
}): LinkStep {
  const linker = createLinker({ tokens: deps.tokens });
  const memory = createValueMemory();
  return {
    async forModel(request, metrics) {
      const asked = { ...request, metrics, values: memory.recall(request) };
      const first = await linker.link(asked);
      const read = await readValues(
        deps.readSharedValues,
        request,
        first.relations.map((each) => each.obligation),
      );
      const values = memory.remember(request, read);
      // A value that was read for the first time may be what the question names.
      const schema = first.isWhole || values === asked.values ? first : await linker.link({ ...asked, values });
      const shown = new Set(schema.relations.map((each) => each.obligation.relation.name));
      return {
        schema,
        sharedValues: fitValues(schema, read, deps.tokens, await loadTokenCounter()),
        // A figure over a table that is not listed could not be used.
        metrics: metrics.filter((metric) => shown.has(metric.relation)),
      };
    },
    async forOffline(request, metrics) {
      const asked = { ...request, metrics, values: memory.recall(request) };
      const view = request.view.relations.size > MOST_OFFLINE ? linker.narrow(asked, NARROWED) : request.view;
      const read = await readValues(deps.readSharedValues, request, [...view.relations.values()]);
      memory.remember(request, read);
      return { view, sharedValues: read };
    },
  };
}
