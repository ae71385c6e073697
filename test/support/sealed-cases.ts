/** One case of `fixtures/sql/seal.<dialect>.sql`: a text, who asks, and the text that must come of it. */
export interface SealedCase {
  readonly name: string;
  readonly as: 'customer' | 'admin';
  readonly sql: string;
  readonly sealed: string;
}

/** Reads the cases: `-- name`, `-- as: kind`, the text, `-- sealed`, the sealed text, separated by empty lines. */
export function parseSealedCases(text: string): SealedCase[] {
  return text
    .split(/\n\n+/)
    .filter((block) => block.startsWith('-- '))
    .map((block) => {
      const [name, as, sql, , sealed] = block.split('\n') as [string, string, string, string, string];
      return { name: name.slice(3), as: as.slice(7) as SealedCase['as'], sql, sealed };
    });
}

/** The inverse of {@link parseSealedCases}. */
export function printSealedCases(cases: readonly SealedCase[]): string {
  return `${cases.map(({ name, as, sql, sealed }) => `-- ${name}\n-- as: ${as}\n${sql}\n-- sealed\n${sealed}`).join('\n\n')}\n`;
}
