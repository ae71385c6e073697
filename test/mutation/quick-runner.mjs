// A test runner for Stryker that loads every test once and then runs, for each mutant, the tests that reach it, the
// quickest first, until one fails. Starting a test framework anew for each mutant took a hundred times as long.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LRUCache } from 'lru-cache';

const FOLDERS = ['test/unit/policy', 'test/unit/seal', 'test/unit/sql', 'test/property'];
/** Sizes of the property tests; a fixed seed, so that a mutant meets the same cases each time. */
const PROPERTY_SETTINGS = { FC_RUNS: '25', FC_SEED: '20261122' };
const TEST_TIMEOUT_MS = 30_000;

/** Forgets all that it held when a test begins, so that no plan or view of one test or mutant serves the next. */
class ForgetfulMap {
  static #age = 0;
  static get age() {
    return ForgetfulMap.#age;
  }
  static forget() {
    ForgetfulMap.#age += 1;
  }
  #held = new WeakMap();
  #heldIn = 0;
  #fresh() {
    if (this.#heldIn !== ForgetfulMap.#age) [this.#held, this.#heldIn] = [new WeakMap(), ForgetfulMap.#age];
    return this.#held;
  }
  get(key) {
    return this.#fresh().get(key);
  }
  has(key) {
    return this.#fresh().has(key);
  }
  set(key, value) {
    this.#fresh().set(key, value);
    return this;
  }
}

/** Has every cache of plans or views forget likewise, whoever holds it. */
function forgetCaches() {
  const filledIn = new WeakMap();
  for (const method of ['get', 'has', 'peek', 'set']) {
    const plain = LRUCache.prototype[method];
    LRUCache.prototype[method] = function (...values) {
      if (filledIn.get(this) !== ForgetfulMap.age) this.clear();
      filledIn.set(this, ForgetfulMap.age);
      return plain.apply(this, values);
    };
  }
}

class QuickRunner {
  /** What the mutated code looks at; the name is Stryker's. */
  #space = globalThis.__stryker__ ?? {};
  #tests = [];
  #suites = [];
  /** Milliseconds that each test took when it last ran, by id. */
  #times = new Map();

  capabilities() {
    // Nothing is ever loaded anew; it is not asked for either, as the settings leave static mutants out.
    return { reloadEnvironment: true };
  }

  async init() {
    globalThis.__stryker__ = this.#space;
    Object.assign(process.env, PROPERTY_SETTINGS);
    globalThis.ForgetfulMap = ForgetfulMap;
    forgetCaches();
    const words = await import(pathToFileURL(join(process.cwd(), 'test/mutation/collected-tests.mjs')).href);
    const quiet = console.log;
    console.log = () => {};
    for (const folder of FOLDERS)
      for (const file of readdirSync(folder).filter((name) => name.endsWith('.test.ts'))) {
        words.beginFile(`${folder}/${file}`);
        await import(pathToFileURL(join(process.cwd(), folder, file.replace(/\.ts$/, '.js'))).href);
      }
    console.log = quiet;
    [this.#tests, this.#suites] = [words.collected, words.suites];
    for (const suite of this.#suites.filter(isFile)) for (const work of suite.before) await work();
  }

  async dryRun() {
    const results = await this.#run(this.#tests, false);
    const coverage = this.#space.mutantCoverage ?? { static: {}, perTest: {} };
    this.#shareSetUp(coverage.perTest);
    return { status: 'complete', tests: results, mutantCoverage: coverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }) {
    const wanted = testFilter && new Set(testFilter);
    const tests = this.#tests.filter(({ id }) => !wanted || wanted.has(id));
    // Suites that set something up come last: most mutants never get there.
    tests.sort((a, b) => setsUp(a) - setsUp(b) || (setsUp(a) ? 0 : this.#timeOf(a) - this.#timeOf(b)));
    Object.assign(this.#space, { activeMutant: activeMutant.id, hitCount: 0, hitLimit });
    try {
      const results = await this.#run(tests, true);
      if (hitLimit !== undefined && this.#space.hitCount > hitLimit) return { status: 'timeout', reason: 'hit limit' };
      const failed = results.filter(({ status }) => status === 1);
      if (failed.length === 0) return { status: 'survived', nrOfTests: results.length };
      const [{ failureMessage }] = failed;
      return { status: 'killed', killedBy: failed.map(({ id }) => id), failureMessage, nrOfTests: results.length };
    } finally {
      Object.assign(this.#space, { activeMutant: undefined, hitLimit: undefined });
    }
  }

  async dispose() {
    for (const suite of this.#suites)
      if (!setsUpItself(suite)) for (const work of suite.after) await Promise.resolve(work()).catch(() => {});
  }

  /** A test that has not run in this process counts as neither quick nor slow. */
  #timeOf({ id }) {
    return this.#times.get(id) ?? 5;
  }

  /** Runs tests in the order given, each suite's own setting up before its first one and its taking down at the end. */
  async #run(tests, untilFailure) {
    const open = new Set();
    const results = [];
    const dry = !untilFailure;
    try {
      for (const { id, name, work, suite } of tests) {
        const started = performance.now();
        ForgetfulMap.forget();
        const result = { id, name, fileName: suite.file, status: 0 };
        try {
          for (const outer of suitesOf(suite).filter((one) => setsUpItself(one) && !open.has(one))) {
            open.add(outer);
            if (dry) this.#space.currentTestId = setUpId(outer);
            for (const setUp of outer.before) await setUp();
          }
          if (dry) this.#space.currentTestId = id;
          await withinTime(work());
        } catch (error) {
          Object.assign(result, { status: 1, failureMessage: String(error?.stack ?? error) });
        }
        this.#space.currentTestId = undefined;
        const timeSpentMs = performance.now() - started;
        this.#times.set(id, timeSpentMs);
        results.push({ ...result, timeSpentMs });
        if (result.status === 1 && untilFailure) break;
      }
    } finally {
      for (const suite of open) for (const takeDown of suite.after) await Promise.resolve(takeDown()).catch(() => {});
    }
    return results;
  }

  /** What a suite's setting up reached counts for each of its tests. */
  #shareSetUp(perTest) {
    for (const { id, suite } of this.#tests)
      for (const outer of suitesOf(suite)) {
        const reached = perTest[setUpId(outer)];
        if (!reached) continue;
        perTest[id] ??= {};
        for (const [mutant, hits] of Object.entries(reached)) perTest[id][mutant] = (perTest[id][mutant] ?? 0) + hits;
      }
    for (const suite of this.#suites) delete perTest[setUpId(suite)];
  }
}

const isFile = (suite) => suite.parent === null;
/** A describe block that sets up and takes down does so for each mutant; a file only once. */
const setsUpItself = (suite) => !isFile(suite) && suite.before.length > 0;
const suitesOf = (suite) => (suite ? [...suitesOf(suite.parent), suite] : []);
const setsUp = ({ suite }) => Number(suitesOf(suite).some(setsUpItself));
const setUpId = (suite) => `${suite.file}#${suite.name}#set up`;

async function withinTime(work) {
  if (!(work instanceof Promise)) return;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('the test took too long')), TEST_TIMEOUT_MS);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'quick', injectableClass: QuickRunner }];
