import type { Statements } from './mapping.js';

/** What a provider has proven of somebody, whichever protocol it speaks. */
export interface ProvenIdentity {
  /** `sub` or NameID: what the provider never gives to another. */
  readonly subject: string;
  /** As the provider spells it; null where it states none, or does not state it as verified. */
  readonly verifiedEmail: string | null;
  /** Everything that it states, for the mapping. */
  readonly statements: Statements;
  /** Its own session (`sid`); null where it names none. */
  readonly session: string | null;
  /** What it says of how they proved themselves: `amr` and `acr`, or the AuthnContextClassRef. */
  readonly factors: readonly string[];
}
