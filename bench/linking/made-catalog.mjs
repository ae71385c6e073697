/**
 * A catalog of 1 000 relations, and questions to it, made from a seed.
 *
 * Twenty departments keep seven things each (`business-words.mjs`); each thing has six or seven companions (status history,
 * notes, attachments, an archive with the same columns, …), so that most words occur in many places. Every department has a
 * style of its own: plural snake case, a module's prefix (`pur_supplier`), CamelCase, or abbreviations (`emp_hire_dt`).
 * Foreign keys lead to the things referred to, and from companions to their thing. Three in ten relations have a description,
 * one in ten things a synonym: some of its other words.
 *
 * Questions are written from patterns over one thing, a thing and what it refers to, two things that a third one joins (which
 * the question does not name), a companion, and a value. In half of its places a thing or attribute is called by its
 * name, else in other words; those were written for the benchmark, not taken from the linker's thesaurus, and many
 * are nowhere in the catalog. Names that several departments share are not told apart by the department's name. Gold
 * is what the statement needs: its relations, the columns that it shows or filters by, and the keys that it joins over.
 */
import { COMPANIONS, DEPARTMENTS, SHORT_FORMS } from './business-words.mjs';
import { openView } from './open-view.mjs';

const RELATIONS = 1000;
const QUESTIONS = 1000;

/** A small generator of numbers from 0 to 1 (mulberry32), the same for the same seed everywhere. */
function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const pick = (list, random) => list[Math.floor(random() * list.length)];
const inWords = (name) => name.replaceAll('_', ' ');
const pluralOf = (words) =>
  /(?:s|x|ch|sh)$/.test(words) ? `${words}es` : /[^aeiou]y$/.test(words) ? `${words.slice(0, -1)}ies` : `${words}s`;
const shorten = (name) =>
  name
    .split('_')
    .map((word) => SHORT_FORMS[word] ?? word)
    .join('_');

const STYLES = {
  plural: { relation: (name) => pluralOf(name), column: (name) => name },
  prefixed: { relation: (name, prefix) => `${prefix}_${name}`, column: (name) => name },
  abbreviated: { relation: (name) => shorten(name), column: (name) => shorten(name) },
  camel: { relation: (name) => camel(name), column: (name) => camel(name, false) },
};

function camel(name, isUpper = true) {
  const joined = name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
  return isUpper ? joined[0].toUpperCase() + joined.slice(1) : joined;
}

function readDepartments() {
  return DEPARTMENTS.split('\n\n').map((block) => {
    const [head, ...lines] = block.split('\n');
    const [name, style, prefix] = head.split(' ');
    const things = lines.map((line) => {
      const [before, after] = line.split(': ');
      const [called, targets = ''] = before.split(' > ');
      const [thing, other] = called.trim().split('~');
      const attributes = after.split(' ').map((text) => {
        const [, attribute, otherName, values] = /^(\w+)(?:~(\w+))?(?:=(.*))?$/.exec(text);
        return { name: attribute, other: otherName ?? null, values: values ? values.split('|') : null };
      });
      return { thing, other, targets: targets.split(',').filter(Boolean), attributes };
    });
    return { name, style, prefix, things };
  });
}

function familyOf(name) {
  if (/(?:date|_on|deadline|until|_end|period_start|valid_\w+)$/.test(name)) return 'date';
  if (/(?:_at|time|_start|_hour)$/.test(name)) return 'datetime';
  if (/(?:id|count|quantity|year|hours|days|months|minutes|seconds|points|number_of|size|lines)$/.test(name))
    return 'integer';
  if (
    /(?:amount|price|rate|cost|limit|balance|salary|pay|fee|rent|value|total|area|score|loss|insured|energy|mileage_total)$/.test(
      name,
    )
  )
    return 'decimal';
  return 'text';
}

function makeColumn(name, logical) {
  const family = familyOf(logical);
  return {
    name,
    family,
    declaredType: { text: 'varchar(80)', integer: 'int', decimal: 'decimal(12,2)' }[family] ?? family,
    unsigned: false,
    nullable: false,
    generated: 'no',
    collation: family === 'text' ? 'utf8mb4_general_ci' : null,
    characterSet: family === 'text' ? 'utf8mb4' : null,
  };
}

/** One relation: a thing, or a companion of one. */
function makeRelation(department, logical, attributes, targets, parents) {
  const style = STYLES[department.style];
  const own = style.relation(logical, department.prefix);
  const idOf = (thing) => style.column(`${thing}_id`);
  const columns = [
    makeColumn(idOf(logical), 'id'),
    ...targets.map((target) => makeColumn(idOf(target), 'id')),
    ...attributes.map((attribute) => makeColumn(style.column(attribute), attribute)),
    ...(targets.length < 2 ? [makeColumn(style.column('created_at'), 'created_at')] : []),
  ];
  return {
    name: own,
    kind: 'table',
    columns,
    primaryKey: [idOf(logical)],
    indexes: [],
    foreignKeys: targets.map((target) => ({
      columns: [idOf(target)],
      relation: parents.get(target),
      referenced: [idOf(target)],
    })),
  };
}

/** @returns `view`, `values` and `questions`, as `mergeSpider` gives them */
export function makeCatalogSet(modules, seed = 20260315) {
  const random = createRandom(seed);
  const relations = [];
  const notes = new Map();
  const values = new Map();
  const things = [];
  const companions = [];
  const departments = readDepartments();
  for (const department of departments) {
    const style = STYLES[department.style];
    const parents = new Map(department.things.map(({ thing }) => [thing, style.relation(thing, department.prefix)]));
    for (const each of department.things) {
      const names = each.attributes.map((attribute) => attribute.name);
      const relation = makeRelation(department, each.thing, names, each.targets, parents);
      relations.push(relation);
      const column = (attribute) => style.column(attribute);
      things.push({
        ...each,
        relation: relation.name,
        column,
        idOf: (thing) => style.column(`${thing}_id`),
        department,
      });
      for (const { name, values: list } of each.attributes) {
        if (list) values.set(`${relation.name}.${column(name)}`, list);
      }
      const about = {};
      if (random() < 0.3)
        about.description = `One row per ${inWords(random() < 0.5 ? each.thing : each.other)} of ${department.name}.`;
      if (random() < 0.1) about.synonyms = [inWords(each.other)];
      notes.set(relation.name, about);
    }
  }
  for (const [suffix, attributes] of COMPANIONS) {
    for (const each of things) {
      if (relations.length >= RELATIONS) break;
      const { department, thing } = each;
      const parents = new Map([[thing, each.relation]]);
      const names = attributes ?? each.attributes.map((attribute) => attribute.name);
      const relation = makeRelation(department, `${thing}_${suffix}`, names, [thing], parents);
      relations.push(relation);
      companions.push({ ...each, suffix, attributes: names, relation: relation.name, parent: each });
      if (random() < 0.3) notes.set(relation.name, { description: `${inWords(suffix)} kept for ${department.name}.` });
    }
  }
  const catalog = modules.buildCatalog('mysql', '8.4.0', 'group', relations);
  const questions = [];
  for (let at = 0; questions.length < QUESTIONS; at += 1) {
    const made = PATTERNS[at % PATTERNS.length](things, companions, random);
    if (made) questions.push({ id: `made-${questions.length}`, texts: { question: made.question }, gold: made.gold });
  }
  return { view: openView(catalog, values, modules, notes), values, questions };
}

const callThing = (each, random) => inWords(random() < 0.5 || !each.other ? each.thing : each.other);
const callAttribute = ({ name, other }, random) => inWords(random() < 0.5 || other === null ? name : other);
const parentOf = (things, each, target) =>
  things.find((other) => other.thing === target && other.department === each.department);
const gold = (...entries) => {
  const found = new Map();
  for (const [relation, ...columns] of entries)
    found.set(relation, new Set([...(found.get(relation) ?? []), ...columns]));
  return found;
};

const PATTERNS = [
  function askAttributes(things, _companions, random) {
    const each = pick(things, random);
    const [first, second] = [pick(each.attributes, random), pick(each.attributes, random)];
    const asked = first === second ? [first] : [first, second];
    const what = asked.map((attribute) => callAttribute(attribute, random)).join(' and ');
    const start = pick(['Show the', 'What is the', 'List the', 'I need the'], random);
    return {
      question: `${start} ${what} of ${pick(['each', 'every', 'all our'], random)} ${pluralOf(callThing(each, random))}`,
      gold: gold([each.relation, ...asked.map(({ name }) => each.column(name))]),
    };
  },
  function countAbove(things, _companions, random) {
    const each = pick(things, random);
    const attribute = pick(each.attributes, random);
    return {
      question: `How many ${pluralOf(callThing(each, random))} have a ${callAttribute(attribute, random)} over ${Math.floor(random() * 900) + 10}?`,
      gold: gold([each.relation, each.column(attribute.name)]),
    };
  },
  function askWithParent(things, _companions, random) {
    const each = pick(
      things.filter(({ targets }) => targets.length > 0),
      random,
    );
    const target = pick(each.targets, random);
    const parent = parentOf(things, each, target);
    const [own, theirs] = [pick(each.attributes, random), pick(parent.attributes, random)];
    return {
      question: `For each ${callThing(parent, random)} give its ${callAttribute(theirs, random)} and the average ${callAttribute(own, random)} of its ${pluralOf(callThing(each, random))}`,
      gold: gold(
        [each.relation, each.idOf(target), each.column(own.name)],
        [parent.relation, parent.idOf(target), parent.column(theirs.name)],
      ),
    };
  },
  function askOverBridge(things, _companions, random) {
    const bridge = pick(
      things.filter(({ targets }) => targets.length > 1),
      random,
    );
    const [left, right] = [bridge.targets[0], bridge.targets.at(-1)].map((target) => parentOf(things, bridge, target));
    const [one, other] = [pick(left.attributes, random), pick(right.attributes, random)];
    return {
      question: `Which ${pluralOf(callThing(left, random))} go with which ${pluralOf(callThing(right, random))}? Show ${callAttribute(one, random)} and ${callAttribute(other, random)}.`,
      gold: gold(
        [bridge.relation, bridge.idOf(left.thing), bridge.idOf(right.thing)],
        [left.relation, left.idOf(left.thing), left.column(one.name)],
        [right.relation, right.idOf(right.thing), right.column(other.name)],
      ),
    };
  },
  function askCompanion(_things, companions, random) {
    const each = pick(companions, random);
    if (each.suffix === 'archive') return null;
    const attribute = pick(each.attributes, random);
    const style = each.column;
    return {
      question: `Give the ${inWords(attribute)} in the ${inWords(each.suffix)} of ${pluralOf(callThing(each.parent, random))}`,
      gold: gold([each.relation, style(attribute)]),
    };
  },
  function askByValue(things, _companions, random) {
    const each = pick(
      things.filter(({ attributes }) => attributes.some(({ values }) => values)),
      random,
    );
    const attribute = each.attributes.find(({ values }) => values);
    const shown = pick(
      each.attributes.filter((other) => other !== attribute),
      random,
    );
    return {
      question: `${pick(['What', 'Which'], random)} ${callAttribute(shown, random)} do ${pick(attribute.values, random)} ${pluralOf(callThing(each, random))} have?`,
      gold: gold([each.relation, each.column(attribute.name), each.column(shown.name)]),
    };
  },
];
