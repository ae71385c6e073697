import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest, which nothing of theirs tells: they go first, so that no worker waits for another at the end. */
const LONGEST = [
  'engine/prove.test.ts',
  'http/obeying-attacks.test.ts',
  'docs/commands.test.ts',
  'engine/least-grants.test.ts',
  'engine/own-attacks.test.ts',
  'corpus/',
  'faults/',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.includes(`/test/${name}`));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((left, right) => place(left) - place(right));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/engines/global-setup.ts'],
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    maxWorkers: 2,
    // Files of one worker share what they import, which takes longer than most of them. So a test puts back what it changes.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
