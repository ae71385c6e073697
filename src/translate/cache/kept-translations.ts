import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { KeyRing } from '../../store/key-ring.js';
import type { Redis } from '../../store/redis.js';

/** A statement that a model wrote for a question, and that has run since. Never a row. */
export interface KeptTranslation {
  readonly sql: string;
  /** Name of the provider that wrote it. */
  readonly provider: string;
}

/** Translations that are believed for a while. */
export interface KeptTranslations {
  /** @returns null where none is kept, or none can be read now */
  get(key: string): Promise<KeptTranslation | null>;
  /** Keeps one, in the place of an earlier one. Waits for nobody and never throws. */
  put(key: string, translation: KeptTranslation): void;
  /** Forgets one. As {@link KeptTranslations.put}. */
  drop(key: string): void;
}

/** Translations that one process keeps for itself at most. */
const MOST_KEPT = 5_000;
/** Characters of all of them together at most. */
const MOST_CHARACTERS = 16 * 1024 * 1024;
/** In front of each name in Redis, which other things are kept in too. */
const PREFIX = 'swali:translation:';

const KEPT = z.strictObject({ sql: z.string(), provider: z.string() });

/**
 * Keeps translations in this process, and in Redis where replicas share one.
 *
 * What lies in Redis is encrypted under its own name: whoever reads Redis learns neither question nor statement, and a
 * statement that is written there, or moved to another name, is passed over. While Redis is away each process goes by what it
 * keeps itself.
 *
 * @param deps.ttlMs how long a translation is believed, in milliseconds
 * @param deps.shared null where there is one process
 */
export function createKeptTranslations(deps: {
  readonly ttlMs: number;
  readonly shared: { readonly redis: Pick<Redis, 'send'>; readonly ring: Pick<KeyRing, 'seal' | 'open'> } | null;
}): KeptTranslations {
  const { ttlMs, shared } = deps;
  const own = new LRUCache<string, KeptTranslation>({
    max: MOST_KEPT,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: ({ sql, provider }, key) => sql.length + provider.length + key.length,
    ttl: ttlMs,
  });

  /** What cannot be read, or is not ours, is as good as absent: the model is asked then. */
  async function readShared(key: string): Promise<KeptTranslation | null> {
    if (!shared) return null;
    try {
      const text = await shared.redis.send('GET', PREFIX + key);
      if (typeof text !== 'string') return null;
      return KEPT.parse(JSON.parse(shared.ring.open(text, 'kept-translation', key).toString('utf8')));
    } catch {
      return null;
    }
  }

  return Object.freeze({
    async get(key) {
      const known = own.get(key) ?? (await readShared(key));
      if (known && !own.has(key)) own.set(key, known);
      return known;
    },
    put(key, translation) {
      own.set(key, translation);
      if (!shared) return;
      const text = shared.ring.seal(Buffer.from(JSON.stringify(translation)), 'kept-translation', key);
      shared.redis.send('SET', PREFIX + key, text, 'PX', ttlMs).catch(() => undefined);
    },
    drop(key) {
      own.delete(key);
      shared?.redis.send('DEL', PREFIX + key).catch(() => undefined);
    },
  } satisfies KeptTranslations);
}
