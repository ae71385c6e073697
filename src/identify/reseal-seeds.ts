import type { Resealable, SealedText } from '../store/reseal.js';
import type { Store } from '../store/store.js';
import type { SeedCipher } from './seed-cipher.js';

/** Rows that are read at a time. */
const PAGE = 200;

/** The seeds of second factors, in force and waiting, as something to seal anew. */
export function listSeeds(store: Store, cipher: SeedCipher): Resealable {
  return {
    name: 'seeds of second factors',
    isCurrent: (text) => cipher.isCurrent(text),
    async readPage(after) {
      const [kind = '', id = '0'] = (after ?? '').split(':');
      const rows = await store.run((db) =>
        db
          .selectFrom('second_factors')
          .select(['kind', 'account_id', 'secret', 'pending_secret'])
          .where((eb) =>
            eb.or([
              eb(eb.ref('kind'), '>', kind as 'admin'),
              eb.and([eb('kind', '=', kind as 'admin'), eb('account_id', '>', Number(id))]),
            ]),
          )
          .orderBy('kind')
          .orderBy('account_id')
          .limit(PAGE)
          .execute(),
      );
      return rows.flatMap((row) =>
        (['secret', 'pending_secret'] as const).flatMap((column): readonly SealedText[] => {
          const text = row[column];
          if (text === null) return [];
          const subject = `${row.kind}:${row.account_id}`;
          return [
            {
              cursor: subject,
              text,
              sealAnew: () => cipher.encrypt(cipher.decrypt(text, subject), subject),
              replace: async (anew) => {
                const { numUpdatedRows } = await store.run((db) =>
                  db
                    .updateTable('second_factors')
                    .set({ [column]: anew })
                    .where('kind', '=', row.kind)
                    .where('account_id', '=', row.account_id)
                    .where(column, '=', text)
                    .executeTakeFirst(),
                );
                return numUpdatedRows === 1n;
              },
            },
          ];
        }),
      );
    },
  };
}
