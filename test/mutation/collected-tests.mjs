// What test files import in place of `vitest` under mutation testing: the same words, collected once and run many times
// by quick-runner.mjs in one process. `expect` is vitest's own.
import { format } from 'node:util';

export { expect } from 'vitest';

/** @typedef {{ id: string, name: string, work: () => unknown, suite: Suite }} CollectedTest */
/** @typedef {{ name: string, file: string, parent: Suite | null, before: (() => unknown)[], after: (() => unknown)[] }} Suite */

/** @type {CollectedTest[]} */
export const collected = [];
/** @type {Suite[]} */
export const suites = [];
let current = null;

/** Begins a test file: what is collected from here on is its own. */
export function beginFile(file) {
  current = { name: '', file, parent: null, before: [], after: [] };
  suites.push(current);
}

function addSuite(name, body) {
  const outer = current;
  current = {
    name: `${outer.name}${outer.name && ' '}${name}`,
    file: outer.file,
    parent: outer,
    before: [],
    after: [],
  };
  suites.push(current);
  body();
  current = outer;
}

function addTest(name, options, work) {
  const full = `${current.name}${current.name && ' '}${name}`;
  const test = typeof options === 'function' ? options : work;
  let id = `${current.file}#${full}`;
  // Two tests may bear one name; Stryker tells them apart by id.
  for (let copy = 2; collected.some((other) => other.id === id); copy += 1) id = `${current.file}#${full} (${copy})`;
  collected.push({ id, name: full, work: test, suite: current });
}

/** `%s` and the like take the values in their order, `$name` a property, `%#` the place in the table. */
function nameOf(template, values, place) {
  const [first] = values;
  const named = template
    .replaceAll('%#', String(place))
    .replace(/\$(\w+)/g, (word, key) =>
      first && typeof first === 'object' && key in first ? String(first[key]) : word,
    );
  const count = (named.match(/%[sdifjoO]/g) ?? []).length;
  return format(named, ...values.slice(0, count));
}

function withTables(add) {
  add.each =
    (table) =>
    (name, ...rest) => {
      table.forEach((row, place) => {
        const values = Array.isArray(row) ? row : [row];
        const bound = rest.map((part) => (typeof part === 'function' ? () => part(...values) : part));
        add(nameOf(name, values, place), ...bound);
      });
    };
  return add;
}

function skip() {}
skip.each = () => skip;

export const describe = withTables(addSuite);
export const it = withTables(addTest);
for (const add of [describe, it]) add.skipIf = (condition) => (condition ? skip : add);

export const beforeAll = (work) => void current.before.push(work);
export const afterAll = (work) => void current.after.push(work);
/** No server stands by under mutation testing. */
export const inject = () => ({ mariadb: null, mysql: null });
