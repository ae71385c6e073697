import { describe, expect, it } from 'vitest';
import { makeCatalogSet } from '../../../../bench/linking/made-catalog.mjs';
import { loadTokenCounter } from '../../../../src/translate/link/count-tokens.js';
import { createLinker, type Linkable } from '../../../../src/translate/link/link-schema.js';
import type { LinkedSchema } from '../../../../src/translate/link/linked-schema.js';
import { indexValues } from '../../../../src/translate/link/value-index.js';
import { writeSchema } from '../../../../src/translate/write-schema.js';
import { LINKING_MODULES } from '../../../support/linking-modules.js';
import { type ShortRelation, shopMetrics, shopView, viewOf } from '../short-view.js';

const NOTHING = indexValues(new Map());
const made = makeCatalogSet(LINKING_MODULES);

const asked = (question: string, changes: Partial<Linkable> = {}): Linkable => ({
  question,
  turns: [],
  view: made.view,
  metrics: [],
  values: NOTHING,
  ...changes,
});
const namesOf = ({ relations }: LinkedSchema) => relations.map((each) => each.obligation.relation.name);
const columnsOf = (schema: LinkedSchema, name: string) =>
  schema.relations
    .find((each) => each.obligation.relation.name === name)
    ?.columns.map((visible) => visible.column.name);

/** Relations that no question here is about, so that a view is larger than its budget. */
const crowd = (size: number): ShortRelation[] =>
  Array.from({ length: size }, (_, at) => ({
    name: `zz_bulk_${at}`,
    columns: ['zz_id integer *', 'alpha text', 'beta text', 'gamma text', 'delta text'],
  }));
const to = (column: string, relation: string) => ({ columns: [column], relation, referenced: ['id'] });

describe('linking a question to a schema', () => {
  it('shows all of a view that the budget holds, whatever the question', async () => {
    const view = shopView();
    const linker = createLinker({ tokens: 1500 });
    for (const question of ['What of my orders?', 'xyzzy', '???']) {
      const schema = await linker.link(asked(question, { view }));
      expect(schema.isWhole).toBe(true);
      expect(namesOf(schema)).toEqual([...view.relations.values()].map((each) => each.relation.name));
      expect(schema.relations.flatMap((each) => each.columns)).toHaveLength(
        [...view.relations.values()].reduce((sum, each) => sum + each.columns.size, 0),
      );
    }
  });

  it('never takes more than the budget, as the tokenizer counts', { timeout: 120_000 }, async () => {
    const count = await loadTokenCounter();
    const uses: number[] = [];
    for (const tokens of [200, 500, 1000, 1500]) {
      const linker = createLinker({ tokens });
      for (const { texts } of made.questions.slice(0, 60)) {
        const schema = await linker.link(asked(texts.question!));
        const used = count(writeSchema(schema, new Map()));
        expect(used).toBeLessThanOrEqual(tokens);
        uses.push(used / tokens);
      }
    }
    expect(uses).toHaveLength(240);
    expect(uses.reduce((sum, each) => sum + each, 0) / uses.length).toBeGreaterThan(0.7);
  });

  it('puts what the question names first, by name, synonym, description, metric and earlier turn', async () => {
    const view = viewOf(
      { name: 'shipments', columns: ['id integer *', 'weight decimal'], synonyms: ['consignments'] },
      { name: 'ledger', columns: ['id integer *', 'booked_on date'], description: 'Postings of the main books.' },
      { name: 'emp', columns: ['id integer *', 'dept text', 'fname text'] },
      { name: 'order_items', columns: ['id integer *', 'quantity integer'] },
      ...crowd(80),
    );
    const metrics = shopMetrics('sqlite').filter(({ name }) => name === 'units_sold');
    const linker = createLinker({ tokens: 400 });
    const first = async (question: string, changes: Partial<Linkable> = {}) =>
      namesOf(await linker.link(asked(question, { view, ...changes })))[0];
    expect(await first('how heavy are the shipments')).toBe('shipments');
    expect(await first('all consignments of last week')).toBe('shipments');
    expect(await first('what postings were there')).toBe('ledger');
    expect(await first('first names in each department')).toBe('emp');
    expect(await first('units sold', { metrics })).toBe('order_items');
    expect(await first('and last year?', { turns: [{ question: 'sum of weight per shipment', sql: null }] })).toBe(
      'shipments',
    );
    expect(await first('and only those?', { turns: [{ question: '', sql: 'SELECT fname FROM emp' }] })).toBe('emp');
  });

  it('shows the relations that join those named, and the columns that the joins are over', async () => {
    const view = viewOf(
      { name: 'singers', columns: ['id integer *', 'stage_name text'] },
      {
        name: 'xq_links',
        columns: ['aa integer', 'bb integer', 'cc text'],
        foreignKeys: [to('aa', 'singers'), to('bb', 'stadiums')],
      },
      { name: 'stadiums', columns: ['id integer *', 'capacity integer'] },
      ...crowd(80),
    );
    const schema = await createLinker({ tokens: 300 }).link(asked('capacity of stadiums per singer', { view }));
    expect(namesOf(schema).slice(0, 3).sort()).toEqual(['singers', 'stadiums', 'xq_links']);
    expect(columnsOf(schema, 'xq_links')).toEqual(expect.arrayContaining(['aa', 'bb']));
    expect(columnsOf(schema, 'singers')).toContain('id');
  });

  it('shows the columns of joins that no key declares, however many columns stand before them', async () => {
    const fillers = Array.from({ length: 60 }, (_, at) => `filler_${at} text`);
    const view = viewOf(
      { name: 'singers', columns: ['sng integer *', 'stage_name text'] },
      { name: 'xq_links', columns: ['id integer *', ...fillers, 'sng integer', 'std integer'] },
      { name: 'stadiums', columns: ['std integer *', 'capacity integer'] },
      ...crowd(80),
    );
    const schema = await createLinker({ tokens: 200 }).link(asked('capacity of stadiums per singer', { view }));
    expect(columnsOf(schema, 'xq_links')).toEqual(expect.arrayContaining(['sng', 'std']));
    expect(columnsOf(schema, 'xq_links')!.length).toBeLessThan(60);
  });

  it('finds a relation by a value that the asker is known to see, and by one of a shared enumeration', async () => {
    const view = viewOf(
      { name: 'qq', columns: ['id integer *', 'kind text ?'] },
      { name: 'rr', columns: ['id integer *', 'sort text'] },
      ...crowd(80),
    );
    const linker = createLinker({ tokens: 300 });
    const values = indexValues(new Map([['qq.kind', ['Blue Whale']]]));
    expect(namesOf(await linker.link(asked('where is the blue whale', { view, values })))[0]).toBe('qq');
    // The owner shares no values of `sort`: what a map says of it does not count.
    const closed = indexValues(new Map([['rr.sort', ['Blue Whale']]]));
    const [first] = namesOf(await linker.link(asked('where is the blue whale', { view, values: closed })));
    expect(first).not.toBe('rr');
    const listed = (flags: string) => {
      const found = viewOf({ name: 'zzz', columns: [`id integer *`, `state enum ${flags}`] }, ...crowd(80));
      Object.assign(found.relations.get('zzz')!.columns.get('state')!.column, {
        declaredType: "enum('parked','rolling')",
      });
      return found;
    };
    expect(namesOf(await linker.link(asked('how many are parked', { view: listed('?') })))[0]).toBe('zzz');
    expect(namesOf(await linker.link(asked('how many are parked', { view: listed('') })))[0]).not.toBe('zzz');
  });

  it('gives the same for the same question, also from another linker', { timeout: 120_000 }, async () => {
    const questions = made.questions.slice(0, 30).map(({ texts }) => texts.question!);
    const write = async (linker: ReturnType<typeof createLinker>) => {
      const texts: string[] = [];
      for (const question of questions) texts.push(writeSchema(await linker.link(asked(question)), new Map()));
      return texts;
    };
    const linker = createLinker({ tokens: 1500 });
    const once = await write(linker);
    expect(await write(linker)).toEqual(once);
    expect(await write(createLinker({ tokens: 1500 }))).toEqual(once);
    expect(new Set(once).size).toBe(30);
  });

  it('links nothing outside the view, whatever other views were linked before', { timeout: 120_000 }, async () => {
    const linker = createLinker({ tokens: 1500 });
    const { questions } = made;
    // The same digest and version, half of the relations: what an index of the other view would betray.
    const half = new Map([...made.view.relations].filter((_, at) => at % 2 === 0));
    const view = { ...made.view, relations: half };
    for (const { texts } of questions.slice(0, 5)) {
      await linker.link(asked(texts.question!));
      for (const { obligation, columns } of (await linker.link(asked(texts.question!, { view }))).relations) {
        expect([...half.values()]).toContain(obligation);
        for (const column of columns) expect([...obligation.columns.values()]).toContain(column);
      }
      for (const relation of linker.narrow(asked(texts.question!, { view }), 40).relations.values()) {
        expect([...half.values()]).toContain(relation);
      }
    }
  });

  it('fills the budget with what most joins lead to where no word of the question says anything', async () => {
    const hub: ShortRelation = { name: 'hub', columns: ['id integer *', 'kept text'] };
    const spokes = Array.from({ length: 80 }, (_, at) => ({
      name: `spoke_${at}`,
      columns: ['id integer *', 'hub_id integer', 'alpha text', 'beta text'],
      foreignKeys: [to('hub_id', 'hub')],
    }));
    const view = viewOf(...spokes, hub);
    const linker = createLinker({ tokens: 300 });
    for (const question of ['', 'of the and', '¿qué?', '🙂', '42']) {
      const schema = await linker.link(asked(question, { view }));
      expect(namesOf(schema)[0]).toBe('hub');
      expect(schema.relations.length).toBeGreaterThan(5);
    }
  });

  it('shows a part of a single relation that is wider than the budget, the columns in question and the key among it', async () => {
    const wide = Array.from({ length: 400 }, (_, at) => `measure_${at} integer`);
    const view = viewOf({ name: 'wide', columns: ['id integer *', ...wide, 'rainfall decimal'] });
    const schema = await createLinker({ tokens: 200 }).link(asked('average rainfall', { view }));
    expect(schema.isWhole).toBe(false);
    expect(namesOf(schema)).toEqual(['wide']);
    expect(columnsOf(schema, 'wide')).toEqual(expect.arrayContaining(['id', 'rainfall']));
  });

  it('shows nothing of a view that is empty', async () => {
    const schema = await createLinker({ tokens: 200 }).link(asked('anything', { view: viewOf() }));
    expect(schema).toEqual({ relations: [], isWhole: true });
  });
});

describe('narrowing a view', () => {
  it('keeps the best relations with all of their columns, and a small view as it is', () => {
    const linker = createLinker({ tokens: 1500 });
    const { texts, gold } = made.questions[0]!;
    const view = linker.narrow(asked(texts.question!), 40);
    expect(view.relations.size).toBe(40);
    for (const name of gold.keys()) {
      const fold = name.toLowerCase();
      expect(view.relations.get(fold)).toBe(made.view.relations.get(fold));
    }
    const small = shopView();
    expect(linker.narrow(asked('orders', { view: small }), 40)).toBe(small);
  });
});
