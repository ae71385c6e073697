import type { AuditLog } from '../audit/record.js';
import { readCatalog } from '../catalog/read-catalog.js';
import type { Environment } from '../config/secret-source.js';
import type { Clock, Logger } from '../domain/ports.js';
import { type Gateway, openGateway, type Records, timeZoneOf } from '../gateway.js';
import type { Judges } from '../seal/judges.js';
import { openSource } from '../source/open-source.js';
import type { Source, SourceResult } from '../source/source.js';
import {
  type EvaluatedTranslator,
  openPolicyFile,
  type RunFolder,
  settingsOfRun,
  writeOpenPolicy,
} from './run-settings.js';

/** Rows of a gold at most: as many as an answer may have, and one more would be cut off there too. */
const MOST_GOLD_ROWS = 100_000;
const MOST_GOLD_BYTES = 256 * 1024 * 1024;

/** One database of the run: the gateway over it, and a way past the gateway for the gold. */
export interface EvaluatedDatabase {
  readonly gateway: Gateway;
  readonly audit: AuditLog;
  /** Runs a gold on the database itself, read-only and with the run's deadline. @throws SwaliError as `Source.execute` */
  runGold(sql: string, signal: AbortSignal): Promise<SourceResult>;
  close(): Promise<void>;
}

/** What all databases of a run are opened with. */
export interface DatabaseOptions {
  readonly env: Environment;
  readonly folder: RunFolder;
  readonly records: Records;
  /** Shared, as loading the parsers takes longer than most questions. */
  readonly judges: Judges;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly translator: EvaluatedTranslator;
  readonly timeoutMs: number;
  /** The policy file of a database; null where one is made that opens everything to an admin. */
  readonly policyFileOf: ((name: string) => string) | null;
}

/**
 * Opens one database as `serve` would, under its policy.
 *
 * @param place its name, its address, and its number among those of the run
 * @throws SwaliError of the source, the catalog and the policy
 */
export async function openEvaluated(
  place: { readonly name: string; readonly url: string; readonly index: number },
  options: DatabaseOptions,
): Promise<EvaluatedDatabase> {
  const { env, folder, translator, timeoutMs, clock, logger, records, policyFileOf } = options;
  const policyFile = policyFileOf?.(place.name) ?? openPolicyFile(folder, place.index);
  const settings = settingsOfRun(env, folder, { url: place.url, policyFile, translator, timeoutMs });
  const goldSource = await openSource({
    url: place.url,
    size: 1,
    timeZone: timeZoneOf(settings),
    allowWideGrants: settings.allowWideGrants,
    transport: settings.transport.source,
  });
  try {
    if (!policyFileOf) writeOpenPolicy(policyFile, await readCatalog(goldSource), timeoutMs);
    const gateway = await openGateway({ settings, clock, logger, judges: options.judges }, records);
    return {
      gateway,
      audit: records.audit,
      runGold: (sql, signal) => runGold(goldSource, sql, timeoutMs, signal),
      async close() {
        await gateway.close();
        await goldSource.close();
      },
    };
  } catch (error) {
    await goldSource.close();
    throw error;
  }
}

function runGold(source: Source, sql: string, timeoutMs: number, signal: AbortSignal): Promise<SourceResult> {
  return source.execute(
    {
      sql,
      parameters: [],
      kind: 'admin',
      timeoutMs,
      maxRows: MOST_GOLD_ROWS,
      maxBytes: MOST_GOLD_BYTES,
      mayEstimate: false,
    },
    signal,
  );
}
