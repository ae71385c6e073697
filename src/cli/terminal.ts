import type { Readable, Writable } from 'node:stream';
import { SwaliError } from '../errors/swali-error.js';

/** What a command runs in: the process's own, or a test's. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborted at Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Hands faults that nobody caught to a listener, which stops the program in order; else they end it at once. */
  readonly onFault?: (listener: (error: unknown) => void) => void;
}

/** Longest password line, in bytes; bcrypt itself takes 72. */
const PASSWORD_MAX_BYTES = 1024;

/** Longest secret that is read, in bytes. */
const SECRET_MAX_BYTES = 16 * 1024;

/**
 * Reads a password from standard input: everything up to the end, without the last line break.
 *
 * @throws SwaliError `IDENTITY_INPUT_INVALID` where it is too long or holds several lines
 */
export async function readPassword(stdin: Readable): Promise<string> {
  const text = await readInput(stdin, PASSWORD_MAX_BYTES);
  if (text === null) throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: 'the password is too long' });
  if (/[\r\n]/.test(text))
    throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: 'the password holds several lines' });
  return text;
}

/**
 * Reads a secret from standard input: everything up to the end, without the last line break. It may have several lines.
 *
 * @throws SwaliError `SECRET_INVALID` where it is too long
 */
export async function readSecret(stdin: Readable): Promise<string> {
  const text = await readInput(stdin, SECRET_MAX_BYTES);
  if (text === null) throw new SwaliError('SECRET_INVALID', { detail: `more than ${SECRET_MAX_BYTES} bytes` });
  return text;
}

/** @returns null where there is more */
async function readInput(stdin: Readable, maxBytes: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as Buffer | string);
    length += bytes.length;
    if (length > maxBytes) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

/** Writes one line. */
export function writeLine(stream: Writable, text = ''): void {
  stream.write(`${text}\n`);
}
