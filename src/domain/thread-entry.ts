import { fileURLToPath } from 'node:url';

/**
 * Path of the compiled file that a worker thread or child process starts from.
 *
 * Workers and children are plain Node processes, so they always run the compiled JavaScript in `dist/`, also when the
 * caller itself runs from `src/` under a test runner that compiles on the fly.
 *
 * @param base `import.meta.url` of the caller
 * @param relative e.g. `./judge-worker.js`
 */
export function threadEntry(base: string, relative: string): string {
  const path = fileURLToPath(new URL(relative, base));
  const source = /^(.*[\\/])src([\\/](?!.*[\\/]src[\\/]).*)$/.exec(path);
  return base.endsWith('.ts') && source ? `${source[1]}dist${source[2]}` : path;
}
