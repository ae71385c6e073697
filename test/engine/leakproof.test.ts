import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ParameterValue } from '../../src/domain/sealed-statement.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { openSource } from '../../src/source/open-source.js';
import type { Source } from '../../src/source/source.js';
import { hasFallible } from '../../src/sql/fallible.js';
import { FUNCTIONS } from '../../src/sql/functions.js';
import { parseExpression } from '../../src/sql/parser.js';
import { printExpression } from '../../src/sql/printer.js';
import { describeEngines } from '../engines/engines.js';
import { CORE_COLUMNS, EDGE_COLUMNS, type EdgeColumn, writeEdgeTables } from '../support/edge-columns.js';
import { leakproofNames, leakproofSubjects, type Subject } from '../support/leakproof-subjects.js';

/** Constants that a caller may write beside a column. */
const CONSTANTS = [
  ...['0', '-1', '9223372036854775807', '18446744073709551615', '0.1', '1e308', 'TRUE', 'NULL'],
  ...["''", "'abc'", "'2024-01-31'", "'2024-02-31'", "'😀'", "'1e999999'", "x'616263'"],
  // No text in any character set, and text only in some.
  ...["x'FF'", "x'C3A9'", "CAST('é' AS BINARY)", "CONCAT('😀', 'a')", "LOWER('😀')", "COALESCE(NULL, '😀')"],
];

/** Probes of one statement where each stands in queries of its own: a server plans long unions slowly. */
const LEGS = 6;

const COMPARISONS = ['=', '<>', '<', '<=', '>', '>=', '<=>'].map((operator) => `operator ${operator}`);

/** Combinations of a subject and types of arguments that must be driven. */
const LEAST_DRIVEN = { sqlite: 17_000, mariadb: 65_000, mysql: 54_000 } as const;

/** SQL with the values of its `?`, in order. */
interface Text {
  readonly sql: string;
  /** Whether its own class says that it may fail: a constant can make it so. */
  readonly fallible: boolean;
  readonly values: readonly ParameterValue[];
}

/** One subject over arguments of given types, in one place of a statement. */
interface Probe {
  readonly subject: Subject;
  readonly types: string;
  readonly item: Text;
}

/** How probes stand in a statement, one or many; `none` adds a table without rows. */
type Frame = (items: readonly Text[], none: boolean) => Text;

function join(items: readonly Text[], between: string): Text {
  return {
    fallible: false,
    sql: items.map((item) => item.sql).join(between),
    values: items.flatMap((item) => item.values),
  };
}

function wrap(before: string, item: Text, after: string): Text {
  return { ...item, sql: `${before}${item.sql}${after}` };
}

const script = {
  sqlite: writeEdgeTables('sqlite'),
  mariadb: writeEdgeTables('mariadb'),
  mysql: writeEdgeTables('mysql'),
};

/**
 * What is classed leakproof must fail for no value, over every type and the edges of each: for given types of arguments a
 * statement fails over no rows too (then the types alone decide) or over no row at all.
 */
describeEngines('leakproof classes', script, (under) => {
  const { dialect } = under;
  const columns = EDGE_COLUMNS[dialect];
  const subjects = leakproofSubjects(dialect);
  /** Every combination that was driven, and the names that ran on one at least. */
  const driven = new Set<string>();
  const ran = new Set<string>();
  let source: Source;

  beforeAll(async () => {
    source = await openSource({ url: under.url, allowWideGrants: true, size: 1 });
  });
  afterAll(() => source?.close());

  /** Null where it ran, else the engine's error. */
  async function failureOf({ sql, values }: Text): Promise<string | null> {
    const limits = { timeoutMs: 60_000, maxRows: 1e6, maxBytes: 1 << 30, mayEstimate: false };
    try {
      await source.execute({ sql, parameters: values, kind: 'admin', ...limits });
      return null;
    } catch (error) {
      if (!(error instanceof SwaliError && error.code === 'EXECUTE_FAILED')) throw new Error(`${error} <- ${sql}`);
      const { errno, message } = error.cause as { readonly errno?: number; readonly message: string };
      return `${errno ?? ''} ${message}`;
    }
  }

  const printed = new Map<string, Text>();
  function print(text: string): Text {
    const known = printed.get(text);
    if (known) return known;
    const tree = parseExpression(text, dialect, { allowNamedParameters: true });
    const { sql, parameters } = printExpression(tree, dialect);
    const made = { sql, fallible: hasFallible(tree, dialect), values: parameters.map((parameter) => parameter.value) };
    printed.set(text, made);
    return made;
  }

  /** Runs probes together, and by halves where that fails. @returns those whose failing depends on the values */
  async function drive(probes: readonly Probe[], frame: Frame): Promise<string[]> {
    if (probes.length === 0) return [];
    const items = probes.map((probe) => probe.item);
    const failed = await failureOf(frame(items, false));
    if (failed !== null && probes.length > 1) {
      const half = Math.ceil(probes.length / 2);
      return [...(await drive(probes.slice(0, half), frame)), ...(await drive(probes.slice(half), frame))];
    }
    for (const { subject, types } of probes) driven.add(`${subject.write('x', 'y', 'z')} ${types}`);
    if (failed === null) {
      for (const { subject } of probes) ran.add(subject.name);
      return [];
    }
    const [{ subject, types }] = probes as [Probe];
    if ((await failureOf(frame(items, true))) !== null) return [];
    return [`${subject.name}: ${subject.write('x', 'y', 'z')} over ${types}: ${failed}`];
  }

  type Argument = EdgeColumn | string;
  const ALIASES = ['a', 'b', 'c'];
  const named = (argument: Argument) => (typeof argument === 'string' ? argument : argument.name);

  function makeProbes(given: readonly Argument[], some: readonly Subject[]): Probe[] {
    const names = given.map((argument, index) => (typeof argument === 'string' ? argument : `${ALIASES[index]}.v`));
    const [x = '', y = '', z = ''] = names;
    const types = given.map(named).join(' × ');
    return some
      .map((subject) => ({ subject, types, item: print(subject.write(x, y, z)) }))
      .filter((probe) => !probe.item.fallible);
  }

  function tablesOf(given: readonly Argument[], none: boolean): string {
    const tables = given.flatMap((argument, index) =>
      typeof argument === 'string' ? [] : [`${argument.name} AS ${ALIASES[index]}`],
    );
    return [...tables, ...(none ? ['no_rows'] : [])].join(' CROSS JOIN ');
  }

  const isMeasured = (given: readonly Argument[]) => given.some((part) => typeof part !== 'string' && part.measured);
  const pick = (count: number, ...forms: readonly Subject['form'][]) =>
    subjects.filter((subject) => subject.arguments === count && forms.includes(subject.form));

  /** Whether MySQL's sort buffer takes rows of it: a longer row fails the sort itself (1038), whatever is computed. */
  const isShort = (column: EdgeColumn) => dialect !== 'mysql' || !column.measured;

  /** As items of a select list. */
  function inList(given: readonly Argument[]): Frame {
    return (items, none) => {
      const shown = isMeasured(given) ? items.map((item) => wrap('MAX(LENGTH(', item, '))')) : items;
      return wrap('SELECT ', join(shown, ', '), ` FROM ${tablesOf(given, none)}`);
    };
  }

  /** Each in a query of its own, all in one statement. */
  function inLegs(write: (item: Text, none: boolean) => readonly Text[]): Frame {
    return (items, none) =>
      join(
        items.flatMap((item) => write(item, none)),
        '\nUNION ALL ',
      );
  }

  const isCore = (column: EdgeColumn) => CORE_COLUMNS[dialect].has(column.name);
  const pairs = columns.flatMap((a) =>
    columns
      .filter((b) => dialect === 'sqlite' || (!a.measured && !b.measured) || isCore(a) || isCore(b))
      .map((b) => [a, b] as const),
  );
  const values = (count: number) => pick(count, 'value', 'condition');
  const count = (from: string, where: Text) => wrap(`SELECT COUNT(*) AS n FROM ${from} WHERE `, where, '');

  async function driveAll(
    all: readonly (readonly Argument[])[],
    some: readonly Subject[],
    frame: (given: readonly Argument[]) => Frame,
    together = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const faults: string[] = [];
    for (const given of all) {
      const probes = makeProbes(given, some);
      for (let first = 0; first < probes.length; first += together)
        faults.push(...(await drive(probes.slice(first, first + together), frame(given))));
    }
    expect(faults).toEqual([]);
  }

  it('never fails by the values of one column', async () => {
    await driveAll(
      columns.map((a) => [a]),
      values(1),
      inList,
    );
  });

  it('never fails by the values of two columns', async () => {
    await driveAll(pairs, values(2), inList);
  }, 120_000);

  it('never fails by the values of three columns', async () => {
    const core = columns.filter(isCore);
    const triples = core.flatMap((a) => core.flatMap((b) => core.map((c) => [a, b, c])));
    await driveAll(triples, values(3), inList);
  }, 120_000);

  it('never fails by the values of a column beside a constant', async () => {
    const constants = CONSTANTS.filter((constant) => dialect !== 'sqlite' || !/BINARY/.test(constant));
    const beside = columns.flatMap((a) =>
      constants.flatMap((constant) => [
        [a, constant],
        [constant, a],
      ]),
    );
    await driveAll(beside, values(2), inList);
  }, 120_000);

  it('never fails over groups and windows', async () => {
    await driveAll(
      columns.map((a) => [a]),
      pick(1, 'aggregate'),
      inList,
    );
    await driveAll(pairs, pick(2, 'aggregate'), inList);
    const apart = (given: readonly Argument[]) =>
      inLegs((item, none) => [
        wrap('SELECT COUNT(w) AS n FROM (SELECT ', item, ` AS w FROM ${tablesOf(given, none)}) AS d`),
      ]);
    await driveAll(
      columns.filter(isShort).map((a) => [a]),
      pick(1, 'window'),
      apart,
      LEGS,
    );
  }, 120_000);

  it('never fails as a condition of a join, and with the values of one row as constants', async () => {
    const legs = (given: readonly Argument[]) =>
      inLegs((item, none) => {
        const from = tablesOf(given, none);
        const [a] = given as [EdgeColumn];
        const rows = a.values.map((_, index) => count(from, wrap(`a.id = ${index + 1} AND (`, item, ')')));
        return [count(from, item), ...rows];
      });
    const some = dialect === 'sqlite' ? [] : pick(2, 'condition');
    const core = pairs.filter((pair) => pair.every(isCore));
    await driveAll(core, some, legs, LEGS);
    await driveAll(
      columns.map((a) => [a]),
      pick(1, 'condition'),
      legs,
      LEGS,
    );
  }, 120_000);

  it('never fails where the results are sorted, grouped or made distinct', async () => {
    const core = pairs.filter((pair) => pair.every(isCore));
    // MariaDB 10.11.19 ends with signal 6 on a prepared GROUP BY over IN (SELECT x) in a derived table.
    const isSafe = (subject: Subject) => dialect !== 'mariadb' || subject.name !== 'in-query';
    const legs = (given: readonly Argument[]) =>
      inLegs((item, none) => {
        const inner = (before: string, after: string) =>
          wrap(
            `SELECT COUNT(*) AS n FROM (SELECT ${before}`,
            item,
            ` AS e FROM ${tablesOf(given, none)}${after}) AS d`,
          );
        return [inner('DISTINCT ', ''), inner('COUNT(*) AS n, ', ' GROUP BY e'), inner('', ' ORDER BY e LIMIT 3')];
      });
    const short = columns.filter(isShort).map((a) => [a]);
    await driveAll(short, values(1).filter(isSafe), legs, LEGS);
    await driveAll(core, values(2).filter(isSafe), legs, LEGS);
  }, 120_000);

  it('never fails on a text that grows beyond what the engine can hold', async () => {
    const unbounded = subjects.filter(
      (subject) => FUNCTIONS[dialect].get(subject.name)?.arity[1] === Number.POSITIVE_INFINITY,
    );
    const calls = [
      ...new Set(unbounded.filter((subject) => subject.form === 'value').map((subject) => subject.name)),
    ].map((name) => (parts: readonly string[]) => `${name}(${parts.join(', ')})`);
    const joined = dialect === 'sqlite' && subjects.some((subject) => subject.name === 'operator ||');
    const faults: string[] = [];
    for (const write of [...calls, ...(joined ? [(parts: readonly string[]) => parts.join(' || ')] : [])]) {
      const [inner, outer] = ['a.v', 'b.v'].map((part) => print(write(Array.from({ length: 64 }, () => part))).sql);
      const { name } = columns.find((column) => column.name.endsWith('long')) as EdgeColumn;
      const failed = await failureOf({
        sql: `SELECT MAX(LENGTH(${outer})) AS n FROM (SELECT ${inner} AS v FROM ${name} AS a) AS b`,
        values: [],
        fallible: false,
      });
      if (failed) faults.push(`${write(['x', 'x'])}: ${failed}`);
    }
    expect(faults).toEqual([]);
  }, 60_000);

  it('sends strings apart from the text beside character columns without failing by their values', async () => {
    const texts = columns.filter((column) => /^of_(text|as_text|choice)/.test(column.name));
    const compared = subjects.filter(
      (subject) =>
        subject.arguments === 2 &&
        ['in-list', 'between'].concat(COMPARISONS).includes(subject.name) &&
        !/\(x, y\)/.test(subject.write('x', 'y', 'z')),
    );
    const faults: string[] = [];
    for (const column of texts)
      for (const value of ['', 'abc', '😀', 'é', '2024-02-31', 'x'.repeat(70_000)]) {
        const probes = makeProbes([column, ':value'], compared).map((probe) => ({
          ...probe,
          item: { ...probe.item, values: probe.item.values.map(() => value) },
        }));
        faults.push(...(await drive(probes, inList([column]))));
      }
    expect(faults).toEqual([]);
  }, 60_000);

  it('has driven everything that is classed leakproof, each over arguments that it takes', () => {
    // A name that never ran is one whose arguments are not known here: give it a form in leakproof-subjects.ts.
    expect(leakproofNames(dialect).filter((name) => !ran.has(name))).toEqual([]);
    console.log(
      `${dialect}: ${leakproofNames(dialect).length} functions and operators, ${driven.size} combinations driven`,
    );
    expect(driven.size).toBeGreaterThanOrEqual(LEAST_DRIVEN[dialect]);
  });
});
