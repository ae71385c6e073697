/** Work of one stretch, in milliseconds, after which others get their turn. */
const LONGEST_STRETCH_MS = 2;

/**
 * Makes a function to be awaited between the steps of a long piece of work: where the steps since the last turn took more
 * than two milliseconds, it lets whatever else waits for the event loop go first. Otherwise it costs next to nothing.
 *
 * @param now milliseconds from any start
 */
export function createBreather(now: () => number): () => Promise<void> {
  let since = now();
  return async () => {
    if (now() - since < LONGEST_STRETCH_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    since = now();
  };
}
