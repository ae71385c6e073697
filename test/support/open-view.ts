import type { Catalog } from '../../src/catalog/catalog.js';
import type { PrincipalView, RelationObligation } from '../../src/policy/view.js';
import { foldName } from '../../src/sql/fold-name.js';

/** A view that opens every relation and column of a catalog and filters nothing: what an admin sees where nothing is secret. */
export function openWholeCatalog(catalog: Catalog, rows = 100_000): PrincipalView {
  const relations = new Map(
    [...catalog.relations].map(([fold, relation]): [string, RelationObligation] => [
      fold,
      {
        relation,
        description: null,
        synonyms: [],
        columns: new Map(
          relation.columns.map((column) => [
            foldName(column.name),
            { column, description: null, unit: null, shareValues: false, mask: null },
          ]),
        ),
        filter: null,
        filterSql: null,
        policies: [],
      },
    ]),
  );
  return {
    relations,
    isFunctionOpen: (_name, allowedByDialect) => allowedByDialect,
    claim: (name) => {
      throw new Error(`no claim ${name} here`);
    },
    limits: { rows, timeoutMs: 20_000, bytes: 64 * 1024 * 1024, joins: 12, depth: 12 },
    digest: `whole:${catalog.version}`,
    policyVersion: 'sha256:test',
  };
}
