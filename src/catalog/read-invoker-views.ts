import type { Source } from '../source/source.js';

/**
 * The views of the current database that read their tables with the rights of whoever asks (SQL SECURITY INVOKER).
 *
 * @param source of any dialect; SQLite has none, as it has no accounts
 * @returns catalog spellings
 * @throws SwaliError of {@link Source.inspect}
 */
export async function readInvokerViews(source: Source): Promise<ReadonlySet<string>> {
  if (source.dialect === 'sqlite') return new Set();
  const rows = await source.inspect(
    "SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() AND SECURITY_TYPE = 'INVOKER'",
  );
  return new Set(rows.map((row) => String(row.name)));
}
