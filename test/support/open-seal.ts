import { afterAll, beforeAll } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.js';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import type { Principal } from '../../src/domain/principal.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createExecute } from '../../src/execute/execute.js';
import type { PrincipalView } from '../../src/policy/view.js';
import { createSeal, type Seal } from '../../src/seal/index.js';
import { createJudges, type Judges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import type { Source } from '../../src/source/source.js';
import type { EngineUnderTest } from '../engines/engines.js';
import { callerSql } from './seal-engine.js';

/** A source and a seal over its catalog, for hand-made views. */
export interface OpenSeal {
  readonly catalog: Catalog;
  /** Seals a text and runs it: its rows, or the code of the refusal or failure. */
  ask(sql: string, principal: Principal, view: PrincipalView): Promise<readonly (readonly unknown[])[] | string>;
}

/** Opens the engine's database with one connection before the tests of a suite, and closes it behind them. */
export function openSeal(under: EngineUnderTest): () => OpenSeal {
  let source: Source;
  let judges: Judges;
  let seal: Seal;
  let catalog: Catalog;
  beforeAll(async () => {
    source = await openSource({ url: under.url, size: 1, allowWideGrants: true });
    catalog = await readCatalog(source);
    judges = createJudges({ timeoutMs: 10_000, threads: 1 });
    seal = createSeal({ catalog, judges });
  }, 60_000);
  afterAll(async () => {
    await judges?.close();
    await source?.close();
  });
  return () => ({
    catalog,
    ask: async (sql, principal, view) => {
      try {
        return (await createExecute(source)(await seal.seal(callerSql(sql), principal, view))).rows;
      } catch (error) {
        if (error instanceof SwaliError) return error.code;
        throw error;
      }
    },
  });
}
