/**
 * A view that opens all of a catalog to one who asks, with nothing filtered and nothing masked.
 *
 * @param values by `relation.column`: the columns whose owner shares their values
 * @param notes relation → `{ description, synonyms, columns: { name: { description, unit } } }`, as a policy file says them
 */
export function openView(catalog, values, { foldName }, notes = new Map()) {
  const relations = new Map(
    [...catalog.relations].map(([fold, relation]) => {
      const about = notes.get(relation.name) ?? {};
      const columns = relation.columns.map((column) => [
        foldName(column.name),
        {
          column,
          description: about.columns?.[column.name]?.description ?? null,
          unit: about.columns?.[column.name]?.unit ?? null,
          shareValues: values.has(`${relation.name}.${column.name}`),
          mask: null,
        },
      ]);
      return [
        fold,
        {
          relation,
          description: about.description ?? null,
          synonyms: about.synonyms ?? [],
          columns: new Map(columns),
          filter: null,
          filterSql: null,
          policies: [],
        },
      ];
    }),
  );
  return {
    relations,
    isFunctionOpen: (_name, allowedByDialect) => allowedByDialect,
    claim: (name) => {
      throw new Error(`no claim ${name} here`);
    },
    limits: { rows: 1000, timeoutMs: 5000, bytes: 8_388_608, joins: 8, depth: 8 },
    digest: `open:${catalog.version}`,
    policyVersion: 'sha256:benchmark',
  };
}
