import type { KeyRing } from '../store/key-ring.js';
import type { Resealable } from '../store/reseal.js';
import type { Store } from '../store/store.js';

/** Rows that are read at a time. */
const PAGE = 200;

/** The keys that encrypt what is personal in audit records, as something to seal anew. Destroyed ones are passed over. */
export function listSubjectKeys(store: Store, keyRing: KeyRing): Resealable {
  return {
    name: 'keys of audit subjects',
    isCurrent: (text) => keyRing.isCurrent(text),
    async readPage(after) {
      const rows = await store.run((db) =>
        db
          .selectFrom('audit_subject_keys')
          .select(['subject', 'sealed'])
          .where('subject', '>', after ?? '')
          .where('sealed', '<>', '')
          .orderBy('subject')
          .limit(PAGE)
          .execute(),
      );
      return rows.map(({ subject, sealed }) => ({
        cursor: subject,
        text: sealed,
        sealAnew: () => keyRing.seal(keyRing.open(sealed, 'audit-subject-key', subject), 'audit-subject-key', subject),
        replace: async (anew: string) => {
          const { numUpdatedRows } = await store.run((db) =>
            db
              .updateTable('audit_subject_keys')
              .set({ sealed: anew })
              .where('subject', '=', subject)
              .where('sealed', '=', sealed)
              .executeTakeFirst(),
          );
          return numUpdatedRows === 1n;
        },
      }));
    },
  };
}
