import type { SeededAccount } from '../first-run.js';

/** The made accounts as lines for the operator: the only place where their passwords are ever shown. */
export function describeSeeded(seeded: readonly SeededAccount[]): readonly string[] {
  if (seeded.length === 0) return [];
  return [
    'Demonstration accounts, shown this once:',
    ...seeded.map(
      ({ account, password }) => `  ${account.kind.padEnd(8)}  ${account.identifier.padEnd(24)}  ${password}`,
    ),
  ];
}
