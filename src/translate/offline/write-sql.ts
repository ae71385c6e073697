import type { Dialect } from '../../domain/dialect.js';
import type { RelationObligation } from '../../policy/view.js';
import type { DateRange, DateUnit } from '../dates.js';
import { singular } from '../words.js';
import { isTemporal, isTextual, wholeKey } from './describe-relation.js';
import type { JoinStep } from './find-joins.js';
import type { ColumnOf } from './lexicon.js';
import type { Filter, Key, Literal, Output, Plan } from './plan.js';

/**
 * Writes a plan as SQL text for a dialect. Every name is quoted and every string escaped; the text is read again by the
 * seal like anybody else's, so that nothing depends on it for safety.
 */
export function writeSql(plan: Plan, dialect: Dialect): string {
  const writer = new Writer(dialect, plan);
  return writer.write();
}

const ALIAS_WORDS = { SUM: 'total', AVG: 'average', MIN: 'lowest', MAX: 'highest', COUNT: 'number_of' } as const;

class Writer {
  readonly #dialect: Dialect;
  readonly #plan: Plan;
  readonly #qualified: boolean;
  readonly #aliases = new Map<Output, string>();

  constructor(dialect: Dialect, plan: Plan) {
    this.#dialect = dialect;
    this.#plan = plan;
    this.#qualified = plan.joins.length > 0 || plan.filters.some((filter) => filter.kind === 'exists');
  }

  write(): string {
    const plan = this.#plan;
    const items = plan.outputs.map((output) => this.#item(output));
    const star = plan.joins.length > 0 ? `${this.#name(plan.fact.relation.name)}.*` : '*';
    const parts = [
      `SELECT ${plan.distinct ? 'DISTINCT ' : ''}${items.length > 0 ? items.join(', ') : star}`,
      `FROM ${this.#name(plan.fact.relation.name)}${plan.joins.map((step) => this.#join(step)).join('')}`,
    ];
    if (plan.filters.length > 0)
      parts.push(`WHERE ${plan.filters.map((filter) => this.#filter(filter)).join(' AND ')}`);
    const keys = this.#dialect === 'sqlite' ? withoutDependent(plan.groupBy) : plan.groupBy;
    if (keys.length > 0) parts.push(`GROUP BY ${keys.map((key) => this.#expression(key)).join(', ')}`);
    if (plan.having) {
      const { measure, operator, value } = plan.having;
      parts.push(`HAVING ${measure ? this.#expression(measure) : 'COUNT(*)'} ${operator} ${this.#literal(value)}`);
    }
    if (plan.orderBy.length > 0) {
      parts.push(
        `ORDER BY ${plan.orderBy.map(({ output, descending }) => `${this.#orderKey(output)}${descending ? ' DESC' : ''}`).join(', ')}`,
      );
    }
    if (plan.limit !== null) parts.push(`LIMIT ${plan.limit}`);
    return parts.join(' ');
  }

  #item(output: Output): string {
    if (output.kind === 'column') return this.#expression(output);
    const taken = new Set(this.#aliases.values());
    const base = aliasOf(output, this.#plan.fact);
    let alias = base;
    for (let n = 2; taken.has(alias); n += 1) alias = `${base}_${n}`;
    this.#aliases.set(output, alias);
    return `${this.#expression(output)} AS ${this.#name(alias)}`;
  }

  /** An output that is selected is ordered by its alias, so that the expression stands once. */
  #orderKey(output: Output): string {
    const alias = this.#aliases.get(output);
    return alias === undefined ? this.#expression(output) : this.#name(alias);
  }

  #expression(output: Output): string {
    switch (output.kind) {
      case 'column':
        return this.#column(output.of);
      case 'period':
        return periodExpression(this.#column(output.of), output.unit, this.#dialect);
      case 'metric':
        return this.#qualified ? output.figure.metric.qualifiedSql : output.figure.metric.sql;
      case 'aggregate': {
        if (output.of === null) return 'COUNT(*)';
        return `${output.name}(${output.distinct ? 'DISTINCT ' : ''}${this.#column(output.of)})`;
      }
    }
  }

  #join(step: JoinStep): string {
    return ` JOIN ${this.#name(step.to.relation.name)} ON ${this.#pairs(step)}`;
  }

  #pairs(step: JoinStep): string {
    const side = (relation: RelationObligation, name: string) =>
      `${this.#name(relation.relation.name)}.${this.#name(name)}`;
    return step.columns
      .map((name, index) => `${side(step.from, name)} = ${side(step.to, step.referenced[index]!)}`)
      .join(' AND ');
  }

  #filter(filter: Filter): string {
    if (filter.kind === 'exists') return this.#exists(filter);
    if (filter.kind === 'any') return `(${filter.filters.map((each) => this.#filter(each)).join(' OR ')})`;
    const column = this.#column(filter.of);
    // The words of a question are seldom spelled as the data is; MySQL and MariaDB compare without case by themselves.
    const loose = this.#dialect === 'sqlite' && isTextual(filter.of.column.column) ? ' COLLATE NOCASE' : '';
    switch (filter.kind) {
      case 'compare':
        return `${column} ${filter.operator} ${this.#literal(filter.value)}${filter.value.kind === 'string' ? loose : ''}`;
      case 'between':
        return `${column} BETWEEN ${this.#literal(filter.low)} AND ${this.#literal(filter.high)}`;
      case 'in':
        return `${column}${loose} ${filter.negated ? 'NOT IN' : 'IN'} (${filter.values.map((value) => this.#literal(value)).join(', ')})`;
      case 'average': {
        const name = this.#name(filter.of.column.column.name);
        return `${column} ${filter.operator} (SELECT AVG(${name}) FROM ${this.#name(filter.of.relation.relation.name)})`;
      }
      case 'present':
        return `${column} IS NOT NULL`;
      case 'like': {
        const pattern = `${filter.before ? '%' : ''}${filter.value.replace(/[|%_]/g, '|$&')}${filter.after ? '%' : ''}`;
        const escaping = /[|\\]/.test(pattern) ? " ESCAPE '|'" : '';
        return `${column} ${filter.negated ? 'NOT LIKE' : 'LIKE'} ${this.#string(pattern)}${escaping}`;
      }
      case 'range':
        return this.#range(filter.of, filter.range);
    }
  }

  #range(of: ColumnOf, range: DateRange): string {
    const column = this.#column(of);
    const isDated = isTemporal(of.column.column);
    if (!isDated && range.year !== null) return `${column} = ${range.year}`;
    const bound = (day: string) => (isDated ? this.#string(day) : String(Number(day.slice(0, 4))));
    const sides = [];
    if (range.from !== null) sides.push(`${column} >= ${bound(range.from)}`);
    if (range.to !== null) sides.push(`${column} < ${bound(range.to)}`);
    return sides.join(' AND ');
  }

  /** The path leads from the many side to the fact; the inner query walks it from its start. */
  #exists(filter: Extract<Filter, { kind: 'exists' }>): string {
    const [first, ...rest] = filter.path;
    const inner = [...filter.path.slice(0, -1), ...filter.joins].map((step) => this.#join(step)).join('');
    const last = rest.at(-1) ?? first!;
    const conditions = [this.#pairs(last), ...filter.filters.map((each) => this.#filter(each))];
    return `${filter.negated ? 'NOT ' : ''}EXISTS (SELECT 1 FROM ${this.#name(first!.from.relation.name)}${inner} WHERE ${conditions.join(' AND ')})`;
  }

  #column(of: ColumnOf): string {
    const name = this.#name(of.column.column.name);
    return this.#qualified ? `${this.#name(of.relation.relation.name)}.${name}` : name;
  }

  #literal(literal: Literal): string {
    return literal.kind === 'number' ? literal.text : this.#string(literal.value);
  }

  #name(name: string): string {
    return this.#dialect === 'sqlite' ? `"${name.replaceAll('"', '""')}"` : `\`${name.replaceAll('`', '``')}\``;
  }

  #string(value: string): string {
    const escaped = this.#dialect === 'sqlite' ? value : value.replaceAll('\\', '\\\\');
    return `'${escaped.replaceAll("'", "''")}'`;
  }
}

/**
 * Without what a key beside it decides: SQLite shows such columns ungrouped, and sorts by fewer. Servers may insist on all of
 * them (ONLY_FULL_GROUP_BY), as the seal puts every relation into a derived table, where keys are not seen.
 */
function withoutDependent(keys: readonly Key[]): readonly Key[] {
  const grouped = new Set(keys.flatMap((key) => (key.kind === 'column' ? [key.of.column] : [])));
  return keys.filter((key) => {
    const whole = wholeKey(key.of.relation);
    const isDecided = whole?.every((column) => grouped.has(column)) ?? false;
    return !isDecided || (key.kind === 'column' && (whole ?? []).includes(key.of.column));
  });
}

function aliasOf(output: Exclude<Output, { kind: 'column' }>, fact: RelationObligation): string {
  if (output.kind === 'period') return output.unit;
  if (output.kind === 'metric') return output.figure.metric.name;
  if (output.of === null) return `number_of_${(output.standsFor ?? fact).relation.name}`.toLowerCase();
  // Different keys are rows of their relation.
  const isKey = wholeKey(output.of.relation)?.every((column) => column === output.of!.column) ?? false;
  if (output.name === 'COUNT' && output.distinct && isKey)
    return `number_of_${output.of.relation.relation.name}`.toLowerCase();
  const name = output.of.column.column.name.toLowerCase();
  const word = ALIAS_WORDS[output.name];
  return name === word || singular(name) === word ? name : `${word}_${name}`;
}

/** A period of a date column as text that sorts by time (years are numbers). */
function periodExpression(column: string, unit: DateUnit, dialect: Dialect): string {
  if (dialect === 'sqlite') {
    switch (unit) {
      case 'day':
        return `DATE(${column})`;
      case 'week':
        return `STRFTIME('%G-W%V', ${column})`;
      case 'month':
        return `STRFTIME('%Y-%m', ${column})`;
      case 'quarter':
        return `(STRFTIME('%Y', ${column}) || '-Q' || ((CAST(STRFTIME('%m', ${column}) AS INTEGER) + 2) / 3))`;
      case 'year':
        return `CAST(STRFTIME('%Y', ${column}) AS INTEGER)`;
    }
  }
  switch (unit) {
    case 'day':
      return `DATE(${column})`;
    case 'week':
      return `DATE_FORMAT(${column}, '%x-W%v')`;
    case 'month':
      return `DATE_FORMAT(${column}, '%Y-%m')`;
    case 'quarter':
      return `CONCAT(YEAR(${column}), '-Q', QUARTER(${column}))`;
    case 'year':
      return `YEAR(${column})`;
  }
}
