import { readFileSync } from 'node:fs';

/** Version of this program, as its package says: `0.1.0`. The file stands beside `src` and `dist` alike. */
export function readProgramVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(text) as { readonly version?: unknown }).version);
}
