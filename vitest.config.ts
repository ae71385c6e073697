import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/engines/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Files of one worker share what they import, which takes longer than most of them. So a test puts back what it changes.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
