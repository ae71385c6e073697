import { expect } from 'vitest';
import { openStore } from '../../src/store/store.js';
import type { Told } from './caller.js';
import type { GatewayHome } from './gateway-home.js';

/** Paths whose answers leave with a record of their own. */
const AUDITED = new Set(['/v1/ask', '/v1/sql']);

/** Ids of the requests that have a record in the store. */
export async function recordedIds(storeUrl: string): Promise<ReadonlySet<string>> {
  const store = await openStore(storeUrl);
  try {
    const rows = await store.run((db) => db.selectFrom('audit_records').select('body').execute());
    return new Set(rows.flatMap(({ body }) => /"requestId":"([^"]+)"/.exec(body)?.[1] ?? []));
  } finally {
    await store.close();
  }
}

/** Whole answers that callers got and that have no record: must be none. */
export async function unauditedAnswers(told: readonly Told[], storeUrl: string): Promise<readonly string[]> {
  const recorded = await recordedIds(storeUrl);
  return told.flatMap(({ id, path, end }) =>
    end === 'answered' && AUDITED.has(path) && !recorded.has(id) ? [id] : [],
  );
}

/** Fails unless every whole answer has its record and `swali audit verify` finds nothing. @returns how many lack theirs: 0 */
export async function expectAudited(told: readonly Told[], home: GatewayHome): Promise<number> {
  const storeUrl = home.env.STORE_URL ?? `sqlite:${home.folder}/store.sqlite`;
  const unaudited = await unauditedAnswers(told, storeUrl);
  expect(unaudited).toEqual([]);
  const verified = await home.swali('audit', 'verify');
  expect([verified.code, verified.out]).toEqual([0, expect.stringContaining('intact')]);
  return unaudited.length;
}
