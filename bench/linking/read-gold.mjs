/**
 * What a gold statement reads, by the gateway's own reader and binder: the base relations of every level and the columns
 * of them that any clause names. `*` names all columns of its relation; COUNT(*) names none.
 *
 * @param modules the parts of the gateway that read SQL (from dist or src)
 * @returns relation → columns, both in catalog spelling
 * @throws SwaliError where the statement is not one that the gateway reads
 */
export function readGold(sql, catalog, { parseQuery, bindStatement, functionRule, foldName }) {
  const bound = bindStatement(parseQuery(sql, catalog.dialect), {
    dialect: catalog.dialect,
    database: catalog.database,
    mode: 'statement',
    relation: (name) => {
      const found = catalog.relations.get(foldName(name));
      return found && { name: found.name, columns: found.columns.map((column) => column.name) };
    },
    isTaken: (name) => catalog.relations.has(foldName(name)),
    functionRule: (name) => functionRule(catalog.dialect, name),
    parameter: () => undefined,
  });
  const read = new Map();
  for (const { relation, columns } of bound.uses.values()) {
    const known = read.get(relation.name) ?? new Set();
    for (const column of columns.keys()) known.add(column);
    read.set(relation.name, known);
  }
  return read;
}
