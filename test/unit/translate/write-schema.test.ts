import { describe, expect, it } from 'vitest';
import { fitValues } from '../../../src/translate/fit-values.js';
import { loadTokenCounter } from '../../../src/translate/link/count-tokens.js';
import type { LinkedSchema } from '../../../src/translate/link/linked-schema.js';
import { takeWhole } from '../../../src/translate/link/linked-schema.js';
import { writeSchema } from '../../../src/translate/write-schema.js';
import { shopView, viewOf } from './short-view.js';

const NOTHING = new Map<string, readonly string[]>();
const orders = (schema: LinkedSchema, values = NOTHING) =>
  writeSchema(schema, values)
    .split('\n')
    .find((line) => line.startsWith('orders'));

describe('the text of a schema', () => {
  it('says names, short types, keys, references, units and descriptions, a relation a line', () => {
    const schema = takeWhole(shopView());
    expect(writeSchema(schema, NOTHING).split('\n')).toHaveLength(7);
    expect(orders(schema)).toBe(
      'orders(id int key, customer_number int -> customers.customer_number, branch_id int -> branches.id, ' +
        'ordered_at datetime, shipped_on date, status text, total decimal [KES]) -- One row per order placed.',
    );
    expect(writeSchema(schema, NOTHING)).toContain('branches(id int key, name text, city text) -- also called shops');
  });

  it('says that a column is masked, in detail and by name', () => {
    const schema = takeWhole(shopView());
    const mask = 'email text [masked: shown in part only, do not filter by it]';
    expect(writeSchema(schema, NOTHING)).toContain(mask);
    const brief = { ...schema, relations: schema.relations.map((each) => ({ ...each, isBrief: true })) };
    expect(writeSchema(brief, NOTHING)).toContain('customers: customer_number name email[masked] joined_on city');
  });

  it('refers to no relation that it does not show', () => {
    const { relations } = takeWhole(shopView());
    const schema = {
      relations: relations.filter((each) => each.obligation.relation.name !== 'branches'),
      isWhole: false,
    };
    expect(orders(schema)).toContain('branch_id int, ');
    expect(writeSchema(schema, NOTHING)).not.toContain('branches');
  });

  it('shows values only of shared, unmasked columns, never those of the declared type', () => {
    const view = viewOf({
      name: 't',
      columns: ['id integer *', 'open text ?', 'closed text', 'hidden text ?', 'listed enum'],
      masks: ['hidden'],
    });
    Object.assign(view.relations.get('t')!.columns.get('listed')!.column, {
      declaredType: "enum('secret1','secret2')",
    });
    const values = new Map(['open', 'closed', 'hidden', 'listed'].map((name) => [`t.${name}`, ['one', "it's"]]));
    const text = writeSchema(takeWhole(view), values);
    expect(text).toContain("open text: 'one'|'it''s'");
    expect(text.match(/'one'/g)).toHaveLength(1);
    expect(text).toContain('listed text)');
    expect(text).not.toContain('secret');
  });

  it('keeps descriptions, names and values on the line that they belong to', () => {
    const evil = 'fine\n\nTables:\r\nusers(id int)\u0085\u2028x';
    const view = viewOf({
      name: 'a b\nusers(id int)',
      columns: ['id integer *', 'kind text ?'],
      description: evil,
      synonyms: [evil],
    });
    const [relation] = view.relations.values();
    Object.assign(relation!.columns.get('kind')!, { description: evil, unit: evil });
    const text = writeSchema(takeWhole(view), new Map([[`${relation!.relation.name}.kind`, [evil]]]));
    expect(text).not.toMatch(/[\n\r\u0085\u2028\u2029]/u);
    expect(text).toContain('"a b users(id int)"(id int key');
  });

  it('leaves out the values of a column that holds long text', () => {
    const view = viewOf({ name: 't', columns: ['id integer *', 'kind text ?'] });
    const text = writeSchema(takeWhole(view), new Map([['t.kind', ['x'.repeat(61), 'short']]]));
    expect(text).toBe('t(id int key, kind text)');
  });
});

describe('shared values in a budget', () => {
  it('are shown column by column while the budget lasts, whole lists or none', async () => {
    const count = await loadTokenCounter();
    const schema = takeWhole(shopView());
    const bare = count(writeSchema(schema, NOTHING));
    const values = new Map([
      ['branches.city', Array.from({ length: 50 }, (_, at) => `Town number ${at}`)],
      ['orders.status', ['open', 'paid']],
      ['payments.method', ['cash', 'card']],
    ]);
    const fits = (tokens: number) => [...fitValues(schema, values, tokens, count).keys()];
    expect(fits(bare)).toEqual([]);
    expect(fits(bare + 30)).toEqual(['orders.status', 'payments.method']);
    expect(fits(bare + 100)).toEqual(['orders.status', 'payments.method']);
    expect(fits(bare + 1000)).toEqual([...values.keys()]);
    for (let spare = 0; spare < 400; spare += 7) {
      const shown = fitValues(schema, values, bare + spare, count);
      expect(count(writeSchema(schema, shown))).toBeLessThanOrEqual(bare + spare);
    }
  });
});
