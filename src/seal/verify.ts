import type { Dialect } from '../domain/dialect.js';
import { type EnclosureTemplate, type PermittedEnclosure, readTemplate } from './match-enclosure.js';
import { readPrinted } from './printed-tokens.js';
import { isWord } from './printed-words.js';
import { refuse, TableWalk } from './walk-tables.js';

export type { PermittedEnclosure } from './match-enclosure.js';

/** A printed text and what it may hold. */
export interface VerifyRequest {
  readonly sql: string;
  readonly dialect: Dialect;
  /** Values that will be bound. */
  readonly parameterCount: number;
  /** One for each relation that the statement uses. */
  readonly enclosures: readonly PermittedEnclosure[];
}

/** Base relations that a template reads: its own, and those of subqueries in its filter and masks, `` `orders` AS `p1` ``. */
function relationsOf(template: EnclosureTemplate): string[] {
  const inner = [...template.columns, template.filter ?? []].flatMap((tokens) => {
    const hasWith = tokens.some((token) => isWord(token, 'WITH'));
    return tokens.flatMap((token, at) => {
      const alias = tokens[at + 2];
      const named = isWord(tokens[at + 1], 'AS') && alias?.kind === 'quoted' && /^p\d+$/.test(alias.name);
      const isCommonTable = hasWith && /^p\d+$/.test(token.name);
      return token.kind === 'quoted' && named && !isCommonTable ? [token.name] : [];
    });
  });
  return [template.relation, ...inner];
}

/** A common table named like a base relation would stand in its place inside an enclosure or a filter. */
function assertNothingShadowed(commonTables: ReadonlySet<string>, templates: readonly EnclosureTemplate[]): void {
  const relations = new Set(templates.flatMap(relationsOf).map((name) => name.toLowerCase()));
  for (const name of commonTables) {
    if (relations.has(name)) refuse(`the common table ${name} hides a relation of that name`);
  }
}

/**
 * Reads printed text again with code that shares nothing with what made it: closed alphabet, known words, our own names
 * everywhere, base relations only inside the exact enclosures that the principal's view permits (columns, masks, filter
 * first and whole, fence), as many `?` as values.
 *
 * @returns the base relations that the text reads, those of policy predicates among them, sorted: what the judges must find
 * @throws SwaliError `SEAL_UNPROVEN` with the private reason as its cause
 * @remarks One pass and linear in the text times the enclosures. It does not judge expressions: nothing that they may hold
 *   can reach a relation.
 */
export function verifyPrinted({ sql, dialect, parameterCount, enclosures }: VerifyRequest): readonly string[] {
  const tokens = readPrinted(sql, dialect);
  if (!tokens) refuse('the text holds a character that has no place in it');
  const first = tokens[0];
  if (!isWord(first, 'SELECT', 'WITH', 'VALUES') && first?.text !== '(') refuse('the text does not begin a query');
  const parameters = tokens.filter((token) => token.kind === 'parameter').length;
  if (parameters !== parameterCount) refuse(`${parameters} parameters in the text, ${parameterCount} values`);
  const templates = enclosures.map(
    (enclosure) =>
      readTemplate(enclosure, dialect) ?? refuse(`the rules of ${enclosure.relation} hold what no text may`),
  );
  const walk = new TableWalk(tokens, dialect, templates);
  walk.run();
  assertNothingShadowed(walk.commonTables, templates);
  return [...new Set([...walk.used].flatMap(relationsOf))].sort();
}
