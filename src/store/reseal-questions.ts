import type { KeyRing } from './key-ring.js';
import type { Resealable } from './reseal.js';
import type { Store } from './store.js';
import { placeOfRow } from './turn-rows.js';

/** Rows that are read at a time. */
const PAGE = 200;

const NAMES = { conversations: 'titles of conversations', turns: 'questions' } as const;

/** What people asked, and what their conversations are called, as something to seal anew. */
export function listQuestions(store: Store, ring: KeyRing): readonly Resealable[] {
  return [listTable('conversations', store, ring), listTable('turns', store, ring)];
}

function listTable(table: keyof typeof NAMES, store: Store, ring: KeyRing): Resealable {
  return {
    name: NAMES[table],
    isCurrent: (text) => ring.isCurrent(text),
    async readPage(after) {
      const rows = await store.run((db) =>
        db
          .selectFrom(table)
          .select(['id', 'subject', 'sealed'])
          .where('id', '>', after ?? '')
          .orderBy('id')
          .limit(PAGE)
          .execute(),
      );
      return rows.map((row) => ({
        cursor: row.id,
        text: row.sealed,
        sealAnew: () => {
          const place = placeOfRow(table, row);
          return ring.seal(ring.open(row.sealed, 'question', place), 'question', place);
        },
        replace: async (sealed: string) => {
          const { numUpdatedRows } = await store.run((db) =>
            db
              .updateTable(table)
              .set({ sealed })
              .where('id', '=', row.id)
              .where('sealed', '=', row.sealed)
              .executeTakeFirst(),
          );
          return numUpdatedRows === 1n;
        },
      }));
    },
  };
}
