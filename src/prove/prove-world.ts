import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Query } from '../sql/nodes.js';
import { parseQuery } from '../sql/parser.js';
import { printQuery } from '../sql/printer.js';
import { checkStatement, type Stand, type Violation } from './check-statement.js';
import { describeStatement } from './describe-statement.js';
import { describeVocabulary } from './describe-vocabulary.js';
import type { Finding } from './findings.js';
import { type Observer, openObserver } from './observe.js';
import { createRereader, type Rereader } from './reread.js';
import type { Sealer } from './sealer.js';
import { arbitraryStatement } from './statements/arbitrary-statement.js';
import type { ProofTally } from './tally.js';
import type { Vocabulary } from './vocabulary.js';
import type { OwnedDatabase, World } from './world.js';

/** Statements asked of one mutated copy before the foreign rows become others again. */
const BATCH = 200;
/** Statements written for one that is wanted, at most: more means that nearly all were refused. */
const MAX_ATTEMPTS = 8;
/** Deadline of one statement, in milliseconds: on data of this size a longer one says nothing more. */
const TIMEOUT_MS = 2_000;

/** How one world is to be proved. */
export interface WorldPlan {
  /** Statements to seal and compare. */
  readonly cases: number;
  readonly seed: number;
  /** Texts that come before the generated ones; those that do not resolve here are refused and counted. */
  readonly texts: readonly string[];
  /** Findings after which the world is left. */
  readonly maxFindings: number;
  readonly tally: ProofTally;
  readonly report: (finding: Finding) => void;
  /** Told of what is no finding and worth a line. */
  readonly notice: (line: string) => void;
}

/** A stand whose mutated copy is exchanged from time to time. */
interface MovingStand extends Stand {
  readonly vocabulary: Vocabulary;
  mutated: Observer;
  mutationSeed: number;
}

function deriveSeed(...parts: readonly (string | number)[]): number {
  return createHash('sha256').update(parts.join('\n')).digest().readInt32BE();
}

/** From those whose rows are filtered more is hidden, so they ask more. */
function weightOf({ vocabulary }: MovingStand): number {
  return vocabulary.relations.some((relation) => relation.filtered) ? 4 : 1;
}

class ViolationFound extends Error {
  constructor(
    readonly violation: Violation,
    readonly stand: MovingStand,
  ) {
    super(violation.difference);
  }
}

/** Proves one open world with one seal, whose plan cache all of its principals share. */
export class WorldProof {
  private readonly observers = new Map<OwnedDatabase, Observer>();
  private readonly stands: MovingStand[] = [];
  private readonly rereaders: Rereader[] = [];
  private found = 0;

  constructor(
    private readonly world: World,
    private readonly sealer: Sealer,
    private readonly plan: WorldPlan,
  ) {}

  /** Runs until the cases are done, or enough was found. */
  async run(): Promise<void> {
    try {
      const { stands } = this;
      for (const principal of this.world.principals) stands.push(await this.openStand(principal));
      for (const sql of this.plan.texts) await this.askEveryone(sql, stands);
      const before = this.plan.tally.proven;
      let attempts = 0;
      for (let round = 0; !this.isDone(before) && attempts < MAX_ATTEMPTS * this.plan.cases; round += 1)
        for (const [index, stand] of stands.entries()) {
          if (this.isDone(before)) break;
          const missing = this.plan.cases - (this.plan.tally.proven - before);
          const share = (this.plan.cases * weightOf(stand)) / stands.reduce((sum, each) => sum + weightOf(each), 0);
          const runs = Math.min(BATCH, Math.ceil(share), missing);
          attempts += runs;
          await this.runBatch(stand, stands, runs, deriveSeed(this.plan.seed, this.world.name, index, round));
        }
    } finally {
      const mutated = this.stands.map((stand) => stand.mutated);
      for (const observer of [...this.observers.values(), ...mutated]) await observer.close();
      for (const rereader of this.rereaders) rereader.close();
    }
  }

  private isDone(before: number): boolean {
    return this.found >= this.plan.maxFindings || this.plan.tally.proven - before >= this.plan.cases;
  }

  private async observe(database: OwnedDatabase): Promise<Observer> {
    const known = this.observers.get(database);
    if (known) return known;
    const observer = await openObserver(database);
    this.observers.set(database, observer);
    return observer;
  }

  private async openStand(principal: Principal): Promise<MovingStand> {
    const seen = this.world.policy.viewFor(principal);
    const view = { ...seen, limits: { ...seen.limits, timeoutMs: Math.min(seen.limits.timeoutMs, TIMEOUT_MS) } };
    const mutationSeed = deriveSeed(this.plan.seed, this.world.name, principal.subject);
    const { dialect } = this.world;
    const [slice, plain] = [await this.world.sliceFor(principal), await this.world.plainFor(principal)];
    const rereaders =
      dialect === 'sqlite' ? null : { slice: createRereader(slice, dialect), plain: createRereader(plain, dialect) };
    if (rereaders) this.rereaders.push(rereaders.slice, rereaders.plain);
    return {
      principal,
      view,
      vocabulary: describeVocabulary(this.world, view),
      full: await this.observe(this.world.full),
      slice: await this.observe(slice),
      plain: await this.observe(plain),
      rereaders,
      mutated: await openObserver(await this.world.mutatedFor(principal, mutationSeed)),
      mutationSeed,
    };
  }

  private async mutateAnew(stand: MovingStand, seed: number): Promise<void> {
    const mutated = await openObserver(await this.world.mutatedFor(stand.principal, seed));
    await stand.mutated.close();
    stand.mutated = mutated;
    stand.mutationSeed = seed;
  }

  /** Texts from files are asked by everyone: what does not resolve for somebody is refused. */
  private async askEveryone(sql: string, stands: readonly MovingStand[]): Promise<void> {
    let query: Query;
    try {
      query = parseQuery(sql, this.world.dialect);
    } catch (error) {
      if (!(error instanceof SwaliError)) throw error;
      this.plan.tally.add({ kind: 'refused', code: error.code }, []);
      return;
    }
    for (const stand of stands)
      try {
        await this.check(query, sql, stand, true);
      } catch (error) {
        this.take(error, query, sql);
      }
  }

  private take(error: unknown, query: Query, sql: string): void {
    if (!(error instanceof ViolationFound)) throw error;
    const { violation, stand } = error;
    const { mutationSeed, principal } = stand;
    this.found += 1;
    this.plan.tally.add(violation, []);
    const { name: world, dialect } = this.world;
    this.plan.report({ world, dialect, principal, mutationSeed, query, sql, violation });
  }

  private async check(query: Query, sql: string, stand: MovingStand, counts: boolean): Promise<void> {
    const statement = describeStatement(query, sql, stand.vocabulary);
    const verdict = await checkStatement(statement, stand, this.sealer);
    if (verdict.kind === 'ended')
      this.plan.notice(`the server ended while it ran ${verdict.sealed} or ${statement.plain}`);
    if (verdict.kind === 'violation') throw new ViolationFound(verdict, stand);
    if (counts) this.plan.tally.add(verdict, statement.open);
  }

  /** Others of the same kind and role: they ask the same text of the same plan cache. */
  private peersOf(stand: MovingStand, stands: readonly MovingStand[]): readonly MovingStand[] {
    const { kind, role } = stand.principal;
    return stands.filter((other) => other !== stand && other.principal.kind === kind && other.principal.role === role);
  }

  private async runBatch(
    stand: MovingStand,
    stands: readonly MovingStand[],
    runs: number,
    seed: number,
  ): Promise<void> {
    await this.mutateAnew(stand, seed);
    const [peer] = fc.sample(fc.constantFrom(null, ...this.peersOf(stand, stands)), { seed, numRuns: 1 });
    // What fast-check runs after the first failure makes it smaller and is no case of its own.
    let counts = true;
    const property = fc.asyncProperty(arbitraryStatement(stand.vocabulary), async (query) => {
      const { sql } = printQuery(query, this.world.dialect, { strings: 'quoted' });
      try {
        await this.check(query, sql, stand, counts);
        if (peer) await this.check(query, sql, peer, counts);
      } catch (error) {
        counts = false;
        throw error;
      }
    });
    const details = await fc.check(property, { seed, numRuns: runs });
    if (!details.failed) return;
    const [query] = details.counterexample ?? [];
    if (!query) throw details.errorInstance;
    this.take(details.errorInstance, query, printQuery(query, this.world.dialect, { strings: 'quoted' }).sql);
  }
}
