import { PRINCIPAL_KINDS, type PrincipalKind } from '../domain/principal.js';
import { fromTenantColumn, type Tenant, toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store, StoreDatabase } from '../store/store.js';
import { readAccountId } from './account-id.js';

/** Erasures read at a time. */
const PAGE = 500;

/** That an account was erased. Names nobody: the id is of nobody any more, and is never given again. */
export interface Erasure {
  readonly tenant: Tenant;
  /** `customer:17`. */
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly erasedAt: number;
}

/** Puts an erasure on the list that is replayed onto a restored store. Inside the transaction that erases. */
export async function noteErasure(
  db: StoreDatabase,
  { tenant, subject, erasedAt }: Erasure,
  isSqlite: boolean,
): Promise<void> {
  const insert = db.insertInto('erasures').values({ tenant: toTenantColumn(tenant), subject, erased_at: erasedAt });
  await (isSqlite ? insert.onConflict((conflict) => conflict.doNothing()) : insert.ignore()).execute();
}

/** Every erasure since a time, by tenant and subject. @throws SwaliError `STORE_UNAVAILABLE` */
export async function listErasures(store: Store, since = 0): Promise<readonly Erasure[]> {
  const all: Erasure[] = [];
  for (let from = 0; ; from += PAGE) {
    const page = await store.run((db) =>
      db
        .selectFrom('erasures')
        .selectAll()
        .where('erased_at', '>=', since)
        .orderBy('tenant')
        .orderBy('subject')
        .limit(PAGE)
        .offset(from)
        .execute(),
    );
    for (const { tenant, subject, erased_at } of page)
      all.push({ tenant: fromTenantColumn(tenant), subject, erasedAt: Number(erased_at) });
    if (page.length < PAGE) return all;
  }
}

/** One erasure as a line of JSON, without its line break. */
export function printErasure({ tenant, subject, erasedAt }: Erasure): string {
  return JSON.stringify({ tenant, subject, erasedAt: new Date(erasedAt).toISOString() });
}

/**
 * Reads lines of {@link printErasure}; empty ones are passed over.
 *
 * @throws SwaliError `IDENTITY_INPUT_INVALID` with the number of the first line that is none
 */
export function parseErasures(text: string): readonly Erasure[] {
  return text.split('\n').flatMap((line, at) => {
    if (line.trim() === '') return [];
    const erasure = parseLine(line);
    if (!erasure) throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: `line ${at + 1} is no erasure` });
    return [erasure];
  });
}

/** The account that an erasure names. @throws Error where its subject is none */
export function accountOf({ subject }: Pick<Erasure, 'subject'>): {
  readonly kind: PrincipalKind;
  readonly id: number;
} {
  const kind = PRINCIPAL_KINDS.find((each) => subject.startsWith(`${each}:`));
  if (!kind) throw new Error('the subject is of no kind');
  return { kind, id: readAccountId(kind, subject) };
}

function parseLine(line: string): Erasure | null {
  try {
    const { tenant, subject, erasedAt } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const time = Date.parse(String(erasedAt));
    if ((tenant !== null && typeof tenant !== 'string') || typeof subject !== 'string' || Number.isNaN(time))
      return null;
    accountOf({ subject });
    return { tenant: tenant || null, subject, erasedAt: time };
  } catch {
    return null;
  }
}
