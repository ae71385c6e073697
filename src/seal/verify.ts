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

/** Templates of the enclosures that were met: those of one relation stay the same from statement to statement. */
const TEMPLATES: Readonly<Record<Dialect, WeakMap<PermittedEnclosure, EnclosureTemplate>>> = {
  mysql: new WeakMap(),
  mariadb: new WeakMap(),
  sqlite: new WeakMap(),
};

function templateOf(enclosure: PermittedEnclosure, dialect: Dialect): EnclosureTemplate {
  const known = TEMPLATES[dialect].get(enclosure);
  if (known) return known;
  const template = readTemplate(enclosure, dialect);
  if (!template) refuse(`the rules of ${enclosure.relation} hold what no text may`);
  TEMPLATES[dialect].set(enclosure, template);
  return template;
}

/** A common table named like a base relation would stand in its place inside an enclosure or a filter. */
function assertNothingShadowed(commonTables: ReadonlySet<string>, templates: readonly EnclosureTemplate[]): void {
  if (commonTables.size === 0) return;
  const relations = new Set(templates.flatMap((template) => template.relations).map((name) => name.toLowerCase()));
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
  const templates = enclosures.map((enclosure) => templateOf(enclosure, dialect));
  const walk = new TableWalk(tokens, dialect, templates);
  walk.run();
  assertNothingShadowed(walk.commonTables, templates);
  return [...new Set([...walk.used].flatMap((template) => template.relations))].sort();
}
