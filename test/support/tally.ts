/** Counts outcomes by reason and prints the shares: the figures that a corpus test reports. */
export class Tally {
  readonly reasons = new Map<string, { count: number; examples: string[] }>();
  total = 0;

  add(reason: string, example: string): void {
    this.total += 1;
    const entry = this.reasons.get(reason) ?? { count: 0, examples: [] };
    entry.count += 1;
    if (entry.examples.length < 4) entry.examples.push(example);
    this.reasons.set(reason, entry);
  }

  count(reason: string): number {
    return this.reasons.get(reason)?.count ?? 0;
  }

  share(...reasons: readonly string[]): number {
    return reasons.reduce((sum, reason) => sum + this.count(reason), 0) / Math.max(1, this.total);
  }

  print(title: string, quiet: readonly string[] = []): void {
    const rows = [...this.reasons].sort((left, right) => right[1].count - left[1].count);
    const lines = rows.flatMap(([reason, { count, examples }]) => [
      `  ${String(count).padStart(6)}  ${((100 * count) / this.total).toFixed(2).padStart(6)} %  ${reason}`,
      ...(quiet.includes(reason) ? [] : examples.map((example) => `            ${example.slice(0, 300)}`)),
    ]);
    console.log([`${title}: ${this.total}`, ...lines].join('\n'));
  }
}
