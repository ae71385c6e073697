import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog } from '../../src/catalog/catalog.js';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import type { Candidate } from '../../src/domain/candidate.js';
import type { Principal } from '../../src/domain/principal.js';
import type { SealedStatement } from '../../src/domain/sealed-statement.js';
import { createExecute } from '../../src/execute/execute.js';
import type { Policy } from '../../src/policy/policy.js';
import { loadPolicy } from '../../src/policy/policy.js';
import { createSeal } from '../../src/seal/index.js';
import { createJudges, type Judges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import type { Source } from '../../src/source/source.js';

/** SQL as the caller wrote it. */
export function callerSql(sql: string): Candidate {
  return { sql, translator: 'caller', slots: new Map(), usage: { promptTokens: 0, completionTokens: 0 } };
}

/** A source with its policy and seal, as the gateway wires them. */
export interface SealedEngine {
  readonly source: Source;
  readonly catalog: Catalog;
  readonly policy: Policy;
  seal(sql: string, principal: Principal): Promise<SealedStatement>;
  run(statement: SealedStatement): Promise<readonly (readonly unknown[])[]>;
  /** Runs text past the seal, with the same session settings. */
  runRaw(sql: string): Promise<readonly (readonly unknown[])[]>;
  close(): Promise<void>;
}

/** Opens a source under the policy file `fixtures/policies/<folder>/<name>.yaml`. */
export async function openSealedEngine(url: string, folder: string, name: string): Promise<SealedEngine> {
  const source = await openSource({ url, allowWideGrants: true });
  const catalog = await readCatalog(source);
  const policy = loadPolicy({
    dir: join(import.meta.dirname, '../../fixtures/policies', folder),
    source: name,
    catalog,
  });
  const judges: Judges = createJudges({ timeoutMs: 5_000, threads: 1 });
  const seal = createSeal({ catalog, judges });
  const execute = createExecute(source);
  return {
    source,
    catalog,
    policy,
    seal: (sql, principal) => seal.seal(callerSql(sql), principal, policy.viewFor(principal)),
    run: async (statement) => (await execute(statement)).rows,
    runRaw: async (sql) => {
      const limits = { timeoutMs: 20_000, maxRows: 100_000, maxBytes: 1 << 26, mayEstimate: false };
      return (await source.execute({ sql, parameters: [], kind: 'admin', ...limits })).rows;
    },
    close: async () => {
      await judges.close();
      await source.close();
    },
  };
}

/** Text of a fixture. */
export function readFixture(path: string): string {
  return readFileSync(join(import.meta.dirname, '../../fixtures', path), 'utf8');
}
