import fc from 'fast-check';
import type { Query } from '../../sql/nodes.js';
import type { Vocabulary } from '../vocabulary.js';
import { makeChoices } from './choices.js';
import { shrinkStatement } from './shrink-statement.js';
import { writeProbe } from './write-probe.js';
import { writeStatement } from './write-query.js';

/** Of a hundred statements, so many are probes. */
const PROBES = 25;

/** Statements written at random, shrunk by cutting the tree itself: so statements from files shrink as well. */
class StatementArbitrary extends fc.Arbitrary<Query> {
  readonly #vocabulary: Vocabulary;

  constructor(vocabulary: Vocabulary) {
    super();
    this.#vocabulary = vocabulary;
  }

  override generate(random: fc.Random): fc.Value<Query> {
    const choices = makeChoices((count) => random.nextInt(0, count - 1));
    const write = choices.chance(PROBES) ? writeProbe : writeStatement;
    return new fc.Value(write(choices, this.#vocabulary), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Query {
    return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'query';
  }

  override shrink(value: Query): fc.Stream<fc.Value<Query>> {
    return fc.stream(shrinkStatement(value)).map((query) => new fc.Value(query, undefined));
  }
}

/**
 * Statements over a vocabulary, as the parser gives them (unbound): nested scopes, every join, subqueries, common tables, set
 * operations, windows, aggregates, and expressions that fail on some rows. Names come from what is in sight. They print
 * with `printQuery` for the vocabulary's dialect with `strings: 'quoted'`; the seal takes nearly all of them.
 *
 * What they shrink to may name what is no longer there: the seal then refuses it, so the failure is not kept.
 */
export function arbitraryStatement(vocabulary: Vocabulary): fc.Arbitrary<Query> {
  return new StatementArbitrary(vocabulary);
}
