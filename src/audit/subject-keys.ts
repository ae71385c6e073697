import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../domain/ports.js';
import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import type { KeyRing } from '../store/key-ring.js';
import { openBytes, sealBytes } from '../store/sealed-bytes.js';
import type { Store } from '../store/store.js';
import { addSubjectKeys } from '../store/subject-key-rows.js';
import { printCanonicalJson } from './canonical-json.js';

const KEY_BYTES = 32;

/** In front of every text, so that another way can come beside this one. */
const VERSION = 'v1.';

/** Keys kept in memory. */
const MAX_CACHED = 10_000;

/** How long one is kept there, in milliseconds. It only encrypts: with one that is destroyed meanwhile nobody reads. */
const CACHE_TTL_MS = 60_000;

/** Subjects asked for in one statement. */
const PAGE = 200;

/** The key of a subject; null where it is destroyed. */
export type SubjectKey = Buffer | null;

/** Keys of subjects: made when somebody is first spoken of, destroyed when they are erased. */
export interface SubjectKeys {
  /**
   * The keys of subjects, made where there are none yet.
   *
   * @param subjects with the tenant whose row a new key is
   * @throws SwaliError `STORE_UNAVAILABLE`; `INTERNAL` where the ring cannot open one
   */
  demand(subjects: ReadonlyMap<string, Tenant>): Promise<ReadonlyMap<string, SubjectKey>>;
  /**
   * The keys that there are, as the store has them now; who has none is not in the map.
   *
   * @throws as {@link SubjectKeys.demand}
   */
  find(subjects: readonly string[]): Promise<ReadonlyMap<string, SubjectKey>>;
}

/**
 * @param deps.keyRing under which the store keeps them
 * @param deps.randomBytes source of randomness
 */
export function createSubjectKeys(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly keyRing: KeyRing;
  readonly randomBytes?: (size: number) => Buffer;
}): SubjectKeys {
  const { store, clock, keyRing } = deps;
  const random = deps.randomBytes ?? randomBytes;
  const cache = new LRUCache<string, { readonly key: SubjectKey }>({ max: MAX_CACHED, ttl: CACHE_TTL_MS });

  async function find(subjects: readonly string[]): Promise<Map<string, SubjectKey>> {
    const found = new Map<string, SubjectKey>();
    for (let at = 0; at < subjects.length; at += PAGE) {
      const rows = await store.run((db) =>
        db
          .selectFrom('audit_subject_keys')
          .select(['subject', 'sealed'])
          .where('subject', 'in', subjects.slice(at, at + PAGE))
          .execute(),
      );
      for (const { subject, sealed } of rows) {
        found.set(subject, sealed === '' ? null : keyRing.open(sealed, 'audit-subject-key', subject));
      }
    }
    return found;
  }

  return Object.freeze({
    find,
    async demand(subjects) {
      const names = [...subjects.keys()];
      const known = new Map(names.map((subject) => [subject, cache.get(subject)?.key] as const));
      const found = await find(names.filter((subject) => known.get(subject) === undefined));
      const missing = [...subjects].filter(([subject]) => known.get(subject) === undefined && !found.has(subject));
      if (missing.length > 0) {
        const rows = missing.map(([subject, tenant]) => ({
          subject,
          tenant: toTenantColumn(tenant),
          sealed: keyRing.seal(random(KEY_BYTES), 'audit-subject-key', subject),
          created_at: clock(),
          destroyed_at: null,
        }));
        await store.run((db) => addSubjectKeys(db, store.dialect, rows));
        // Another process may have made one meanwhile: then its key is the one.
        for (const [subject, key] of await find(missing.map(([subject]) => subject))) found.set(subject, key);
      }
      for (const [subject, key] of found) cache.set(subject, { key });
      return new Map(names.map((subject) => [subject, known.get(subject) ?? found.get(subject) ?? null]));
    },
  } satisfies SubjectKeys);
}

/** Encrypts fields of a record for whom they are about. @param place what of the record the text belongs to */
export function sealFields(key: Buffer, fields: Readonly<Record<string, unknown>>, place: readonly string[]): string {
  return VERSION + sealBytes(key, printCanonicalJson(fields), JSON.stringify(place)).toString('base64url');
}

/** Decrypts what {@link sealFields} made; null where the key is another, or the text is not what was made. */
export function openFields(
  key: Buffer,
  text: string,
  place: readonly string[],
): Readonly<Record<string, unknown>> | null {
  if (!text.startsWith(VERSION)) return null;
  try {
    const bytes = Buffer.from(text.slice(VERSION.length), 'base64url');
    const fields: unknown = JSON.parse(openBytes(key, bytes, JSON.stringify(place)).toString());
    return typeof fields === 'object' && fields !== null ? (fields as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
