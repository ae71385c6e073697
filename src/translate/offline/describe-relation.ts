import type { CatalogColumn } from '../../catalog/catalog.js';
import type { RelationObligation, VisibleColumn } from '../../policy/view.js';
import { singular, splitIdentifier } from '../words.js';

const visible = (relation: RelationObligation) => [...relation.columns.values()];

export function isNumeric(column: CatalogColumn): boolean {
  return (
    column.family === 'integer' || column.family === 'decimal' || column.family === 'float' || column.family === 'year'
  );
}

export function isTemporal(column: CatalogColumn): boolean {
  return column.family === 'date' || column.family === 'datetime';
}

export function isTextual(column: CatalogColumn): boolean {
  return column.family === 'text' || column.family === 'enum';
}

/** True for keys: primary and foreign key columns and names that end in id. Their sums and averages mean nothing. */
export function isKey(relation: RelationObligation, column: CatalogColumn): boolean {
  const { primaryKey, foreignKeys } = relation.relation;
  return (
    primaryKey.includes(column.name) ||
    foreignKeys.some((key) => key.columns.includes(column.name)) ||
    /(?:^|[_\s])(?:id|no|nr|code|number)$|[a-z](?:Id|ID|No|Code|Number)$/u.test(column.name)
  );
}

/** How schemas shorten words; each also stands for itself. */
const SHORT_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    acct: 'account',
    addr: 'address',
    amt: 'amount',
    avg: 'average',
    cnt: 'count',
    crs: 'course',
    cust: 'customer',
    dept: 'department',
    desc: 'description',
    descr: 'description',
    dest: 'destination',
    dob: 'birthdate',
    emp: 'employee',
    enr: 'enrollment',
    fname: 'firstname',
    hs: 'highschool',
    inst: 'institution',
    lang: 'language',
    lat: 'latitude',
    lname: 'lastname',
    lng: 'longitude',
    loc: 'location',
    long: 'longitude',
    mgr: 'manager',
    nbr: 'number',
    num: 'number',
    org: 'organization',
    prereq: 'prerequisite',
    pct: 'percentage',
    prod: 'product',
    prof: 'professor',
    qty: 'quantity',
    stu: 'student',
    tel: 'telephone',
    temp: 'temperature',
    univ: 'university',
    yr: 'year',
  }),
);

/** Words with what schemas shorten written out. */
export function writeOut(words: readonly string[]): readonly string[] {
  return words.map((word) => SHORT_WORDS.get(word) ?? word);
}

const prefixes = new WeakMap<RelationObligation, string | null>();

/** The word that most columns of a relation begin with (`emp_fname`, `emp_dob` …) and that so says nothing; null where there is none. */
function sharedPrefix(relation: RelationObligation): string | null {
  const known = prefixes.get(relation);
  if (known !== undefined) return known;
  const firsts = visible(relation)
    .map(({ column }) => splitIdentifier(column.name))
    .flatMap((words) => (words.length > 1 ? [words[0]!] : []));
  const counts = new Map<string, number>();
  for (const word of firsts) counts.set(word, (counts.get(word) ?? 0) + 1);
  const [word, count] = [...counts].sort(([, left], [, right]) => right - left)[0] ?? ['', 0];
  const found = count >= 3 && count >= 0.6 * visible(relation).length ? word : null;
  prefixes.set(relation, found);
  return found;
}

/** `apt_number` of apartments: a word of a column that shortens a word of its relation, in the relation's own words. */
export function writeOutOwn(relation: RelationObligation, words: readonly string[]): readonly string[] {
  const own = splitIdentifier(relation.relation.name);
  return words.map((word) => own.find((each) => shortens(word, each)) ?? word);
}

/** Whether the letters of a word stand in another in their order, beginning with the first. */
function shortens(short: string, word: string): boolean {
  if (short.length < 3 || short.length > word.length - 2 || short[0] !== word[0]) return false;
  let at = 0;
  for (const letter of word) if (letter === short[at]) at += 1;
  return at === short.length;
}

/** The words of a column's name, without a prefix that its relation's columns share. */
export function columnWords(relation: RelationObligation, name: string): readonly string[] {
  const words = splitIdentifier(name);
  return words.length > 1 && words[0] === sharedPrefix(relation) ? words.slice(1) : words;
}

/** How first and last names are spelled in schemas, as words joined. */
export const FIRST_NAMES = ['firstname', 'fname', 'givenname', 'forename'];
export const LAST_NAMES = ['lastname', 'lname', 'surname', 'familyname'];

/** The columns that name a row to a person: `name`, `title`, `<relation>_name`, or first and last name; empty where none does. */
export function labelColumns(relation: RelationObligation): readonly VisibleColumn[] {
  const own = splitIdentifier(relation.relation.name);
  const keyed = new Map(
    visible(relation).flatMap((each) => {
      const words = columnWords(relation, each.column.name);
      return [words, writeOut(words)].map((key): [string, VisibleColumn] => [key.join(''), each]);
    }),
  );
  const last = own[own.length - 1] ?? '';
  const key = relation.relation.primaryKey.length === 1 ? splitIdentifier(relation.relation.primaryKey[0]!) : [];
  // `festival_name` of `festival_detail`, whose key is `festival_id`.
  const ofKey = key.length === 2 ? [`${key[0]}name`] : [];
  const wanted = ['name', 'fullname', `${own.join('')}name`, `${last}name`, ...ofKey];
  const named = wanted.map((key) => keyed.get(key)).find((each) => each !== undefined);
  if (named) return [named];
  // `city` of cities.
  const called = [own.join(''), last].map((key) => keyed.get(key)).find((each) => each !== undefined);
  if (called && isTextual(called.column)) return [called];
  const first = FIRST_NAMES.map((key) => keyed.get(key)).find((each) => each !== undefined);
  const second = LAST_NAMES.map((key) => keyed.get(key)).find((each) => each !== undefined);
  if (first && second) return [first, second];
  const titled = ['title', `${own.join('')}title`, `${last}title`]
    .map((key) => keyed.get(key))
    .find((each) => each !== undefined);
  if (titled) return [titled];
  const ending = visible(relation).filter(({ column }) => isTextual(column) && /name$/iu.test(column.name));
  return ending.length === 1 ? ending : [];
}

/** The one visible column of the primary key; null where it has several, none, or is hidden. */
export function keyColumn(relation: RelationObligation): VisibleColumn | null {
  const { primaryKey } = relation.relation;
  return (primaryKey.length === 1 && visible(relation).find((each) => each.column.name === primaryKey[0])) || null;
}

/** The primary key's columns where all are visible; null otherwise. */
export function wholeKey(relation: RelationObligation): readonly VisibleColumn[] | null {
  const columns = relation.relation.primaryKey.map((name) =>
    visible(relation).find((each) => each.column.name === name),
  );
  return columns.length > 0 && columns.every((each) => each !== undefined) ? (columns as VisibleColumn[]) : null;
}

const MEASURE_WORDS = ['amount', 'total', 'value', 'salary', 'price', 'cost'];

/** The one amount of a relation, for questions that name only the relation ("total payments"); null where it is not clear. */
export function measureColumn(relation: RelationObligation): VisibleColumn | null {
  const numbers = visible(relation).filter(
    ({ column, mask }) => mask === null && isNumeric(column) && !isKey(relation, column),
  );
  for (const word of MEASURE_WORDS) {
    const named = numbers.filter(({ column }) => splitIdentifier(column.name).join('') === word);
    if (named.length === 1) return named[0]!;
  }
  const ending = numbers.filter(({ column }) => MEASURE_WORDS.includes(splitIdentifier(column.name).at(-1) ?? ''));
  if (ending.length === 1) return ending[0]!;
  const withUnit = numbers.filter((each) => each.unit !== null);
  return withUnit.length === 1 ? withUnit[0]! : null;
}

/** Relations whose name is an amount: the total of them is a sum, not a count. */
export function isAmount(relation: RelationObligation): boolean {
  const name = splitIdentifier(relation.relation.name).at(-1) ?? '';
  return [
    'payment',
    'sale',
    'salary',
    'revenue',
    'cost',
    'expense',
    'refund',
    'fee',
    'deposit',
    'income',
    'donation',
    'wage',
  ].includes(name);
}

/** Endings of date columns after the event's stem: `paid_at`, `order_date`. */
const DATE_ENDINGS = new Set(['at', 'on', 'date', 'time', 'datetime', 'day']);
const RECORDED = ['createdat', 'created', 'createdon', 'datecreated', 'date', 'datetime', 'timestamp'];

/**
 * The date column that a period without a column means.
 *
 * @param hints folded words of the question (`placed`, `paid`): a column of that stem is meant first
 * @returns one column; several where it is not clear; none where the relation has no date
 */
export function dateColumns(relation: RelationObligation, hints: readonly string[]): readonly VisibleColumn[] {
  const dates = visible(relation).filter(({ column, mask }) => mask === null && isTemporal(column));
  if (dates.length < 2) return dates;
  const pick = (test: (words: readonly string[]) => boolean) => {
    const found = dates.filter(({ column }) => test(splitIdentifier(column.name)));
    return found.length === 1 ? found : null;
  };
  const own = ownStems(relation);
  const said = dates.filter(({ column }) => saysEvent(relation, column, hints));
  return (
    (said.length === 1 ? said : null) ??
    pick((words) => event(words).length > 0 && event(words).every((word) => own.includes(stem(word)))) ??
    pick((words) => RECORDED.includes(words.join(''))) ??
    dates
  );
}

const event = (words: readonly string[]) => words.filter((word) => !DATE_ENDINGS.has(word));
const ownStems = (relation: RelationObligation) =>
  splitIdentifier(relation.relation.name).map((word) => stem(singular(word)));

/** Whether a question says the event of a date column (`opened` of `opened_on`), not only the name of its relation. */
export function saysEvent(relation: RelationObligation, column: CatalogColumn, hints: readonly string[]): boolean {
  const stems = new Set(hints.map(stem));
  const own = ownStems(relation);
  return event(splitIdentifier(column.name)).some((word) => stems.has(stem(word)) && !own.includes(stem(word)));
}

/** Shortest stem that is taken for the beginning of another: `attend` of `attendance`. */
export const SHORTEST_BEGINNING = 4;

/** Whether a question says a word of a relation's name ("shipped" of shipments) that is none of other relations' names. */
export function saysName(
  relation: RelationObligation,
  hints: readonly string[],
  others: readonly RelationObligation[],
): boolean {
  const said = hints.map(stem);
  const known = new Set(others.flatMap((other) => splitIdentifier(other.relation.name).map(stem)));
  return splitIdentifier(relation.relation.name)
    .map(stem)
    .some(
      (word) =>
        !known.has(word) &&
        said.some((each) => word === each || (each.length >= SHORTEST_BEGINNING && word.startsWith(each))),
    );
}

/** A crude verb stem: `placed`, `places`, `place` → `plac`; `paid`, `payment` → `pay`. */
export function stem(word: string): string {
  if (word === 'paid' || word === 'payment') return 'pay';
  if (word === 'bought') return 'buy';
  if (word === 'sold') return 'sell';
  const cut = word.replace(/(?:ing|ed|es|s|e)$/u, '');
  return (cut.length >= 3 ? cut : word).replace(/([^aeiou])\1$/u, '$1');
}
