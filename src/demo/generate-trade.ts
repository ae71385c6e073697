import { dayWeight, isoDate, isoDateTime } from './calendar.js';
import {
  type CustomerTraits,
  customerNote,
  customerTraits,
  type DemoRow,
  printMoney,
  productOf,
} from './generate-people.js';
import { BRANCHES } from './names.js';
import { STAFF_NOTES, TICKET_TEXTS } from './phrases.js';
import type { DemoPlan } from './plan.js';
import { createRandom, type Random, unitOf } from './random.js';

/** Last numbers given out, table by table. */
interface Counters {
  orders: number;
  order_items: number;
  payments: number;
  invoices: number;
  support_tickets: number;
}

interface Order {
  readonly id: number;
  readonly customer: CustomerTraits;
  readonly day: number;
  readonly second: number;
  readonly status: string;
  readonly halves: number;
}

/** Orders of a day stay within opening hours, most around noon and after work; those of the last day in its first hour. */
const HOURS: readonly (readonly [number, number])[] = [
  [7, 3],
  [8, 6],
  [9, 8],
  [10, 9],
  [11, 10],
  [12, 12],
  [13, 10],
  [14, 8],
  [15, 8],
  [16, 9],
  [17, 11],
  [18, 12],
  [19, 9],
  [20, 6],
  [21, 3],
];
/** Value-added tax in Kenya: 16 of 116 parts of a price that includes it. */
const TAX_SHARE = 16 / 116;

/**
 * Orders in the order of their days, each followed by its lines, payments, invoice and tickets, until the last day.
 * Keeps nothing but counters, whatever the scale.
 */
export function* generateTrade(plan: DemoPlan): Generator<DemoRow> {
  const random = createRandom(plan.seed, 'trade');
  const counters: Counters = { orders: 0, order_items: 0, payments: 0, invoices: 0, support_tickets: 0 };
  const popularity = productPopularity(plan);
  let joined = 0;
  for (const { day, orders } of ordersPerDay(plan)) {
    while (joined < plan.customers && plan.joinDay(joined) <= day) joined += 1;
    const seconds = Array.from({ length: orders }, () => secondOfDay(random, day === plan.lastDay)).sort(
      (a, b) => a - b,
    );
    for (const second of seconds) {
      const customer = pickCustomer(plan, random, joined);
      yield* generateOrder(plan, random, counters, popularity, customer, day, second);
    }
  }
}

/** Shares the orders out over the days, exactly: rounding errors carry on to the next day. */
function* ordersPerDay(plan: DemoPlan): Generator<{ readonly day: number; readonly orders: number }> {
  const weightOf = (day: number) =>
    day === plan.lastDay ? 0.1 : dayWeight(day, plan.firstDay) * (0.8 + 0.4 * unitOf(plan.seed, 'day', day));
  let total = 0;
  for (let day = plan.firstDay; day < plan.lastDay; day += 1) total += weightOf(day);
  // One order at least is of the last day, so that "today" has an answer.
  const today = Math.max(1, Math.round((plan.orders * weightOf(plan.lastDay)) / (total + weightOf(plan.lastDay))));
  const before = plan.orders - today;
  let sum = 0;
  let given = 0;
  for (let day = plan.firstDay; day < plan.lastDay; day += 1) {
    sum += weightOf(day);
    const due = day === plan.lastDay - 1 ? before : Math.round((before * sum) / total);
    yield { day, orders: due - given };
    given = due;
  }
  yield { day: plan.lastDay, orders: today };
}

function secondOfDay(random: Random, isLast: boolean): number {
  return (isLast ? 0 : random.weighted(HOURS) * 3600) + random.integer(0, 3599);
}

/** Draws among those who have joined until one is hungry enough: a skewed choice without a table of weights. */
function pickCustomer(plan: DemoPlan, random: Random, joined: number): CustomerTraits {
  for (;;) {
    const traits = customerTraits(plan, random.integer(0, joined - 1));
    if (random.next() < traits.appetite) return traits;
  }
}

/** Running sums of the products' weights: a long tail, in no order of their numbers. */
function productPopularity(plan: DemoPlan): Float64Array {
  const sums = new Float64Array(plan.products);
  let sum = 0;
  for (let index = 0; index < plan.products; index += 1) {
    sum += 0.04 + unitOf(plan.seed, 'product', index) ** 4;
    sums[index] = sum;
  }
  return sums;
}

function pickProduct(sums: Float64Array, random: Random): number {
  const at = random.next() * sums[sums.length - 1]!;
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

function* generateOrder(
  plan: DemoPlan,
  random: Random,
  counters: Counters,
  popularity: Float64Array,
  customer: CustomerTraits,
  day: number,
  second: number,
): Generator<DemoRow> {
  counters.orders += 1;
  const lines = orderLines(plan, random, popularity, customer, day);
  const halves = lines.reduce((sum, line) => sum + line.quantity * line.halves, 0);
  const status = orderStatus(random, plan.lastDay - day);
  const order: Order = { id: counters.orders, customer, day, second, status, halves };
  const channel = random.weighted([
    ['shop', 44],
    ['online', 34],
    ['phone', 12],
    ['whatsapp', 10],
  ] as const);
  const branch = random.chance(0.93) ? customer.branch : random.integer(0, BRANCHES.length - 1);
  // Staff of branch b hold the numbers b + 1, b + 11, b + 21 …; online orders have no clerk.
  const staff =
    branch + 1 + BRANCHES.length * random.integer(0, Math.floor((plan.employees - 1 - branch) / BRANCHES.length));
  const isShipped = status === 'shipped' || status === 'delivered' || status === 'returned';
  yield {
    table: 'orders',
    values: [
      order.id,
      customer.number,
      branch + 1,
      channel === 'online' ? null : staff,
      isoDateTime(day, second),
      status,
      channel,
      printMoney(halves),
      isShipped
        ? isoDate(
            Math.min(
              day +
                random.weighted([
                  [0, 3],
                  [1, 5],
                  [2, 3],
                  [5, 1],
                ] as const),
              plan.lastDay,
            ),
          )
        : null,
      random.chance(0.14) ? customerNote(random, customer.pool) : null,
      random.chance(0.07) ? random.pick(STAFF_NOTES) : null,
    ],
  };
  for (const line of lines) {
    counters.order_items += 1;
    yield {
      table: 'order_items',
      values: [counters.order_items, order.id, line.product + 1, line.quantity, printMoney(line.halves)],
    };
  }
  const paid = yield* generatePayments(plan, random, counters, order);
  yield* generateInvoice(plan, random, counters, order, paid);
  yield* generateTicket(plan, random, counters, order);
}

interface OrderLine {
  readonly product: number;
  readonly quantity: number;
  readonly halves: number;
}

/** One to eight different products. Prices rose by about 6 % a year; those who buy for a business pay less. */
function orderLines(
  plan: DemoPlan,
  random: Random,
  popularity: Float64Array,
  customer: CustomerTraits,
  day: number,
): readonly OrderLine[] {
  const more = { retail: 0.55, business: 0.68, wholesale: 0.72 }[customer.segment];
  const most = { retail: 3, business: 12, wholesale: 60 }[customer.segment];
  const off = { retail: 1, business: 0.95, wholesale: 0.88 }[customer.segment];
  const rise = 1.06 ** ((day - plan.lastDay) / 365.25);
  const lines: OrderLine[] = [];
  do {
    const product = pickProduct(popularity, random);
    const quantity = 1 + Math.floor(most * random.next() ** 3);
    const halves = Math.max(1, Math.round(productOf(product).halves * rise * off));
    if (!lines.some((line) => line.product === product)) lines.push({ product, quantity, halves });
  } while (lines.length < 8 && random.chance(more));
  return lines;
}

/** @param age in days */
function orderStatus(random: Random, age: number): string {
  if (age <= 2)
    return random.weighted([
      ['pending', 6],
      ['processing', 3],
      ['cancelled', 0.4],
    ] as const);
  if (age <= 9)
    return random.weighted([
      ['processing', 2],
      ['shipped', 6],
      ['delivered', 3],
      ['cancelled', 0.6],
    ] as const);
  return random.weighted([
    ['delivered', 88],
    ['cancelled', 6],
    ['returned', 4],
    ['shipped', 2],
  ] as const);
}

/** Payments up to the last day; gives the halves of a shilling paid. */
function* generatePayments(
  plan: DemoPlan,
  random: Random,
  counters: Counters,
  order: Order,
): Generator<DemoRow, number> {
  const { customer, halves } = order;
  const isUnpaid = random.chance(customer.segment === 'retail' ? 0.02 : 0.06);
  if (order.status === 'cancelled' || isUnpaid) return 0;
  const parts =
    halves > 40_000 && random.chance(0.25) ? [Math.round(halves * 0.4), halves - Math.round(halves * 0.4)] : [halves];
  let day = order.day + (customer.segment === 'retail' ? 0 : random.integer(3, 50));
  let paid = 0;
  for (const amount of parts) {
    if (day > plan.lastDay) break;
    const method =
      customer.segment === 'wholesale'
        ? 'bank'
        : random.weighted([
            ['mpesa', 56],
            ['card', 20],
            ['cash', 14],
            ['bank', 10],
          ] as const);
    counters.payments += 1;
    paid += amount;
    yield {
      table: 'payments',
      values: [
        counters.payments,
        order.id,
        customer.number,
        isoDateTime(day, Math.min(order.second + (day === plan.lastDay ? 0 : random.integer(30, 1800)), 86_399)),
        printMoney(amount),
        method,
        method === 'cash' ? null : paymentReference(random, method),
        method === 'card' ? `4000${String(random.integer(0, 999_999_999_999)).padStart(12, '0')}` : null,
      ],
    };
    day += random.integer(10, 35);
  }
  return paid;
}

function paymentReference(random: Random, method: string): string {
  const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789';
  const code = Array.from({ length: 9 }, () => letters[random.integer(0, letters.length - 1)]).join('');
  return `${{ mpesa: 'S', card: 'CRD-', bank: 'EFT-' }[method] ?? ''}${code}`;
}

function* generateInvoice(
  plan: DemoPlan,
  random: Random,
  counters: Counters,
  order: Order,
  paid: number,
): Generator<DemoRow> {
  const isDue = order.status !== 'cancelled' && order.status !== 'pending';
  if (!isDue || (order.customer.segment === 'retail' && !random.chance(0.7))) return;
  counters.invoices += 1;
  const due = order.day + (order.customer.segment === 'retail' ? 14 : 30);
  const status = paid >= order.halves ? 'paid' : due < plan.lastDay ? 'overdue' : 'open';
  yield {
    table: 'invoices',
    values: [
      counters.invoices,
      `INV-${isoDate(order.day).slice(0, 4)}-${String(counters.invoices).padStart(7, '0')}`,
      order.id,
      order.customer.number,
      isoDate(order.day),
      isoDate(due),
      printMoney(order.halves),
      printMoney(Math.round(order.halves * TAX_SHARE)),
      status,
    ],
  };
}

function* generateTicket(plan: DemoPlan, random: Random, counters: Counters, order: Order): Generator<DemoRow> {
  if (!random.chance(order.status === 'returned' ? 0.5 : 0.07)) return;
  const opened = order.day + random.integer(1, 20);
  if (opened >= plan.lastDay) return;
  counters.support_tickets += 1;
  const second = random.integer(8 * 3600, 18 * 3600);
  const closed = opened + Math.floor(12 * random.next() ** 2);
  const isClosed = closed < plan.lastDay && !random.chance(0.04);
  const [subject, message] = random.pick(TICKET_TEXTS);
  yield {
    table: 'support_tickets',
    values: [
      counters.support_tickets,
      order.customer.number,
      random.chance(0.8) ? order.id : null,
      random.chance(0.9) ? random.integer(1, plan.employees) : null,
      isoDateTime(opened, second),
      isClosed ? isoDateTime(closed, Math.min(second + random.integer(600, 20_000), 86_399)) : null,
      random.weighted([
        ['low', 4],
        ['normal', 5],
        ['high', 2],
        ['urgent', 0.5],
      ] as const),
      isClosed ? 'closed' : random.chance(0.5) ? 'open' : 'waiting',
      subject,
      message,
      isClosed && random.chance(0.55)
        ? random.weighted([
            [5, 5],
            [4, 4],
            [3, 2],
            [2, 1],
            [1, 1],
          ] as const)
        : null,
      random.chance(0.15) ? random.pick(STAFF_NOTES) : null,
    ],
  };
}
