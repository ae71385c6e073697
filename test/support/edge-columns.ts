import type { Dialect } from '../../src/domain/dialect.js';

/** A column of one type with the values at the edges of what it holds. Every table of one has a row of NULL besides. */
export interface EdgeColumn {
  /** Name of its table: `id` counts its rows from 1, `v` holds the values. */
  readonly name: string;
  /** As CREATE TABLE takes it. */
  readonly type: string;
  /** Literals as the owner writes them. */
  readonly values: readonly string[];
  /** What the index on `v` is over; null where the type cannot have one. */
  readonly key: string | null;
  /** Results are measured on the server and not sent: values of 64 KiB, and all but one column on SQLite. */
  readonly measured: boolean;
}

/** Texts that conversions to numbers, dates, JSON and patterns stumble over. */
const TEXTS = [
  "''",
  "'abc'",
  "'ABC '",
  "'0'",
  "'1e999999'",
  "'9223372036854775808'",
  "'2026-02-31'",
  "'2020-01-01 00:00:00+25:00'",
  "'0000-00-00'",
  "'838:59:60'",
  '\'{"a":\'',
  "'%_'",
];

const SERVER_TEXTS = [...TEXTS, "'a\\0b'", "'\\\\'"];
const UNICODE = ["'😀'", "'é'", "'e\u0301'"];

function column(name: string, type: string, values: readonly string[], key: string | null = 'v'): EdgeColumn {
  return { name: `of_${name}`, type, values, key, measured: false };
}

const FAMILY: readonly EdgeColumn[] = [
  column('whole', 'bigint', ['-9223372036854775808', '9223372036854775807', '0', '-1', '20261399', '20240229']),
  column('small', 'tinyint(1)', ['-128', '127', '0', '1']),
  column('unsigned', 'bigint unsigned', ['18446744073709551615', '9223372036854775808', '0', '99991231235959']),
  column('exact', 'decimal(65,30)', [
    '99999999999999999999999999999999999.999999999999999999999999999999',
    '-99999999999999999999999999999999999.999999999999999999999999999999',
    '0.000000000000000000000000000001',
    '-0.5',
    '20260230',
  ]),
  column('floating', 'double', ['1.7976931348623157e308', '-1.7976931348623157e308', '5e-324', '-0.0', '20260230.5']),
  column('text', 'varchar(60)', [...SERVER_TEXTS, ...UNICODE]),
  column('text_bin', 'varchar(60) collate utf8mb4_bin', [...SERVER_TEXTS, ...UNICODE]),
  column('text_accent', 'varchar(60) collate utf8mb4_unicode_520_ci', [...TEXTS.slice(0, 5), ...UNICODE]),
  column('text_latin1', 'varchar(60) character set latin1', [...TEXTS.slice(0, 8), "'é'"]),
  column('text_ascii', 'char(40) character set ascii collate ascii_bin', TEXTS.slice(0, 8)),
  {
    ...column('text_long', 'mediumtext', ["REPEAT('x', 65536)", "REPEAT('😀', 16384)", "REPEAT('9', 65536)"], 'v(20)'),
    measured: true,
  },
  column('bytes', 'varbinary(60)', ["x''", "x'FF'", "x'C3'", "x'00FFFE'", "x'F0908080'", "'2026-02-31'", "'abc'"]),
  column('bytes_fixed', 'binary(4)', ["x''", "x'FF'", "'abcd'"]),
  { ...column('bytes_long', 'mediumblob', ["REPEAT(x'FF', 65536)", "REPEAT('9', 65536)"], 'v(20)'), measured: true },
  column('day', 'date', ["'0001-01-01'", "'9999-12-31'", "'2024-02-29'", "'0000-00-00'", "'2024-00-00'"]),
  column('moment', 'datetime(6)', [
    "'0001-01-01 00:00:00'",
    "'9999-12-31 23:59:59.999999'",
    "'2024-02-29 00:00:00'",
    "'0000-00-00 00:00:00'",
    "'2024-01-00 12:00:00'",
  ]),
  column('stamp', 'timestamp(6) null', [
    "'1970-01-01 00:00:01'",
    "'2038-01-19 03:14:07.999999'",
    "'0000-00-00 00:00:00'",
  ]),
  column('hours', 'time(6)', ["'-838:59:59'", "'838:59:59'", "'00:00:00'", "'23:59:59.999999'"]),
  column('year_of', 'year', ['1901', '2155', '0', '2026']),
  column('choice', "enum('a','2026-01-01','é')", ["'a'", "'2026-01-01'", "'é'", "'none of them'"]),
  column('choices', "set('a','b')", ["'a,b'", "''", "'a'"]),
  column('bits', 'bit(64)', ["b'1111111111111111111111111111111111111111111111111111111111111111'", "b'0'", "b'101'"]),
  column(
    'document',
    'json',
    [
      "'null'",
      '\'[1, "2026-01-01", []]\'',
      '\'{"a": 1e308, "b": {"c": null}}\'',
      '\'"abc"\'',
      "'18446744073709551615'",
      "'true'",
      "'-1.5'",
    ],
    null,
  ),
  column('place', 'point', ["ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(-1e308 1e308)')"], null),
];

/** Any SQLite column takes any of these, whatever its declared type. */
const SQLITE_VALUES = [
  ...TEXTS.filter((text) => !/838|25:00/.test(text)),
  ...UNICODE.slice(0, 2),
  '-9223372036854775808',
  '9223372036854775807',
  '-1',
  '1e308',
  '5e-324',
  '-0.0',
  '9e999',
  '-9e999',
  "'now'",
  "x''",
  "x'FF'",
  "x'0061FF'",
  "CAST(x'C3' AS TEXT)",
  "CAST(x'610062' AS TEXT)",
];

const SQLITE: readonly EdgeColumn[] = [
  ...['', 'INTEGER', 'REAL', 'TEXT', 'BLOB', 'TEXT COLLATE NOCASE', 'TEXT COLLATE RTRIM'].map((type) => ({
    ...column(`as_${type.toLowerCase().replaceAll(' ', '_') || 'none'}`, type, SQLITE_VALUES),
    measured: type !== '',
  })),
  {
    ...column('long', 'TEXT', [
      "replace(hex(zeroblob(32768)), '00', 'xy')",
      "replace(hex(zeroblob(32768)), '00', '%_')",
      "replace(hex(zeroblob(32768)), '00', '99')",
      'zeroblob(65536)',
    ]),
    measured: true,
  },
];

/** Columns of every type that the dialect has. */
export const EDGE_COLUMNS: Readonly<Record<Dialect, readonly EdgeColumn[]>> = {
  mysql: FAMILY,
  mariadb: FAMILY,
  sqlite: SQLITE,
};

/** The columns of which every three are tried together: one of each way that a dialect converts. */
export const CORE_COLUMNS: Readonly<Record<Dialect, ReadonlySet<string>>> = {
  mysql: new Set([
    'of_whole',
    'of_floating',
    'of_text',
    'of_text_latin1',
    'of_bytes',
    'of_day',
    'of_hours',
    'of_document',
  ]),
  mariadb: new Set([
    'of_whole',
    'of_floating',
    'of_text',
    'of_text_latin1',
    'of_bytes',
    'of_day',
    'of_hours',
    'of_document',
  ]),
  sqlite: new Set(['of_as_none', 'of_long']),
};

/** Makes the tables of {@link EDGE_COLUMNS}, and `no_rows`, which has none. */
export function writeEdgeTables(dialect: Dialect): string {
  const tables = EDGE_COLUMNS[dialect].map(({ name, type, values, key }) => {
    const rows = [...values, 'NULL'].map((value, index) => `(${index + 1}, ${value})`);
    return [
      `CREATE TABLE ${name} (id INTEGER PRIMARY KEY, v ${type})`,
      ...(key ? [`CREATE INDEX ${name}_v ON ${name} (${key})`] : []),
      `INSERT INTO ${name} VALUES ${rows.join(', ')}`,
    ].join(';\n');
  });
  // Zero dates and the empty value of an ENUM are stored only in a lenient mode.
  const lenient = dialect === 'sqlite' ? '' : "SET SESSION sql_mode = 'ALLOW_INVALID_DATES';\n";
  return `${lenient}${tables.join(';\n')};\nCREATE TABLE no_rows (id INTEGER PRIMARY KEY)`;
}
