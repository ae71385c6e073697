/**
 * Mutation testing of the parts that decide who sees what: src/policy, src/seal and src/sql. `npm run mutate` tests them
 * all; `npm run mutate -- --mutate 'src/policy/**'` one folder. docs/mutation-testing.md says what is left out, and why.
 */
export default {
  mutate: ['src/policy/**/*.ts', 'src/seal/**/*.ts', 'src/sql/**/*.ts'],
  plugins: ['./test/mutation/quick-runner.mjs', './test/mutation/ignore-wording.mjs'],
  testRunner: 'quick',
  buildCommand: 'node test/mutation/compile-sandbox.mjs',
  coverageAnalysis: 'perTest',
  // What runs while a file is loaded is loaded once for all mutants.
  ignoreStatic: true,
  ignorers: ['wording'],
  concurrency: 1,
  timeoutMS: 20_000,
  timeoutFactor: 3,
  reporters: ['clear-text', 'progress-append-only', 'json'],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'coverage/mutation.json' },
  incrementalFile: 'coverage/mutation-incremental.json',
  tempDirName: 'coverage/stryker',
  ignorePatterns: ['dist', 'coverage', 'bench', 'data'],
  thresholds: { high: 90, low: 85, break: 85 },
};
