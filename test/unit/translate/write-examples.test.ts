import { expect, it } from 'vitest';
import { parseQuery } from '../../../src/sql/parser.js';
import type { SlotType, VerifiedQuestion } from '../../../src/translate/verified.js';
import { chooseExamples } from '../../../src/translate/write-examples.js';
import { shopView, viewOf } from './short-view.js';

const TODAY = { year: 2026, month: 3, day: 1 };

const answered = (question: string, sql: string, slots: Record<string, SlotType> = {}): VerifiedQuestion => ({
  question,
  sql,
  slots: new Map(Object.entries(slots)),
});

const choose = (question: string, verified: readonly VerifiedQuestion[], view = shopView()) =>
  chooseExamples(question, verified, view, 'sqlite', TODAY);

it('fills every slot with a value that is nobody’s, in the words and in the statement', () => {
  const [example] = choose('orders over 5', [
    answered(
      'Orders in {year}, month {month}, over {amount}, since {day}, at most { count } named {name}',
      `SELECT id -- :year\nFROM orders WHERE total > :amount AND ordered_at > :day AND status = :name AND status <> ':name'
       AND id < :year + :month + :count`,
      { year: 'integer', month: 'integer', amount: 'decimal', day: 'date', count: 'integer', name: 'text' },
    ),
  ]);
  expect(example).toEqual({
    question: 'Orders in 2026, month 3, over 100.5, since 2026-01-01, at most 10 named example',
    sql: "SELECT id FROM orders WHERE total > 100.5 AND ordered_at > '2026-01-01' AND status = 'example' AND status <> ':name' AND id < 2026 + 3 + 10",
  });
  expect(() => parseQuery(example!.sql, 'sqlite')).not.toThrow();
});

it('leaves out whatever names something that the person asking does not see', () => {
  const verified = [
    answered('orders paid', 'SELECT COUNT(*) FROM payments'),
    answered('orders hidden', 'SELECT secret_note FROM orders'),
    answered('orders nested', 'SELECT id FROM orders WHERE id IN (SELECT order_id FROM salaries)'),
    answered('orders closed function', 'SELECT readfile(status) FROM orders'),
    answered('orders unreadable', 'SELECT FROM'),
    answered('orders slot', 'SELECT id FROM orders WHERE id = :nobody'),
    answered('orders open', 'SELECT COUNT(*) FROM orders'),
  ];
  const view = viewOf({ name: 'orders', columns: ['id integer *', 'status text'] });
  expect(choose('orders', verified, view)).toEqual([{ question: 'orders open', sql: 'SELECT COUNT(*) FROM orders' }]);
});

it('takes the next nearest for one that is left out, and three at most', () => {
  const verified = [
    answered('orders now', 'SELECT nothing FROM nowhere'),
    ...['a b', 'c d', 'e f', 'g h'].map((words) => answered(`orders ${words}`, 'SELECT id FROM orders')),
  ];
  expect(choose('orders now', verified)).toHaveLength(3);
});

it('leaves out statements that would take the room of the rest', () => {
  const long = `SELECT id FROM orders WHERE status IN (${Array.from({ length: 400 }, () => "'x'").join(', ')})`;
  expect(choose('orders', [answered('orders', long)])).toEqual([]);
});
