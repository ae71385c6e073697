import type { Catalog, CatalogColumn, CatalogRelation, ForeignKey } from '../catalog/catalog.js';
import { foldName } from '../sql/fold-name.js';
import { parseExpression } from '../sql/parser.js';

/** Names of columns that tell whose row it is, best first. */
const OWNER_COLUMNS = [
  'customer_number',
  'customer_no',
  'customernumber',
  'customer_id',
  'customerid',
  'client_id',
  'account_number',
  'account_id',
];
/** How far a rule follows foreign keys to a relation that has such a column. */
const MAX_STEPS = 3;

/** Families that a claim can be compared with on every engine. */
const CLAIMABLE: ReadonlySet<CatalogColumn['family']> = new Set(['integer', 'text']);

const SECRET_RELATION = /password|passwd|credential|secret|token|session|api_?key|migration/u;
const SECRET_COLUMN =
  /password|passwd|secret|token|salt|api_?key|private_?key|(^|_)(pin|otp|totp|cvv|cvc|hash|digest)($|_)/u;
const CARD_COLUMN = /card|iban|bank_account|account_iban|national_id|passport|ssn|tax_id/u;
const PHONE_COLUMN = /phone|mobile|msisdn/u;

/** A string as YAML, quoted where a plain one could be read as something else. */
function toYaml(text: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

/** A name as the dialect reads it: bare where it is no word of the language. */
function toSqlName(name: string, catalog: Catalog): string {
  const quote = catalog.dialect === 'sqlite' ? '"' : '`';
  const quoted = `${quote}${name.replaceAll(quote, quote + quote)}${quote}`;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return quoted;
  try {
    const read = parseExpression(name, catalog.dialect, { allowNamedParameters: false });
    return read.kind === 'column' && read.name === name ? name : quoted;
  } catch {
    return quoted;
  }
}

function ownerColumn(relation: CatalogRelation): CatalogColumn | undefined {
  for (const name of OWNER_COLUMNS) {
    const column = relation.columns.find((each) => foldName(each.name) === name);
    if (column && CLAIMABLE.has(column.family) && column.generated !== 'virtual') return column;
  }
  return undefined;
}

/** The claim that the rules compare: the same word for every relation, so that one claim serves them all. */
function chooseClaim(catalog: Catalog): string | null {
  const found = new Set(
    [...catalog.relations.values()].flatMap((relation) => ownerColumn(relation)?.name ?? []).map(foldName),
  );
  return OWNER_COLUMNS.find((name) => found.has(name)) ?? null;
}

/** A rule that shows a customer their own rows: by the relation's own column, else through foreign keys; null where neither leads there. */
function proposeRule(relation: CatalogRelation, catalog: Catalog, claim: string, steps: number): string | null {
  const name = (text: string) => toSqlName(text, catalog);
  if (relation.kind === 'view') return null;
  const own = relation.columns.find((column) => foldName(column.name) === claim);
  if (own && CLAIMABLE.has(own.family) && own.generated !== 'virtual') return `${name(own.name)} = :${claim}`;
  if (steps === 0) return null;
  const follow = (key: ForeignKey): string | null => {
    const [column, referenced] = [key.columns[0], key.referenced[0]];
    const target = catalog.relations.get(foldName(key.relation));
    if (key.columns.length !== 1 || column === undefined || referenced === undefined || !target || target === relation)
      return null;
    const rule = proposeRule(target, catalog, claim, steps - 1);
    return rule && `${name(column)} IN (SELECT ${name(referenced)} FROM ${name(target.name)} WHERE ${rule})`;
  };
  const rules = relation.foreignKeys.flatMap((key) => follow(key) ?? []);
  return rules.sort((a, b) => a.length - b.length)[0] ?? null;
}

function proposeColumn(column: CatalogColumn, filtered: boolean): string {
  const fold = foldName(column.name);
  const key = toYaml(column.name);
  if (SECRET_COLUMN.test(fold)) return `      # ${key} is left out: its name says that it is secret`;
  if (filtered && column.generated === 'virtual')
    return `      # ${key} is left out: it is computed when read, also on rows that the rule hides`;
  if (column.family === 'text' && fold.includes('email')) return `      ${key}: { mask: email }`;
  if ((column.family === 'text' || column.family === 'integer') && (CARD_COLUMN.test(fold) || PHONE_COLUMN.test(fold)))
    return `      ${key}: { mask: { last: 4 } }`;
  return `      ${key}: {}`;
}

function proposeRelation(relation: CatalogRelation, catalog: Catalog, claim: string | null): readonly string[] {
  const key = `  ${toYaml(relation.name)}:`;
  if (SECRET_RELATION.test(foldName(relation.name))) return [key, '    secret: true'];
  const rule = claim === null ? null : proposeRule(relation, catalog, claim, MAX_STEPS);
  const columns = relation.columns.map((column) => proposeColumn(column, rule !== null));
  if (columns.every((line) => line.trimStart().startsWith('#'))) return [key, '    secret: true'];
  return [
    key,
    '    open_to: [admin]',
    ...(rule === null
      ? []
      : [
          '    # Holds once customer stands in open_to: customers then see their own rows.',
          `    rows: { customer: ${toYaml(rule)} }`,
        ]),
    '    columns:',
    ...columns,
  ];
}

/**
 * Writes a first policy file for a catalog: every relation listed, open to admins alone, with a rule for customers' own
 * rows where a column like `customer_number` or a foreign key leads to one. What looks secret is closed, what looks
 * personal is masked. The file loads as it is; the owner opens from there.
 *
 * @param source name of the source; the file belongs at `DIR/SOURCE.yaml`
 */
export function proposePolicy(catalog: Catalog, source: string): string {
  const claim = chooseClaim(catalog);
  const relations = [...catalog.relations.values()].map((relation) =>
    proposeRelation(relation, catalog, claim).join('\n'),
  );
  return [
    '# Who may read what, and what it means. What is not listed here is closed to everyone.',
    '# Proposed from the catalog: everything is open to admins alone. Open a relation by adding customer, employee or',
    '# employee:ROLE to its open_to; describe it and its columns in words that people use when they ask.',
    'version: 1',
    `source: ${toYaml(source)}`,
    `dialect: ${catalog.dialect}`,
    'relations:',
    relations.join('\n\n'),
    '',
  ].join('\n');
}
