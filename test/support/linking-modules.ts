import { buildCatalog } from '../../src/catalog/build-catalog.js';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import { bindStatement } from '../../src/sql/bind.js';
import { foldName } from '../../src/sql/fold-name.js';
import { functionRule } from '../../src/sql/functions.js';
import { parseQuery } from '../../src/sql/parser.js';
import { fitValues } from '../../src/translate/fit-values.js';
import { loadTokenCounter } from '../../src/translate/link/count-tokens.js';
import { createLinker } from '../../src/translate/link/link-schema.js';
import { indexValues } from '../../src/translate/link/value-index.js';
import { writeSchema } from '../../src/translate/write-schema.js';

/** The parts of the gateway that the linking benchmark's catalogs and measure are made with, from the sources under test. */
export const LINKING_MODULES = {
  buildCatalog,
  readCatalog,
  bindStatement,
  foldName,
  functionRule,
  parseQuery,
  fitValues,
  loadTokenCounter,
  createLinker,
  indexValues,
  writeSchema,
};
