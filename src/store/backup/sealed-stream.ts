import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { SwaliError } from '../../errors/swali-error.js';

const ALGORITHM = 'aes-256-gcm';

/** What every file begins with; another way of writing one gets another line. */
const MAGIC = Buffer.from('SWALI-BACKUP-1\n');
const KEY_NAME_BYTES = 6;
const SALT_BYTES = 32;
const HEADER_BYTES = MAGIC.length + KEY_NAME_BYTES + SALT_BYTES;

/** Bytes of text in each chunk but the last, which has 1 to as many (0 in an empty file alone). */
const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;

const EMPTY = Buffer.alloc(0);

/**
 * Encrypts and authenticates a stream in chunks, so that none of it has to be held: the STREAM construction (Hoang,
 * Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM, as age lays it out. Each file has a key of its own (HKDF, RFC 5869,
 * over a random salt); the nonce is the number of the chunk and whether it is the last. So a chunk that is changed, left
 * out, moved, put twice, appended or taken from another file is found.
 *
 * @param plain the text
 * @param secret BACKUP_KEY
 * @param random source of randomness
 */
export async function* sealChunks(
  plain: AsyncIterable<Uint8Array>,
  secret: string,
  random: (size: number) => Buffer = randomBytes,
): AsyncGenerator<Buffer> {
  const salt = random(SALT_BYTES);
  const header = Buffer.concat([MAGIC, nameKey(secret), salt]);
  const key = drawKey(secret, salt);
  yield header;
  let [waiting, counter] = [EMPTY, 0];
  const seal = (text: Uint8Array, isLast: boolean): Buffer => {
    const cipher = createCipheriv(ALGORITHM, key, nonceOf(counter, isLast), { authTagLength: TAG_BYTES });
    cipher.setAAD(header);
    counter += 1;
    return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  };
  for await (const bytes of plain) {
    waiting = Buffer.concat([waiting, bytes]);
    // One byte at least is kept back: which chunk is the last is known only at the end.
    while (waiting.length > CHUNK_BYTES) {
      yield seal(waiting.subarray(0, CHUNK_BYTES), false);
      waiting = waiting.subarray(CHUNK_BYTES);
    }
  }
  yield seal(waiting, true);
}

/**
 * Reads what {@link sealChunks} wrote. Every byte that comes out is authentic; that nothing is missing at the end is known
 * only when it ends, so nothing may count before.
 *
 * @throws SwaliError `BACKUP_UNREADABLE` where it is no such file, `BACKUP_KEY_WRONG` for another key, `BACKUP_DAMAGED`
 *   where anything of it was changed
 */
export async function* openChunks(file: AsyncIterable<Uint8Array>, secret: string): AsyncGenerator<Buffer> {
  let [waiting, counter] = [EMPTY, 0];
  let opened: { readonly header: Buffer; readonly key: Buffer } | null = null;
  const open = (sealed: Buffer, isLast: boolean): Buffer => {
    if (!opened || sealed.length < TAG_BYTES) throw damaged();
    const decipher = createDecipheriv(ALGORITHM, opened.key, nonceOf(counter, isLast), { authTagLength: TAG_BYTES })
      .setAAD(opened.header)
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    counter += 1;
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw damaged(cause);
    }
  };
  for await (const bytes of file) {
    waiting = Buffer.concat([waiting, bytes]);
    if (!opened) {
      if (waiting.length < HEADER_BYTES) continue;
      const header = Buffer.from(waiting.subarray(0, HEADER_BYTES));
      opened = { header, key: readHeader(header, secret) };
      waiting = waiting.subarray(HEADER_BYTES);
    }
    while (waiting.length > CHUNK_BYTES + TAG_BYTES) {
      yield open(waiting.subarray(0, CHUNK_BYTES + TAG_BYTES), false);
      waiting = waiting.subarray(CHUNK_BYTES + TAG_BYTES);
    }
  }
  if (!opened) throw MAGIC.equals(waiting.subarray(0, MAGIC.length)) ? damaged() : foreign();
  yield open(waiting, true);
}

/** The key of the file. */
function readHeader(header: Buffer, secret: string): Buffer {
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) throw foreign();
  const name = header.subarray(MAGIC.length, MAGIC.length + KEY_NAME_BYTES);
  if (!name.equals(nameKey(secret))) throw new SwaliError('BACKUP_KEY_WRONG');
  return drawKey(secret, header.subarray(-SALT_BYTES));
}

function damaged(cause?: unknown): SwaliError {
  return new SwaliError('BACKUP_DAMAGED', { cause });
}

function foreign(): SwaliError {
  return new SwaliError('BACKUP_UNREADABLE', { detail: 'it does not begin as a backup does' });
}

/** Tells a wrong key from a damaged file, and nothing of the secret: it is drawn like the keys themselves. */
function nameKey(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'swali name of a backup key', KEY_NAME_BYTES));
}

function drawKey(secret: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, 'swali backup 1', 32));
}

/** No nonce comes twice under one key: the key is the file's alone, and the counter only grows. */
function nonceOf(counter: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUIntBE(counter, NONCE_BYTES - 1 - 6, 6);
  nonce[NONCE_BYTES - 1] = isLast ? 1 : 0;
  return nonce;
}
