/**
 * Which folder of src/ may import which. Imports run one way, downwards, without a circle; a folder that is not named
 * here may neither import nor be imported, so a new one has to be given its place.
 */
const LOWEST = ['domain', 'errors'];
/** Below the stages: what they stand on. Each list holds everything that the folder may import beside itself. */
const MAY_IMPORT = {
  domain: [],
  errors: ['domain'],
  sql: LOWEST,
  transport: LOWEST,
  source: ['transport', ...LOWEST],
  store: ['transport', ...LOWEST],
  catalog: ['source', 'sql', ...LOWEST],
  policy: ['catalog', 'source', 'sql', ...LOWEST],
  config: ['transport', ...LOWEST],
  operate: LOWEST,
  mail: LOWEST,
  demo: ['transport', ...LOWEST],
  audit: ['store', ...LOWEST],
  // The stages: none imports another.
  identify: ['store', ...LOWEST],
  translate: ['policy', 'catalog', 'store', 'sql', ...LOWEST],
  seal: ['policy', 'catalog', 'sql', ...LOWEST],
  execute: ['source', ...LOWEST],
  answer: ['policy', 'catalog', ...LOWEST],
};
const BELOW_ASK = Object.keys(MAY_IMPORT).filter((name) => !['config', 'operate', 'mail', 'demo'].includes(name));
/** Pieces of the spine: how several statements are compared, how answers leave in parts, and what is put on record of a request. */
MAY_IMPORT['vote.ts'] = LOWEST;
MAY_IMPORT['ask-context.ts'] = LOWEST;
MAY_IMPORT['hand-out.ts'] = BELOW_ASK;
MAY_IMPORT['trail.ts'] = ['hand-out.ts', ...BELOW_ASK];
MAY_IMPORT['on-record.ts'] = ['trail.ts', 'ask-context.ts', ...BELOW_ASK];
MAY_IMPORT['ask.ts'] = ['on-record.ts', 'trail.ts', 'vote.ts', 'hand-out.ts', 'ask-context.ts', ...BELOW_ASK];
/** What those who call the spine see of it. */
const SPINE = ['ask.ts', 'ask-context.ts', 'hand-out.ts'];
MAY_IMPORT.reports = [...SPINE, ...BELOW_ASK];
MAY_IMPORT.http = ['reports', ...SPINE, ...BELOW_ASK];
MAY_IMPORT.mcp = MAY_IMPORT.http;
/** Files that put the parts together; they may use each other and everything below the commands. */
const WIRING = [
  'alert-channels.ts',
  'alerting.ts',
  'app.ts',
  'audit-log.ts',
  'operations-app.ts',
  'telemetry.ts',
  'gateway.ts',
  'identity.ts',
  'mailing.ts',
  'open-door.ts',
  'promotion.ts',
  'settings-file.ts',
  'sso-providers.ts',
  'store-key.ts',
  'receipt-key.ts',
  'store-secrets.ts',
  'first-run.ts',
  'shared-values.ts',
  'backups.ts',
  'backup-schedule.ts',
  'restore.ts',
];
const BELOW_CLI = [...WIRING, 'http', 'mcp', 'reports', ...SPINE, ...BELOW_ASK, 'config', 'operate', 'mail', 'demo'];
for (const file of WIRING) MAY_IMPORT[file] = BELOW_CLI;
/** The proof harness puts the parts together past the gateway, to attack them. */
MAY_IMPORT.prove = [...BELOW_ASK, 'demo'];
/** The evaluation runs the gateway as a way in does. */
MAY_IMPORT.eval = BELOW_CLI;
MAY_IMPORT.cli = ['prove', 'eval', ...BELOW_CLI];
MAY_IMPORT['main.ts'] = ['cli', 'prove', 'eval', ...BELOW_CLI];

/** `^src/(?:a/|b\.ts$)` */
const places = (names) =>
  `^src/(?:${names.map((name) => (name.endsWith('.ts') ? `${name.replace('.', '\\.')}$` : `${name}/`)).join('|')})`;

module.exports = {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'known-places-only',
      comment: 'A folder or file of src/ that has no place in .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^src/', pathNot: [places(Object.keys(MAY_IMPORT)), '^src/console/'] },
      to: {},
    },
    ...Object.entries(MAY_IMPORT).map(([name, targets]) => ({
      name: `${name.replace('.ts', '')}-imports-downwards`,
      severity: 'error',
      from: { path: places([name]) },
      to: { path: '^src/', pathNot: places([name, ...targets]) },
    })),
    {
      name: 'browser-code-stands-alone',
      severity: 'error',
      from: { path: '^src/console/' },
      to: { pathNot: '^src/console/' },
    },
    {
      name: 'servers-are-reached-through-source-and-store',
      comment: 'demo/ writes the demonstration business, prove/ its own databases, transport/ says how they connect; nothing else.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(?:source|store|transport|demo|prove)/' },
      to: { path: '^node_modules/(?:mysql2|@photostructure/sqlite|ioredis)/' },
    },
    {
      name: 'no-test-code-in-the-product',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(?:test|bench|fixtures)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-development-packages-in-the-product',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Type imports count too: a layer that knows another's types depends on it.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
