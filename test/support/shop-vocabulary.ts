import type { ColumnFamily } from '../../src/catalog/catalog.js';
import type { Dialect } from '../../src/domain/dialect.js';
import type { Vocabulary } from '../../src/prove/vocabulary.js';
import type { Cell } from '../../src/prove/world.js';
import { uniqueKeys } from '../../src/seal/fence.js';
import { corpusShop, corpusView } from './seal-shop.js';

/** Cells of the shop of the corpora: customer 121's and others'. */
const SAMPLES: Readonly<Partial<Record<ColumnFamily, readonly Cell[]>>> = {
  integer: [121, 103, 112, 10100, 10101, 10005, 1, 2],
  decimal: ['100.50', '9999.99', '5'],
  text: ['Shipped', "O'Brien", 'Nairobi', 'S10_1678', 'Motorcycles'],
  date: ['2024-05-01', '2023-11-30'],
  datetime: ['2024-05-01 10:00:00', '2025-01-31 23:59:59'],
  json: ['{"a": 1}', '[1]'],
};

/** What customer 121 of the corpora may name. */
export function shopVocabulary(dialect: Dialect): Vocabulary {
  const relations = [...corpusView(corpusShop(dialect)).relations.values()].map(({ relation }) => ({
    name: relation.name,
    columns: relation.columns.map(({ name, family, declaredType, nullable, collation }) => ({
      name,
      family,
      declaredType,
      nullable,
      collation,
      samples: SAMPLES[family] ?? [],
    })),
    keys: uniqueKeys(relation),
    foreignKeys:
      relation.name !== 'orders' && relation.columns.some((column) => column.name === 'order_number')
        ? [{ columns: ['order_number'], relation: 'orders', referenced: ['order_number'] }]
        : [],
  }));
  return { dialect, relations, closedRelations: ['salaries'] };
}
