import {
  type BytesLiteral,
  type CastType,
  JSON_PATH,
  type LimitValue,
  type NumberLiteral,
  type Parameter,
  type TemporalLiteral,
} from './nodes.js';
import type { PrintContext } from './print-context.js';

const NUMERAL = /^(?:0|[1-9]\d*)(?:\.\d*)?(?:e-?\d{1,4})?$/;

export function printNumber(print: PrintContext, literal: NumberLiteral): string {
  return print.shaped(literal.text, NUMERAL);
}

export function printParameter(print: PrintContext, parameter: Parameter): string {
  print.parameters.push(parameter);
  return '?';
}

/** A character string; bytes of UTF-8 on the MySQL family, a parameter on SQLite. */
export function printString(print: PrintContext, value: string): string {
  print.shaped(value, /^(?:[^\uD800-\uDFFF]|[\uD800-\uDBFF][\uDC00-\uDFFF])*$/);
  if (print.quoted) return quote(print, value);
  if (print.sqlite) return printParameter(print, { kind: 'parameter', origin: 'literal', name: null, value });
  return value === '' ? 'LEFT(_utf8mb4 0x20, 0)' : `_utf8mb4 ${hexadecimal(value)}`;
}

/** `0x…` of the text's UTF-8; for the grammar's places that take a literal and no expression. */
export function hexadecimal(value: string): string {
  return `0x${Buffer.from(value).toString('hex').toUpperCase()}`;
}

function quote(print: PrintContext, value: string): string {
  const doubled = value.replaceAll("'", "''");
  if (print.sqlite) return `'${print.shaped(doubled, /^[^\0]*$/)}'`;
  return `'${doubled.replaceAll('\\', '\\\\').replaceAll('\0', '\\0')}'`;
}

/** SQLite has no bytes without quotes: they are made from a bound text of digits. */
export function printBytes(print: PrintContext, { form, digits }: BytesLiteral): string {
  print.shaped(digits, form === 'hex' ? /^(?:[0-9A-F]{2})*$/ : /^[01]*$/);
  if (print.sqlite) {
    if (form === 'bit') print.unsupported('a bit literal');
    return print.quoted ? `x'${digits}'` : `UNHEX(${printString(print, digits)})`;
  }
  if (digits !== '') return form === 'hex' ? `0x${digits}` : `0b${digits}`;
  return print.quoted ? "x''" : 'CAST(LEFT(_utf8mb4 0x20, 0) AS BINARY)';
}

/** `DATE '…'` wants a quoted literal, so the cast that gives the same value is printed. */
export function printTemporal(print: PrintContext, { type, value }: TemporalLiteral): string {
  if (print.sqlite) print.unsupported(`a ${type} literal`);
  const fraction = /\.(\d+)$/.exec(value)?.[1]?.length ?? 0;
  const name = type === 'TIMESTAMP' ? 'DATETIME' : type;
  return `CAST(${printString(print, value)} AS ${name}${fraction === 0 ? '' : `(${fraction})`})`;
}

export function printLimitValue(print: PrintContext, value: LimitValue): string {
  if (value.kind === 'parameter') return printParameter(print, value);
  // A negative count has no limit on SQLite, the only dialect that can say so.
  return value.value < 0n && !print.sqlite ? '18446744073709551615' : value.value.toString();
}

/** SQLite casts to affinities; the MySQL family's other types have none that acts alike. */
const SQLITE_CASTS: Readonly<Partial<Record<CastType['name'], string>>> = {
  BLOB: 'BLOB',
  INTEGER: 'INTEGER',
  NUMERIC: 'NUMERIC',
  REAL: 'REAL',
  TEXT: 'TEXT',
  SIGNED: 'INTEGER',
  INT: 'INTEGER',
  BIGINT: 'INTEGER',
  DOUBLE: 'REAL',
  FLOAT: 'REAL',
  CHAR: 'TEXT',
  VARCHAR: 'TEXT',
  BINARY: 'BLOB',
};
const FAMILY_CASTS: Readonly<Partial<Record<CastType['name'], string>>> = {
  BINARY: 'BINARY',
  CHAR: 'CHAR',
  DATE: 'DATE',
  DATETIME: 'DATETIME',
  DECIMAL: 'DECIMAL',
  DOUBLE: 'DOUBLE',
  FLOAT: 'FLOAT',
  REAL: 'DOUBLE',
  SIGNED: 'SIGNED',
  TIME: 'TIME',
  UNSIGNED: 'UNSIGNED',
  BLOB: 'BINARY',
  INTEGER: 'SIGNED',
  INT: 'SIGNED',
  BIGINT: 'SIGNED',
  TEXT: 'CHAR',
  VARCHAR: 'CHAR',
};

export function printCastType(print: PrintContext, type: CastType): string {
  const onlyMysql = type.name === 'JSON' || type.name === 'YEAR';
  const name =
    onlyMysql && print.dialect === 'mysql' ? type.name : (print.sqlite ? SQLITE_CASTS : FAMILY_CASTS)[type.name];
  const sized = type.length !== null || type.scale !== null || type.characterSet !== null;
  if (name === undefined || (print.sqlite && sized)) return print.unsupported(`CAST to ${type.name}`);
  const numbers = [type.length, type.scale].filter((number) => number !== null);
  const size =
    numbers.length === 0 ? '' : `(${numbers.map((number) => print.shaped(String(number), /^\d+$/)).join(', ')})`;
  const set = type.characterSet === null ? '' : ` CHARACTER SET ${print.shaped(type.characterSet, /^[a-z0-9]+$/)}`;
  return name + size + set;
}

/** The only quoted text there is: the servers take no other form here, and the closed form of a path cannot leave its quotes. */
export function printJsonPath(print: PrintContext, path: string | null): string {
  return path !== null && JSON_PATH.test(path) ? `'${path}'` : print.unsupported('this JSON path');
}
