import type { Verdict } from './check-statement.js';

/** What a run of the harness counted. */
export class ProofTally {
  /** Statements that were sealed and compared. */
  proven = 0;
  private readonly counts = new Map<string, Map<string, number>>();

  private count(group: string, name: string, times = 1): void {
    const names = this.counts.get(group) ?? new Map<string, number>();
    names.set(name, (names.get(name) ?? 0) + times);
    this.counts.set(group, names);
  }

  /** Takes over what another counted. */
  merge(other: ProofTally): void {
    this.proven += other.proven;
    for (const [group, names] of other.counts) for (const [name, times] of names) this.count(group, name, times);
  }

  /** Counts one verdict. */
  add(verdict: Verdict, open: readonly string[]): void {
    switch (verdict.kind) {
      case 'refused':
        this.count('refused', verdict.code);
        return;
      case 'violation':
        this.count('VIOLATION', verdict.property);
        return;
      case 'deadline':
      case 'spelling':
      case 'varies':
      case 'plan':
      case 'engine':
      case 'ended':
        this.count('not compared', verdict.kind);
        return;
      case 'proven':
        this.countProven(verdict, open);
    }
  }

  private countProven(verdict: Extract<Verdict, { kind: 'proven' }>, open: readonly string[]): void {
    this.proven += 1;
    this.count('observed', verdict.observed);
    this.count('meaning', verdict.meaning);
    for (const reason of open) this.count('left open by SQL', reason);
  }

  /** How often `name` was counted in `group`. */
  of(group: string, name: string): number {
    return this.counts.get(group)?.get(name) ?? 0;
  }

  /** Of all statements that were written, the share that was sealed, 0 to 1. */
  get sealedShare(): number {
    const refused = [...(this.counts.get('refused')?.values() ?? [])].reduce((sum, each) => sum + each, 0);
    const others = [...(this.counts.get('not compared')?.values() ?? [])].reduce((sum, each) => sum + each, 0);
    return (this.proven + others) / Math.max(1, this.proven + others + refused);
  }

  /** One line per group. */
  lines(): string[] {
    return [...this.counts].map(([group, names]) => {
      const sorted = [...names].sort(([, a], [, b]) => b - a);
      return `${group}: ${sorted.map(([name, count]) => `${name} ${count}`).join(', ')}`;
    });
  }
}
