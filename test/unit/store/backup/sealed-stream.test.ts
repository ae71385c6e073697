import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openChunks, sealChunks } from '../../../../src/store/backup/sealed-stream.js';

const KEY = 'a key of backups with 32 characters or more';
const CHUNK = 64 * 1024;
/** Of a chunk as it stands in the file. */
const SEALED = CHUNK + 16;
const HEADER = 15 + 6 + 32;

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

const seal = (text: Buffer, key = KEY) => collect(sealChunks(inPieces(text, 10_000), key));
const open = (file: Buffer, key = KEY, piece = 777) => collect(openChunks(inPieces(file, piece), key));
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'opened',
    (error) => error.code,
  );

describe('the encryption of backups', () => {
  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17])('gives %i bytes back', async (size) => {
    const text = randomBytes(size);
    const file = await seal(text);
    expect(file.length).toBe(HEADER + size + 16 * Math.max(1, Math.ceil(size / CHUNK)));
    expect(await open(file)).toEqual(text);
    expect(await open(file, KEY, 1_000_000)).toEqual(text);
  });

  it('gives another file for the same text each time', async () => {
    const text = Buffer.alloc(100);
    const [one, two] = [await seal(text), await seal(text)];
    expect(one.subarray(HEADER)).not.toEqual(two.subarray(HEADER));
  });

  it('hands nothing on of a chunk that was changed', async () => {
    const file = await seal(randomBytes(2 * CHUNK));
    for (const at of [20, 30, HEADER, HEADER + 5, HEADER + SEALED - 1, HEADER + SEALED + 3, file.length - 1]) {
      const changed = Buffer.from(file);
      changed[at] = changed[at]! ^ 1;
      const pieces: Uint8Array[] = [];
      const read = (async () => {
        for await (const piece of openChunks(inPieces(changed, 5000), KEY)) pieces.push(piece);
      })();
      expect([at, await codeOf(read)]).toEqual([at, at < 21 ? 'BACKUP_KEY_WRONG' : 'BACKUP_DAMAGED']);
      expect(pieces.length).toBe(at < HEADER + SEALED ? 0 : 1);
    }
  });

  it('finds that chunks are missing, wherever the file was cut', async () => {
    const file = await seal(randomBytes(3 * CHUNK));
    for (const end of [
      16,
      HEADER - 1,
      HEADER,
      HEADER + 10,
      HEADER + SEALED,
      HEADER + SEALED + 16,
      HEADER + 2 * SEALED,
      file.length - 1,
    ])
      expect([end, await codeOf(open(file.subarray(0, end)))]).toEqual([end, 'BACKUP_DAMAGED']);
    const withoutSecond = Buffer.concat([file.subarray(0, HEADER + SEALED), file.subarray(HEADER + 2 * SEALED)]);
    expect(await codeOf(open(withoutSecond))).toBe('BACKUP_DAMAGED');
  });

  it('finds chunks that were swapped, doubled, appended, or are of another file', async () => {
    const file = await seal(randomBytes(3 * CHUNK));
    const other = await seal(randomBytes(3 * CHUNK));
    const header = file.subarray(0, HEADER);
    const [a, b, c] = [0, 1, 2].map((n) => file.subarray(HEADER + n * SEALED, HEADER + (n + 1) * SEALED));
    const changed: readonly (readonly Buffer[])[] = [
      [b!, a!, c!],
      [a!, a!, b!, c!],
      [a!, b!, c!, c!],
      [a!, b!, c!, Buffer.alloc(1)],
      [a!, other.subarray(HEADER + SEALED, HEADER + 2 * SEALED), c!],
    ];
    for (const chunks of changed) expect(await codeOf(open(Buffer.concat([header, ...chunks])))).toBe('BACKUP_DAMAGED');
    expect(await codeOf(open(Buffer.concat([header, a!, b!, c!])))).toBe('opened');
  });

  it('tells a wrong key and a foreign file from a damaged one', async () => {
    const file = await seal(randomBytes(10));
    expect(await codeOf(open(file, 'another key of backups with 32 characters'))).toBe('BACKUP_KEY_WRONG');
    for (const foreign of [Buffer.alloc(0), Buffer.from('PK'), randomBytes(1000)])
      expect(await codeOf(open(foreign))).toBe('BACKUP_UNREADABLE');
  });
});
