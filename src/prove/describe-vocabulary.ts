import type { CatalogRelation } from '../catalog/catalog.js';
import type { PrincipalView, RelationObligation } from '../policy/view.js';
import { foldName } from '../sql/fold-name.js';
import type { Vocabulary, VocabularyRelation } from './vocabulary.js';
import type { World } from './world.js';

function keysOf(relation: CatalogRelation): readonly (readonly string[])[] {
  const unique = relation.indexes.filter((index) => index.unique).map((index) => index.columns);
  const keys = [relation.primaryKey, ...unique].filter((key) => key.length > 0);
  return [...new Map(keys.map((key) => [key.join('\n'), key])).values()];
}

function describeRelation(
  { relation, columns, filter }: RelationObligation,
  view: PrincipalView,
  samples: World['samples'],
): VocabularyRelation {
  const isVisible = (names: readonly string[], among: RelationObligation | undefined) =>
    among !== undefined && names.every((name) => among.columns.has(foldName(name)));
  return {
    name: relation.name,
    filtered: filter !== null,
    columns: [...columns.values()].map(({ column }) => ({
      name: column.name,
      family: column.family,
      declaredType: column.declaredType,
      nullable: column.nullable,
      collation: column.collation,
      samples: samples.get(relation.name)?.get(column.name) ?? [],
    })),
    keys: keysOf(relation).filter((key) => key.every((name) => columns.has(foldName(name)))),
    foreignKeys: relation.foreignKeys.filter(
      (key) =>
        key.columns.every((name) => columns.has(foldName(name))) &&
        isVisible(key.referenced, view.relations.get(foldName(key.relation))),
    ),
  };
}

/** What statements may be written over for one principal of a world. */
export function describeVocabulary(world: World, view: PrincipalView): Vocabulary {
  return {
    dialect: world.dialect,
    relations: [...view.relations.values()].map((obligation) => describeRelation(obligation, view, world.samples)),
    closedRelations: [...world.catalog.relations]
      .filter(([folded]) => !view.relations.has(folded))
      .map(([, relation]) => relation.name),
  };
}
