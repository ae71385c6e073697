import type { PrincipalView } from '../../src/policy/view.js';

/** A catalog with questions to it and what their gold statements read. */
export interface QuestionSet {
  readonly view: PrincipalView;
  /** By `relation.column`. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly questions: readonly {
    readonly id: string;
    readonly texts: Readonly<Record<string, string>>;
    readonly gold: ReadonlyMap<string, ReadonlySet<string>>;
  }[];
}
