import type { Dialect } from '../../domain/dialect.js';
import { owned } from '../slice-rules.js';
import type { Cell, WorldEntry, WorldOptions } from '../world.js';
import { bytes, cycle, type HandMadeTable, makeByHand } from './hand-made.js';
import { planWorld } from './open-world.js';
import { admin, customer } from './people.js';
import { quoteName } from './print-cell.js';

/** Beyond 2^53 neighbours are one double. */
const OWNERS = [7n, 9007199254740993n, 9007199254740992n, -7n] as const;
const DAYS: readonly Cell[] = ['2024-02-29', '9999-12-31', '0001-01-01', null, '1970-01-01', '2026-06-30'];
const TEXTS: readonly Cell[] = ['ok', '', '[', '{"a":', '{"a":[1,2]}', '7abc', null, '%_', 'x'.repeat(300)];
const BIG: readonly Cell[] = [0n, 1n, 9223372036854775807n, null, 12n];

/** What SRID 0 and well-known binary make of a point, as the servers keep it. */
function point(x: number, y: number): Uint8Array {
  const buffer = Buffer.alloc(25);
  buffer.writeUInt8(1, 4);
  buffer.writeUInt32LE(1, 5);
  buffer.writeDoubleLE(x, 9);
  buffer.writeDoubleLE(y, 17);
  return new Uint8Array(buffer);
}

function serverReadings(): HandMadeTable {
  return {
    name: 'readings',
    definition: `(
      id INT PRIMARY KEY, customer_number BIGINT NOT NULL,
      level ENUM('low', 'High', '', 'é') NOT NULL, flags SET('a', 'B', 'c'), bits BIT(10), made YEAR,
      doc JSON, spot POINT, at_time TIME(3), at DATETIME(6), seen TIMESTAMP NULL, raw BINARY(4), loose VARBINARY(40),
      ratio DOUBLE, small FLOAT, amount DECIMAL(30,10), big BIGINT UNSIGNED, tiny TINYINT UNSIGNED, day DATE, note TEXT,
      code CHAR(6), latin VARCHAR(10) CHARACTER SET latin1,
      shouted VARCHAR(40) AS (UPPER(LEFT(note, 30))) STORED, is_big BOOLEAN AS (big > 1000) STORED,
      KEY by_owner (customer_number, day), KEY by_at (at), KEY by_big (big), KEY by_level (level, customer_number), KEY by_shout (shouted)
    ) CHARACTER SET utf8mb4`,
    columns: [
      ...['id', 'customer_number', 'level', 'flags', 'bits', 'made', 'doc', 'spot', 'at_time', 'at', 'seen', 'raw'],
      ...['loose', 'ratio', 'small', 'amount', 'big', 'tiny', 'day', 'note', 'code', 'latin'],
    ],
    rows: Array.from({ length: 32 }, (_, index) => [
      BigInt(index * 3 + 1),
      cycle(OWNERS, index),
      cycle(['low', 'High', '', 'é'], index + 1),
      cycle(['a', 'a,c', '', null, 'B'], index),
      cycle([bytes('\0\0'), bytes('\u0003\u00ff'), null, bytes('\0\u0001')], index + 2),
      cycle([0n, 1901n, 2155n, null, 2024n], index),
      cycle(['{"a": 1}', '[]', 'null', null, '{"a": [1, 2, {"b": "c"}]}', '"text"', '-0.0'], index),
      cycle([point(0, 0), point(-1.5, 1e300), null], index),
      cycle(['00:00:00.000', '838:59:58.999', '-838:59:59.000', null, '12:30:45.125'], index),
      cycle(['2024-02-29 23:59:59.999999', '9999-12-31 23:59:59.000001', null, '0001-01-01 00:00:00.000000'], index),
      cycle(['1970-01-01 00:00:01', null, '2038-01-19 03:14:07'], index),
      cycle([bytes('ab\0\0'), bytes('\u00ff\u00ff\u00ff\u00ff'), null], index),
      cycle([bytes(''), bytes('\0'), bytes('\u00c3('), null, bytes('text')], index),
      cycle([0, -0, 1.5, 1e308, -1e308, null, 5e-324, 0.1], index),
      cycle([0, 0.5, 3.4028234663852886e38, null, -1.25], index),
      cycle(['0.0000000000', '99999999999999999999.9999999999', '-0.0000000001', null, '1234.5000000000'], index),
      cycle([0n, 18446744073709551615n, 1n, null, 9223372036854775808n], index),
      cycle([0n, 255n, 7n], index),
      cycle(DAYS, index),
      cycle(TEXTS, index),
      cycle(['C7', 'c7', '', null, 'ÇÇ'], index),
      cycle(['caf\u00e9', 'CAFE', null, ''], index + 1),
    ]),
  };
}

const SQLITE_READINGS: HandMadeTable = {
  name: 'readings',
  definition: `(
    id INTEGER PRIMARY KEY, customer_number BIGINT NOT NULL, level TEXT, bare, doc JSON, at_time TIME, at DATETIME,
    raw BLOB, ratio DOUBLE, amount DECIMAL(30,10), big BIGINT, on_off BOOLEAN, day DATE, note TEXT, made YEAR,
    shouted TEXT AS (upper(substr(note, 1, 30))) STORED, is_big INT AS (big > 1000) STORED)`,
  after: [
    'CREATE INDEX by_owner ON readings (customer_number, day)',
    'CREATE INDEX by_at ON readings (at)',
    'CREATE INDEX by_big ON readings (big)',
    'CREATE INDEX by_level ON readings (level, customer_number)',
    'CREATE INDEX by_some ON readings (note) WHERE note IS NOT NULL',
    'CREATE INDEX by_length ON readings (length(note))',
  ],
  columns: [
    ...['id', 'customer_number', 'level', 'bare', 'doc', 'at_time', 'at', 'raw', 'ratio', 'amount', 'big', 'on_off'],
    ...['day', 'note', 'made'],
  ],
  rows: Array.from({ length: 32 }, (_, index) => [
    BigInt(index * 3 + 1),
    cycle(OWNERS, index),
    cycle(['low', 'High', '', 'é'], index + 1),
    cycle([1n, '1', 1.5, bytes('1'), null, ''], index),
    cycle(['{"a": 1}', '[]', '[', null, '{"a":', '{"a":[1,2,{"b":"c"}]}'], index),
    cycle(['00:00:00', '25:00', null, '12:30:45.125'], index),
    cycle(['2024-02-29 23:59:59', '0000-00-00 00:00:00', null, 'not a date', '9999-12-31T23:59:59Z'], index),
    cycle([bytes(''), bytes('\0'), bytes('\u00c3('), null, bytes('text')], index),
    cycle([0, 1.5, 1e308, -1e308, null, 5e-324, 0.1, Number.POSITIVE_INFINITY], index),
    cycle([0n, 0.5, 12345.25, null, -1n], index),
    cycle([9223372036854775807n, -9223372036854775808n, 0n, null, 1n, 4096n], index),
    cycle([0n, 1n, null, 2n], index),
    cycle([...DAYS, '0000-00-00', ''], index),
    cycle(TEXTS, index),
    cycle([0n, 2024n, null, '1999'], index),
  ]),
};

/** Tables that both kinds of engine make of nearly the same words. */
function sharedTables(dialect: Dialect): readonly HandMadeTable[] {
  const isSqlite = dialect === 'sqlite';
  const key = (name: string, columns: string): string => (isSqlite ? '' : `, KEY ${name} (${columns})`);
  const index = (name: string, table: string, columns: string): readonly string[] =>
    isSqlite ? [`CREATE INDEX ${name} ON ${table} (${columns})`] : [];
  return [
    {
      name: 'loose_ends',
      definition: `(customer_number BIGINT, word VARCHAR(20), n INT, UNIQUE (n, word)${key('loose_owner', 'customer_number')})`,
      after: index('loose_owner', 'loose_ends', 'customer_number'),
      columns: ['customer_number', 'word', 'n'],
      rows: Array.from({ length: 24 }, (_, at) => [
        cycle([...OWNERS, null], at),
        cycle([null, 'one', 'two', '', 'three'], at * 2 + Math.floor(at / 5)),
        at % 4 === 0 ? null : BigInt(at),
      ]),
    },
    {
      name: 'marks',
      definition: `(id INT UNIQUE, customer_number BIGINT NOT NULL, code VARCHAR(10) UNIQUE, points INT${key('marks_owner', 'customer_number, points')})`,
      after: index('marks_owner', 'marks', 'customer_number, points'),
      columns: ['id', 'customer_number', 'code', 'points'],
      rows: Array.from({ length: 20 }, (_, at) => [
        at % 5 === 2 ? null : BigInt(at * 2),
        cycle(OWNERS, at),
        at % 3 === 0 ? null : `k${at}`,
        cycle(BIG, at) === 9223372036854775807n ? 2147483647n : cycle(BIG, at),
      ]),
    },
    {
      name: 'measures',
      definition: `(id INT PRIMARY KEY, width INT, height INT, area BIGINT AS (width * 10 + height) VIRTUAL, label VARCHAR(20))`,
      columns: ['id', 'width', 'height', 'label'],
      rows: Array.from({ length: 12 }, (_, at) => [
        BigInt(at),
        cycle([0n, 1n, null, -5n, 2147483647n], at),
        cycle([0n, 7n, null], at),
        cycle(['a', 'A', '', null], at),
      ]),
    },
    {
      name: 'price_list',
      definition: `(id INT PRIMARY KEY, label VARCHAR(20), price DECIMAL(10,2), bought_for DECIMAL(10,2))`,
      columns: ['id', 'label', 'price', 'bought_for'],
      rows: Array.from({ length: 10 }, (_, at) => [
        BigInt(at + 1),
        cycle(['pen', 'Pen', 'ink', null], at),
        isSqlite ? cycle([0n, 1.5, 99999999.75, null], at) : cycle(['0.00', '1.50', '99999999.99', null], at),
        isSqlite ? 1n : '1.00',
      ]),
    },
  ];
}

const VIEWS = [
  'CREATE VIEW prices AS SELECT id, label, price FROM price_list',
  'CREATE VIEW totals AS SELECT customer_number, COUNT(*) AS pieces FROM readings GROUP BY customer_number',
];

const RULE = 'customer_number = :customer_number';

function policyOf(dialect: Dialect): string {
  const readings = dialect === 'sqlite' ? SQLITE_READINGS : serverReadings();
  const columns = [...readings.columns, 'shouted', 'is_big'];
  return `version: 1
source: prove
dialect: ${dialect}
relations:
  readings:
    open_to: [customer, admin]
    rows: { customer: "${RULE}" }
    columns: { ${columns.map((name) => `${name}: {}`).join(', ')} }
  loose_ends:
    open_to: [customer, admin]
    rows: { customer: "${RULE}" }
    columns: { customer_number: {}, word: {}, n: {} }
  marks:
    open_to: [customer, admin]
    rows: { customer: "${RULE}" }
    columns: { id: {}, customer_number: {}, code: {}, points: {} }
  measures:
    open_to: [customer, admin]
    rows: { customer: all }
    columns: { id: {}, width: {}, height: {}, area: {}, label: {} }
  prices:
    open_to: [customer, admin]
    rows: { customer: all }
    columns: { id: {}, label: {}, price: {} }
`;
}

/** Columns of every type, computed columns, views, and tables without a primary key. */
export function typesWorld(options: WorldOptions): WorldEntry {
  const { dialect } = options;
  const readings = dialect === 'sqlite' ? SQLITE_READINGS : serverReadings();
  return planWorld(
    {
      name: 'types',
      fill: (database) =>
        makeByHand(database, dialect, [readings, ...sharedTables(dialect)], (name) => quoteName(name, dialect), VIEWS),
      rulesFor: () => ({
        policyText: policyOf(dialect),
        rules: new Map([[RULE, owned('customer_number', 'customer_number')]]),
        principals: [
          customer('7', { claims: { customer_number: 7 } }),
          customer('odd', { claims: { customer_number: '9007199254740993' } }),
          customer('even', { claims: { customer_number: '9007199254740992' } }),
          admin('1'),
        ],
        shownBy: new Map([['prices', ['price_list']]]),
      }),
    },
    options,
  );
}
