import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView } from '../policy/view.js';
import { foldName } from '../sql/fold-name.js';
import { FUNCTIONS } from '../sql/functions.js';
import type { Query } from '../sql/nodes.js';
import { parseQuery } from '../sql/parser.js';
import { visitQuery } from '../sql/visit.js';
import { oneLine, withoutTags } from './delimit.js';
import { findStatementNames, type StatementNames } from './name-sources.js';
import { nearestNames } from './nearest-names.js';
import type { Feedback } from './request.js';

/** Names proposed at once, at most. */
const MOST = 5;
/** Likeness below which a relation is not proposed. */
const RELATION_LEAST = 0.35;
/** The same of functions: most of the allow-list is like nothing that was meant. */
const FUNCTION_LEAST = 0.6;
/** Longest name that is repeated. */
const MAX_NAME_CHARACTERS = 64;

/**
 * Says which real names are nearest to the one that a statement got wrong: for the model that wrote it.
 *
 * @param failed with the code of the error and, in its message, the place
 * @param view names come from it, from the dialect's open functions and from the statement itself, and from nowhere else:
 *   hidden names can never be learnt from it
 * @returns one line; null where the error is about no name, or the statement cannot be read
 */
export function suggestNames(failed: Feedback, view: PrincipalView, dialect: Dialect): string | null {
  const suggest = failed.code === null ? undefined : SUGGESTIONS.get(failed.code);
  const query = suggest && failed.sql !== null ? tryParse(failed.sql, dialect) : null;
  if (!suggest || !query) return null;
  return suggest({ query, at: placeIn(failed.message), view, dialect, names: findStatementNames(query, view) });
}

interface Wrong {
  readonly query: Query;
  /** Offset in the statement; -1 where the error does not say. */
  readonly at: number;
  readonly view: PrincipalView;
  readonly dialect: Dialect;
  readonly names: StatementNames;
}

const SUGGESTIONS: ReadonlyMap<string, (wrong: Wrong) => string | null> = new Map([
  ['SEAL_RELATION_UNKNOWN', suggestRelations],
  ['SEAL_COLUMN_UNKNOWN', suggestColumns],
  ['SEAL_COLUMN_AMBIGUOUS', suggestQualifiers],
  ['SEAL_FUNCTION_UNKNOWN', suggestFunctions],
]);

function suggestRelations({ view, names }: Wrong): string | null {
  const open = [...view.relations.values()];
  const lines = [...new Set(names.unknownRelations)].map((wanted) => {
    const called = new Map<string, string>(names.commonTables.map((name) => [name, name]));
    for (const { relation, synonyms } of open)
      for (const name of [relation.name, ...synonyms]) called.set(name, relation.name);
    const nearest = nearestNames(wanted, called.keys(), { most: MOST, least: RELATION_LEAST });
    return propose(
      `There is no table ${show(wanted)} here`,
      nearest.map((name) => called.get(name)!),
    );
  });
  return lines.length > 0 ? lines.join(' ') : null;
}

function suggestColumns({ query, at, view, names }: Wrong): string | null {
  const wrong = findColumn(query, at);
  if (!wrong) return null;
  const qualifier = wrong.qualifier.at(-1);
  const { sources } = names;
  const meant = qualifier === undefined ? sources : sources.filter(({ label }) => isSame(label, qualifier));
  if (qualifier !== undefined && meant.length === 0) {
    const labels = sources.map(({ label }) => label);
    return propose(`No table of the statement is called ${show(qualifier)}`, nearestNames(qualifier, labels, ANY));
  }
  if (wrong.name === null) return null;
  const { name } = wrong;
  const written = new Map(meant.flatMap(({ label, columns }) => columns.map((each) => [`${label}.${each}`, each])));
  const ranked = nearestNames(name, written.values(), ANY);
  const here = ranked.flatMap((column) => [...written.keys()].filter((key) => written.get(key) === column));
  const where = qualifier === undefined ? 'in the tables of the statement' : `in ${show(qualifier)}`;
  return propose(`There is no column ${show(name)} ${where}`, [...new Set([...elsewhere(name, view), ...here])]);
}

const ANY = { most: MOST, least: 0 };

/** Open relations that have a column of that very name: the statement may lack a join. */
function elsewhere(name: string, view: PrincipalView): readonly string[] {
  return [...view.relations.values()].flatMap(({ relation, columns }) => {
    const found = columns.get(foldName(name));
    return found ? `${relation.name}.${found.column.name}` : [];
  });
}

function suggestQualifiers({ query, at, names }: Wrong): string | null {
  const name = findColumn(query, at)?.name ?? null;
  if (name === null) return null;
  const holders = names.sources.filter(({ columns }) => columns.some((column) => isSame(column, name)));
  return propose(
    `${show(name)} is a column of several tables`,
    holders.map(({ label }) => `${label}.${name}`),
  );
}

function suggestFunctions({ query, at, view, dialect }: Wrong): string | null {
  let wanted: string | null = null;
  visitQuery(query, {
    expression: (node) => {
      if (node.kind === 'call' && node.at === at) wanted = node.name;
    },
  });
  if (wanted === null) return null;
  const open = [...FUNCTIONS[dialect].keys()].filter((name) => view.isFunctionOpen(name, true));
  return propose(
    `There is no function ${show(wanted)} here`,
    nearestNames(wanted, open, { most: MOST, least: FUNCTION_LEAST }),
  );
}

/** A column reference, or a star behind a qualifier, by its place. */
function findColumn(
  query: Query,
  at: number,
): { readonly qualifier: readonly string[]; readonly name: string | null } | null {
  let found: { readonly qualifier: readonly string[]; readonly name: string | null } | null = null;
  visitQuery(query, {
    expression: (node) => {
      if (node.kind === 'column' && node.at === at) found = node;
    },
    query: ({ body }) => {
      if (body.kind !== 'select') return;
      for (const item of body.items)
        if (item.kind === 'star' && item.at === at) found = { qualifier: item.qualifier, name: null };
    },
  });
  return found;
}

function propose(what: string, names: readonly string[]): string {
  const near = [...new Set(names)].slice(0, MOST);
  return near.length > 0 ? `${what}. The nearest names: ${near.map(clean).join(', ')}.` : `${what}.`;
}

/** A name in a line of a prompt. */
function clean(name: string): string {
  return withoutTags(oneLine(name)).slice(0, MAX_NAME_CHARACTERS * 2);
}

function show(name: string): string {
  return JSON.stringify(clean(name).slice(0, MAX_NAME_CHARACTERS));
}

function isSame(one: string, other: string): boolean {
  return foldName(one) === foldName(other);
}

/** The errors of the seal state places as `at character N`, counted from 1. */
function placeIn(message: string): number {
  const place = /\(at character (\d{1,6})\)$/.exec(message)?.[1];
  return place === undefined ? -1 : Number(place) - 1;
}

function tryParse(sql: string, dialect: Dialect): Query | null {
  try {
    return parseQuery(sql, dialect);
  } catch (error) {
    if (error instanceof SwaliError) return null;
    throw error;
  }
}
