import type { Dialect } from '../../domain/dialect.js';
import { owned } from '../slice-rules.js';
import type { Cell, WorldEntry, WorldOptions } from '../world.js';
import { cycle, type HandMadeTable, makeByHand } from './hand-made.js';
import { planWorld } from './open-world.js';
import { customer } from './people.js';
import { quoteName } from './print-cell.js';

/** Identifiers that one collation or another takes for the same. */
const OWNERS = ['C7', 'c7', 'Ç7', 'C7 ', 'C70'] as const;
const WORDS: readonly Cell[] = ['apple', 'Apple', 'äpple', 'APPLE ', '', null, "it's", '"quoted"', '[', '😀'];

const RESERVED = 'select';
const quotedTable = (dialect: Dialect): string => (dialect === 'sqlite' ? 'it\'s a "table"' : "it's a `table`");
const FOREIGN = 'Überweisungen 表';
const SHARED = 'key';

/** Words for a text column of each comparison: folding case and accents, folding case, by bytes. */
interface TextTypes {
  readonly folding: string;
  readonly lessFolding: string;
  readonly exact: string;
}

function textTypes(dialect: Dialect): TextTypes {
  if (dialect === 'sqlite')
    return { folding: 'TEXT COLLATE NOCASE', lessFolding: 'TEXT COLLATE RTRIM', exact: 'VARCHAR(20)' };
  const word = (collation: string): string => `VARCHAR(20) CHARACTER SET utf8mb4 COLLATE ${collation}`;
  return {
    folding: word('utf8mb4_unicode_ci'),
    lessFolding: word(dialect === 'mysql' ? 'utf8mb4_0900_as_ci' : 'utf8mb4_general_ci'),
    exact: word('utf8mb4_bin'),
  };
}

function numbered(count: number, row: (index: number) => readonly Cell[]): readonly (readonly Cell[])[] {
  return Array.from({ length: count }, (_, index) => [BigInt(index + 1), ...row(index)]);
}

function tablesOf(dialect: Dialect): readonly HandMadeTable[] {
  const q = (name: string): string => quoteName(name, dialect);
  const { folding, lessFolding, exact } = textTypes(dialect);
  const isSqlite = dialect === 'sqlite';
  const id = isSqlite ? 'INTEGER PRIMARY KEY' : 'INT PRIMARY KEY';
  const table = (name: string, lines: readonly string[], keys: readonly (readonly string[])[]) => {
    const listed = keys.map((key) => key.map(q).join(', '));
    return isSqlite
      ? {
          definition: `(${lines.join(', ')})`,
          after: listed.map((key, index) => `CREATE INDEX ${q(`${name} by ${index}`)} ON ${q(name)} (${key})`),
        }
      : { definition: `(${[...lines, ...listed.map((key) => `KEY (${key})`)].join(', ')}) CHARACTER SET utf8mb4` };
  };
  const odd = quotedTable(dialect);
  return [
    {
      name: RESERVED,
      ...table(
        RESERVED,
        [`${q('id')} ${id}`, `${q('from')} ${folding} NOT NULL`, `${q('order by')} ${folding}`, `${q('group')} INT`],
        [['from'], ['group', 'from']],
      ),
      columns: ['id', 'from', 'order by', 'group'],
      rows: numbered(30, (index) => [
        cycle(OWNERS, index),
        cycle(WORDS, index * 3),
        cycle([0n, 1n, null, -2147483648n, 2147483647n, 7n, 7n], index),
      ]),
    },
    {
      name: odd,
      ...table(
        odd,
        [
          `${q('id')} ${id}`,
          `${q('owner key')} ${lessFolding}`,
          `${q('naïve café')} ${lessFolding}`,
          `${q('a"b')} ${exact}`,
          `${q('c`d')} ${folding}`,
        ],
        [['owner key', 'naïve café'], ['a"b']],
      ),
      columns: ['id', 'owner key', 'naïve café', 'a"b', 'c`d'],
      rows: numbered(36, (index) => [
        cycle([...OWNERS, null], index),
        cycle(WORDS, index),
        cycle(WORDS, index + 3),
        cycle(['cafe', 'café', 'CAFE', 'cafe\u0301', null], index),
      ]),
    },
    {
      name: FOREIGN,
      ...table(
        FOREIGN,
        [`${q('Kunde №')} ${exact} NOT NULL`, `${q('Größe')} BIGINT`, `${q('値')} ${folding}`],
        [['Kunde №', 'Größe'], ['値']],
      ),
      columns: ['Kunde №', 'Größe', '値'],
      rows: Array.from({ length: 25 }, (_, index) => [
        cycle(OWNERS, index),
        cycle([9223372036854775807n, -9223372036854775808n, 0n, null, 42n, -1n, 42n], index),
        cycle(WORDS, index + 5),
      ]),
    },
    {
      name: SHARED,
      ...table(SHARED, [`${q('key')} ${id}`, `${q('value')} ${folding}`, `${q('C7')} ${exact}`], [['value']]),
      columns: ['key', 'value', 'C7'],
      rows: numbered(10, (index) => [cycle(WORDS, index), cycle(OWNERS, index)]),
    },
  ];
}

/** A name in the quotes of YAML, which JSON's are. */
const yaml = (name: string): string => JSON.stringify(name);

function policyOf(dialect: Dialect): string {
  const relation = (name: string, column: string | null, columns: readonly string[]): string =>
    [
      `  ${yaml(name)}:`,
      '    open_to: [customer]',
      `    rows: { customer: ${column === null ? 'all' : yaml(`${quoteName(column, dialect)} = :owner`)} }`,
      `    columns: { ${columns.map((each) => `${yaml(each)}: {}`).join(', ')} }`,
    ].join('\n');
  return [
    'version: 1',
    'source: prove',
    `dialect: ${dialect}`,
    'relations:',
    relation(RESERVED, 'from', ['id', 'from', 'order by', 'group']),
    relation(quotedTable(dialect), 'owner key', ['id', 'owner key', 'naïve café', 'a"b', 'c`d']),
    relation(FOREIGN, 'Kunde №', ['Kunde №', 'Größe', '値']),
    relation(SHARED, null, ['key', 'value', 'C7']),
    '',
  ].join('\n');
}

/** Names that need quotes, and identifiers that only bytes tell apart. */
export function oddNamesWorld(options: WorldOptions): WorldEntry {
  const { dialect } = options;
  return planWorld(
    {
      name: 'odd-names-and-collations',
      fill: (database) => makeByHand(database, dialect, tablesOf(dialect), (name) => quoteName(name, dialect)),
      rulesFor: () => ({
        policyText: policyOf(dialect),
        rules: new Map(
          ['from', 'owner key', 'Kunde №'].map((column) => [
            `${quoteName(column, dialect)} = :owner`,
            owned(column, 'owner'),
          ]),
        ),
        principals: OWNERS.map((owner, index) => customer(`${index + 1}`, { claims: { owner } })),
      }),
    },
    options,
  );
}
