import { parentPort, workerData } from 'node:worker_threads';

/** What the watch is told when it starts. */
export interface SqliteWatchData {
  readonly parent: number;
  readonly maxMemoryBytes: number;
}

/**
 * A thread beside SQLite. Native code cannot be interrupted from JavaScript, so when the gateway is gone or the memory
 * is spent, this thread ends the whole process.
 */
const { parent, maxMemoryBytes } = workerData as SqliteWatchData;
const PERIOD_MS = 100;

parentPort?.unref();
setInterval(() => {
  if (process.ppid !== parent || process.memoryUsage.rss() > maxMemoryBytes) process.kill(process.pid, 'SIGKILL');
}, PERIOD_MS);
