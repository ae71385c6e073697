import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Candidate, Translation } from '../../domain/candidate.js';
import { NO_METRICS } from '../../domain/no-telemetry.js';
import type { Metrics } from '../../domain/ports.js';
import { SwaliError } from '../../errors/swali-error.js';
import type { Day } from '../dates.js';
import type { OpenAiTranslate } from '../openai.js';
import type { TranslateRequest } from '../request.js';
import type { SchemaNotes } from '../write-prompt.js';
import type { KeptTranslation, KeptTranslations } from './kept-translations.js';
import { createFlights } from './share-flights.js';

/** Statements that wait for having run, at most. */
const MOST_PENDING = 2_000;
/** For how long they wait at most, in milliseconds: whoever was to run them has gone by then. */
const LONGEST_PENDING_MS = 60_000;

/** Answers a question that a model has answered before without asking it again. */
export interface TranslationCache {
  /** The same translator, asked only for what is not kept, and once for equal questions at the same time. */
  wrap(translate: OpenAiTranslate): OpenAiTranslate;
  /**
   * What became of a statement. Where it was sealed and has run, it answers its question from now on; until then it is only
   * shared with who asks at the same time, and where it did not run no longer with them.
   */
  settle(candidate: Candidate, hasRun: boolean): void;
}

/** All that a model would be told of a question, as text: equal texts are equal questions. */
export type PromptOf = (request: TranslateRequest, today: Day, known: SchemaNotes) => string;

/** What waits for having run. */
interface Pending {
  readonly translation: Translation;
  /** What is to be kept, by the ticket of each statement that the model wrote. */
  readonly byTicket: ReadonlyMap<string, KeptTranslation>;
}

/**
 * Makes the cache of translations.
 *
 * A statement is kept under a keyed digest of everything that decides it: the question, the catalog and the rules as the
 * asker sees them, the policy's version, the conversation, the day, the tenant, and the text of the whole prompt. Two askers
 * share it only where a model could not tell them apart. It is kept once it has run, so that what a model got wrong does not
 * stay. Rows are never kept.
 *
 * @param deps.key secret, the same for every replica: without it nobody can try which questions were asked
 * @param deps.setup what else decides an answer, e.g. the names of the models
 * @remarks What it does not hide: that somebody with the same view has asked the very same words, from a faster answer.
 */
export function createTranslationCache(deps: {
  readonly kept: KeptTranslations;
  readonly key: string | Buffer;
  readonly setup: string;
  readonly promptOf: PromptOf;
  readonly metrics?: Pick<Metrics, 'cacheRead'>;
}): TranslationCache {
  const { kept, promptOf, metrics = NO_METRICS } = deps;
  /** By the key of the question: the newest. */
  const pending = new LRUCache<string, Pending>({ max: MOST_PENDING, ttl: LONGEST_PENDING_MS });
  const flights = createFlights<Translation>(isAboutTheAsker);
  let drawn = 0;

  const digest = (parts: readonly unknown[]) =>
    createHmac('sha256', deps.key).update(JSON.stringify(parts)).digest('base64url');

  /** What was mended answers the question as it was first put, so the key leaves out what came back in between. */
  function keyOf(request: TranslateRequest, today: Day, known: SchemaNotes): string {
    const { view, principal } = request;
    const prompt = promptOf({ ...request, feedback: [] }, today, known);
    return digest([deps.setup, principal.tenant, view.policyVersion, view.digest, prompt]);
  }

  /** Each statement that the model wrote gets one: which of them is the answer shows when they run. */
  function giveTickets(translation: Translation, key: string): Translation {
    if (translation.kind !== 'sql') return translation;
    const byTicket = new Map<string, KeptTranslation>();
    const give = (candidate: Candidate): Candidate => {
      drawn += 1;
      const ticket = `${key}.${drawn}`;
      byTicket.set(ticket, { sql: candidate.sql, provider: candidate.model?.provider ?? '' });
      return { ...candidate, ticket };
    };
    const { candidate, alternatives } = translation;
    const ticketed = {
      ...translation,
      candidate: give(candidate),
      ...(alternatives ? { alternatives: alternatives.map(give) } : {}),
    };
    pending.set(key, { translation: ticketed, byTicket });
    return ticketed;
  }

  /** What was kept and does not run any more is the reason why the question comes back. */
  async function askAgain(
    { feedback, signal }: TranslateRequest,
    key: string,
    ask: (signal: AbortSignal) => Promise<Translation>,
  ): Promise<Translation> {
    const found = await kept.get(key);
    if (found && feedback.some(({ sql }) => sql === found.sql)) kept.drop(key);
    const landed = await flights.run(digest([key, feedback]), signal, ask);
    return landed.isLeader ? landed.value : withoutCost(landed.value);
  }

  return Object.freeze({
    wrap: (translate) => {
      const ask = async (request: TranslateRequest, signal: AbortSignal, key: string, ...told: [Day, SchemaNotes]) =>
        giveTickets(await translate({ ...request, signal }, ...told), key);
      return async (request, today, known) => {
        const key = keyOf(request, today, known);
        if (request.feedback.length > 0)
          return askAgain(request, key, (signal) => ask(request, signal, key, today, known));
        const recent = pending.get(key);
        if (recent) return withoutCost(recent.translation);
        // The look into what is kept is part of the flight: nobody passes between it and the question to the model.
        const landed = await flights.run(key, request.signal, async (signal) => {
          const found = await kept.get(key);
          metrics.cacheRead('translations', found !== null);
          return found ? toTranslation(found) : ask(request, signal, key, today, known);
        });
        return landed.isLeader ? landed.value : withoutCost(landed.value);
      };
    },
    settle({ ticket }, hasRun) {
      const key = ticket?.replace(/\.\d+$/, '');
      if (ticket === undefined || key === undefined) return;
      const written = pending.get(key)?.byTicket.get(ticket);
      if (!written) return;
      pending.delete(key);
      if (hasRun) kept.put(key, written);
    },
  } satisfies TranslationCache);
}

/** A budget is one asker's; the next may have something left. */
function isAboutTheAsker(error: unknown): boolean {
  return error instanceof SwaliError && error.code === 'RATE_LIMITED';
}

const NO_COST: Candidate['usage'] = { promptTokens: 0, completionTokens: 0 };

function toTranslation({ sql, provider }: KeptTranslation): Translation {
  const model = { provider, failed: [], cached: true, candidates: 1 };
  return { kind: 'sql', candidate: { sql, translator: 'openai', slots: new Map(), usage: NO_COST, model } };
}

/** Somebody else has paid for it. */
function withoutCost(translation: Translation): Translation {
  if (translation.kind !== 'sql') return { ...translation, usage: NO_COST, ...shared(translation) };
  const { candidate } = translation;
  return { ...translation, candidate: { ...candidate, usage: NO_COST, ...shared(candidate) } };
}

function shared({ model }: Pick<Candidate, 'model'>): Pick<Candidate, 'model'> {
  return model ? { model: { ...model, cached: true } } : {};
}
