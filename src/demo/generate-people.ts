import { isoDate, isoDateTime } from './calendar.js';
import { ARTICLES } from './goods.js';
import { BRANCHES, BUSINESS_SUFFIXES, JOBS, NAME_POOLS, type NamePool } from './names.js';
import { CUSTOMER_NOTES, STAFF_NOTES } from './phrases.js';
import type { DemoPlan } from './plan.js';
import { createRandom, type Random, unitOf } from './random.js';
import type { DemoValue } from './tables.js';

/** One row and the table it goes to; values in the table's column order. */
export interface DemoRow {
  readonly table: string;
  readonly values: readonly DemoValue[];
}

/** Money is counted in halves of a shilling: sums of halves are exact in a double, so SQLite and MySQL add up alike. */
export function printMoney(halves: number): string {
  return (halves / 2).toFixed(2);
}

/** First customer number; the others follow without gaps. */
export const FIRST_CUSTOMER_NUMBER = 101;
/** A customer of the first hour who orders often: the demonstration's own login. */
export const DEMO_CUSTOMER_NUMBER = 103;

export const SEGMENTS = ['retail', 'business', 'wholesale'] as const;
export type Segment = (typeof SEGMENTS)[number];

/** What is fixed about a customer, computed from the seed and the position alone, so nothing is kept in memory. */
export interface CustomerTraits {
  readonly number: number;
  readonly segment: Segment;
  readonly branch: number;
  readonly pool: NamePool;
  /** How often they order beside others, 0–1; some never do. */
  readonly appetite: number;
}

/** @param index 0-based position among the customers */
export function customerTraits(plan: DemoPlan, index: number): CustomerTraits {
  const number = FIRST_CUSTOMER_NUMBER + index;
  const isDemo = number === DEMO_CUSTOMER_NUMBER;
  const kind = unitOf(plan.seed, 'segment', index);
  const appetite = unitOf(plan.seed, 'appetite', index);
  return {
    number,
    segment: isDemo || kind < 0.72 ? 'retail' : kind < 0.93 ? 'business' : 'wholesale',
    branch: pickByUnit(BRANCHES, unitOf(plan.seed, 'branch', index)),
    pool: NAME_POOLS[isDemo ? 0 : pickByUnit(NAME_POOLS, unitOf(plan.seed, 'pool', index))]!,
    // A cube: a few order very often, most seldom; one in twenty has an account and never ordered.
    appetite: isDemo ? 1 : appetite < 0.05 ? 0 : appetite ** 3,
  };
}

function pickByUnit(list: readonly { readonly weight: number }[], unit: number): number {
  let left = unit * list.reduce((sum, { weight }) => sum + weight, 0);
  const found = list.findIndex(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  return found < 0 ? list.length - 1 : found;
}

export function* generateBranches(plan: DemoPlan): Generator<DemoRow> {
  const random = createRandom(plan.seed, 'branches');
  for (const [index, { name, city, country, prefix }] of BRANCHES.entries()) {
    const opened = plan.firstDay - random.integer(400, 3000);
    const phone = random.chance(0.85) ? phoneNumber(random, prefix) : null;
    yield { table: 'branches', values: [index + 1, name, city, country, isoDate(opened), phone] };
  }
}

/** Employees and their salaries; the first employee of each branch is its manager. */
export function* generateEmployees(plan: DemoPlan): Generator<DemoRow> {
  const random = createRandom(plan.seed, 'employees');
  let salary = 0;
  for (let index = 0; index < plan.employees; index += 1) {
    const branch = index % BRANCHES.length;
    const isManager = index < BRANCHES.length;
    const job = isManager ? { title: 'Branch manager', pay: 165_000 } : pickJob(random);
    const name =
      index === 0 ? 'Amina Wanjiku' : personName(random, NAME_POOLS[random.chance(0.75) ? 0 : random.integer(1, 4)]!);
    const hired = isManager
      ? plan.firstDay - random.integer(100, 1500)
      : plan.lastDay - random.integer(20, plan.lastDay - plan.firstDay + 900);
    const left = !isManager && random.chance(0.12) ? random.integer(hired + 15, plan.lastDay) : null;
    yield {
      table: 'employees',
      values: [
        index + 1,
        branch + 1,
        // The first manager leads the house; the other managers report there.
        index === 0 ? null : isManager ? 1 : branch + 1,
        name,
        `${index === 0 ? 'amina' : `staff${index + 1}`}@dukamoja.example`,
        random.chance(0.9) ? phoneNumber(random, BRANCHES[branch]!.prefix) : null,
        job.title,
        String(random.integer(10_000_000, 39_999_999)),
        isoDate(hired),
        left !== null && left <= plan.lastDay ? isoDate(left) : null,
      ],
    };
    let pay = Math.round((job.pay * (0.85 + 0.35 * random.next())) / 500) * 500;
    for (let from = hired; from <= Math.min(left ?? plan.lastDay, plan.lastDay); ) {
      const next = from + random.integer(330, 480);
      const until = Math.min(next - 1, left ?? Number.POSITIVE_INFINITY);
      salary += 1;
      const validTo = until < plan.lastDay ? isoDate(until) : null;
      yield { table: 'salaries', values: [salary, index + 1, printMoney(pay * 2), isoDate(from), validTo] };
      pay = Math.round((pay * (1.02 + 0.09 * random.next())) / 500) * 500;
      from = next;
    }
  }
}

function pickJob(random: Random): { readonly title: string; readonly pay: number } {
  return random.weighted(JOBS.map((job) => [job, job.weight] as const));
}

export function* generateProducts(plan: DemoPlan): Generator<DemoRow> {
  const random = createRandom(plan.seed, 'products');
  for (let index = 0; index < plan.products; index += 1) {
    const { name, category, halves, grams } = productOf(index);
    const launched = plan.firstDay - random.integer(-500, 900);
    const gone = random.chance(0.06) ? plan.lastDay - random.integer(1, 200) : null;
    yield {
      table: 'products',
      values: [
        index + 1,
        `SW-${String(index + 1).padStart(5, '0')}`,
        name,
        category,
        printMoney(halves),
        printMoney(Math.round(halves * (0.52 + 0.25 * random.next()))),
        grams,
        gone === null ? Math.floor(400 * random.next() ** 3) : 0,
        isoDate(launched),
        gone === null ? null : isoDate(gone),
      ],
    };
  }
}

/** Name, category, price and weight of a product; articles come first, then packs of two, three … of them. */
export function productOf(index: number): {
  readonly name: string;
  readonly category: string;
  readonly halves: number;
  readonly grams: number | null;
} {
  const [name, category, price, grams] = ARTICLES[index % ARTICLES.length]!;
  const pack = Math.floor(index / ARTICLES.length) + 1;
  return {
    name: pack === 1 ? name : `${name}, pack of ${pack}`,
    category,
    halves: Math.round(price * 2 * (pack === 1 ? 1 : pack * 0.93)),
    grams: grams === null ? null : grams * pack,
  };
}

export function* generateCustomers(plan: DemoPlan): Generator<DemoRow> {
  const random = createRandom(plan.seed, 'customers');
  for (let index = 0; index < plan.customers; index += 1) {
    const { number, segment, branch, pool } = customerTraits(plan, index);
    const { city, country, prefix } = BRANCHES[branch]!;
    const person = number === DEMO_CUSTOMER_NUMBER ? 'Zawadi Achieng' : personName(random, pool);
    const name = segment === 'retail' ? person : `${familyOf(random, pool)} ${random.pick(BUSINESS_SUFFIXES)}`;
    const hasEmail = random.chance(0.92) || number === DEMO_CUSTOMER_NUMBER;
    const limit = { retail: 0, business: random.integer(10, 60), wholesale: random.integer(60, 400) }[segment];
    yield {
      table: 'customers',
      values: [
        number,
        name,
        hasEmail ? `${asciiSlug(name)}.${number}@mail.example` : null,
        random.chance(0.95) ? phoneNumber(random, prefix) : null,
        city,
        country,
        segment,
        pool.language,
        branch + 1,
        limit === 0 || random.chance(0.1) ? null : printMoney(limit * 10_000),
        isoDate(plan.joinDay(index)),
        random.chance(0.12) ? random.pick(STAFF_NOTES) : null,
      ],
    };
  }
}

/** Requests for a new password: nobody may read them through the gateway. */
export function* generatePasswordResets(plan: DemoPlan): Generator<DemoRow> {
  const random = createRandom(plan.seed, 'password_resets');
  for (let id = 1; id <= Math.ceil(plan.customers / 5); id += 1) {
    const day = random.integer(plan.firstDay, plan.lastDay - 1);
    const second = random.integer(0, 85_000);
    const digest = Array.from({ length: 8 }, () => random.integer(0, 0xffffffff).toString(16).padStart(8, '0')).join(
      '',
    );
    yield {
      table: 'password_resets',
      values: [
        id,
        FIRST_CUSTOMER_NUMBER + random.integer(0, plan.customers - 1),
        digest,
        isoDateTime(day, second),
        random.chance(0.7) ? isoDateTime(day, second + random.integer(60, 1200)) : null,
      ],
    };
  }
}

/** What a customer writes on an order, in their language. */
export function customerNote(random: Random, pool: NamePool): string {
  return random.pick(CUSTOMER_NOTES[pool.language] ?? CUSTOMER_NOTES.en!);
}

function personName(random: Random, pool: NamePool): string {
  const given = random.pick(pool.given);
  const family = random.pick(pool.family);
  return pool.order === 'given-family' ? `${given} ${family}` : `${family}${given}`;
}

function familyOf(random: Random, pool: NamePool): string {
  return random.pick(pool.family);
}

function phoneNumber(random: Random, prefix: string): string {
  return `${prefix}${String(random.integer(0, 99_999_999)).padStart(8, '0')}`;
}

/** Letters for a mail address: what remains of a name in plain ASCII, or a fixed word where nothing does. */
function asciiSlug(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/[^\x20-\x7e]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '.')
    .replace(/^\.+|\.+$/g, '');
  return plain.length > 2 ? plain : 'customer';
}
