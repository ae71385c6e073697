import { describe, expect, it } from 'vitest';
import { writeExport as write } from '../../../src/answer/write-export.js';
import type { AnswerColumn } from '../../../src/domain/answer.js';
import type { ExportFormat } from '../../../src/domain/export.js';
import type { ResultType, ResultValue } from '../../../src/domain/result-set.js';

const columns = (...given: readonly (readonly [string, ResultType])[]) =>
  given.map(([name, type]) => ({ name, type, unit: null, masked: false }));

type Rows = readonly (readonly ResultValue[])[];
const writeExport = async (format: ExportFormat, of: readonly AnswerColumn[], rows: Rows) =>
  (await write(format, of, rows, 1e6)) ?? 'too large';

/** The one field of a column of a type, as CSV writes it. */
const cell = async (type: ResultType, value: ResultValue) =>
  (await writeExport('csv', columns(['c', type]), [[value]])).slice('c\r\n'.length, -'\r\n'.length);

describe('CSV', () => {
  it('is a line of names and a line for each row, ended by CR LF', async () => {
    const text = await writeExport('csv', columns(['id', 'integer'], ['total', 'decimal'], ['city', 'text']), [
      [1, '12.50', 'Nairobi'],
      [2, null, 'Kisumu'],
    ]);
    expect(text).toBe('id,total,city\r\n1,12.50,Nairobi\r\n2,,Kisumu\r\n');
    expect(await writeExport('csv', columns(['id', 'integer']), [])).toBe('id\r\n');
  });

  it.each([
    ['a,b', '"a,b"'],
    ['say "so"', '"say ""so"""'],
    ['one\r\ntwo', '"one\r\ntwo"'],
    ['one\ntwo', '"one\ntwo"'],
    [' padded ', ' padded '],
    ['Ħ 漢字 🜁', 'Ħ 漢字 🜁'],
    ['', '""'],
  ])('writes %j as %j', async (value, written) => {
    expect(await cell('text', value)).toBe(written);
  });

  it('tells NULL from empty text, and writes every other type as it is', async () => {
    expect(
      await Promise.all([cell('text', null), cell('integer', 0), cell('boolean', true), cell('float', -1.5e-9)]),
    ).toEqual(['', '0', 'true', '-1.5e-9']);
    expect(await cell('json', '{"a":1}')).toBe('"{""a"":1}"');
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['+254 700 000000', "'+254 700 000000"],
    ['-2+3+cmd|’ /C calc’!A0', "'-2+3+cmd|’ /C calc’!A0"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', '"\'\r=1"'],
    ['\n=1', '"\'\n=1"'],
    ['＝1＋1', "'＝1＋1"],
    ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
    ['-5', "'-5"],
    ["'=1", "'=1"],
    ['a=1', 'a=1'],
  ])('keeps text from being a formula: %j', async (value, written) => {
    expect(await cell('text', value)).toBe(written);
  });

  it.each([
    ['decimal', '-12.50'],
    ['integer', '-9223372036854775808'],
    ['float', '-1.5e+300'],
    ['unknown', '-7'],
  ] as const)('leaves numbers alone that travel as text: %s %s', async (type, value) => {
    expect(await cell(type, value)).toBe(value);
  });

  it.each(['decimal', 'integer', 'date', 'unknown', 'json', 'binary'] as const)(
    'trusts no column of type %s to hold no formula',
    async (type) => {
      expect(await cell(type, '=1+1')).toBe("'=1+1");
      expect(await cell(type, '-1+1')).toBe("'-1+1");
    },
  );

  it('keeps a name of a column from being a formula too', async () => {
    expect(await writeExport('csv', columns(['=1+1', 'integer'], ['a,b', 'integer']), [])).toBe('\'=1+1,"a,b"\r\n');
  });
});

describe('NDJSON', () => {
  it('is one object a line, with the values as they are', async () => {
    const text = await writeExport('ndjson', columns(['id', 'integer'], ['total', 'decimal'], ['note', 'text']), [
      [1, '12.50', '=1\n"x"'],
      [2, null, ''],
    ]);
    expect(text).toBe('{"id":1,"total":"12.50","note":"=1\\n\\"x\\""}\n{"id":2,"total":null,"note":""}\n');
    expect(await writeExport('ndjson', columns(['id', 'integer']), [])).toBe('');
  });

  it('keeps every column, whatever their names', async () => {
    const named = columns(['a', 'text'], ['a', 'text'], ['a_2', 'text'], ['__proto__', 'text'], ['a"b', 'text']);
    const [line = ''] = (await writeExport('ndjson', named, [['1', '2', '3', '4', '5']])).split('\n');
    expect(Object.entries(JSON.parse(line))).toEqual([
      ['a', '1'],
      ['a_3', '2'],
      ['a_2', '3'],
      ['__proto__', '4'],
      ['a"b', '5'],
    ]);
  });
});

describe('a file', () => {
  const rows = Array.from({ length: 1_200 }, (_, n) => [n]);

  it('holds every row in order, however many there are', async () => {
    const text = await writeExport('csv', columns(['n', 'integer']), rows);
    expect(text).toBe(`n\r\n${rows.map(([n]) => `${n}\r\n`).join('')}`);
  });

  it('is none where it would have one byte too many', async () => {
    const size = Buffer.byteLength(await writeExport('csv', columns(['ä', 'integer']), rows));
    expect(await write('csv', columns(['ä', 'integer']), rows, size)).not.toBeNull();
    expect(await write('csv', columns(['ä', 'integer']), rows, size - 1)).toBeNull();
    expect(await write('csv', columns(['ä', 'integer']), [], 3)).toBeNull();
  });

  it('lets others have their turn while it is written', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    });
    await write(
      'csv',
      columns(['n', 'integer']),
      Array.from({ length: 200_000 }, (_, n) => [n]),
      1e9,
    );
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });
});
