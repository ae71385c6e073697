import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Checkpoint, parseCheckpoints, printCheckpoint } from './checkpoints.js';

/**
 * Keeps the last checkpoint in a file: what it names was there then, whatever the store says later.
 *
 * @param path made with its folder; replaced whole, and on the disk once this resolves
 */
export async function writeCheckpointFile(path: string, checkpoint: Checkpoint): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.part`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(`${printCheckpoint(checkpoint)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

/**
 * @returns the checkpoints of a file, one a line; none where there is no file
 * @throws SwaliError `AUDIT_INPUT_INVALID` where it holds something else; what reading throws
 */
export async function readCheckpointFile(path: string): Promise<readonly Checkpoint[]> {
  try {
    return parseCheckpoints(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
