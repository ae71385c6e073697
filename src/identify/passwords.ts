import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { threadEntry } from '../domain/thread-entry.js';
import { SwaliError } from '../errors/swali-error.js';

/** bcrypt reads no further; a longer password would be cut without a word. */
const MAX_BYTES = 72;

/** Longer passwords are refused, never cut. */
const TOO_LONG = `the password must have ${MAX_BYTES} bytes at most`;

/** Shortest password of a new account, in characters. */
export const PASSWORD_MIN_CHARACTERS = 12;

/** Cost of bcrypt where none is given: 2^12 rounds. */
export const DEFAULT_PASSWORD_COST = 12;

/** How long the thread that judges new passwords is kept without work, in milliseconds: its dictionaries take 70 MB. */
const JUDGE_IDLE_MS = 60_000;

/** Passwords that wait for a thread at most; more is an attack or an outage, and is refused. */
const MAX_WAITING = 64;

/**
 * How far the threads step back: the event loop, which serves everybody, goes before them where both want a core. As steps of
 * `nice` on Unix; a system without them leaves it.
 */
const NICE_INCREMENT = 10;
/** Stands where a digest would for an account that has no password: bcrypt makes nothing like it, so nothing matches. */
export const NO_PASSWORD = '*';

/** Digests of passwords, made and compared off the event loop. */
export interface Passwords {
  /**
   * Digests a new password, once it is found good enough: by its length, and by how many guesses it stands.
   *
   * @param password 12 characters at least, 72 bytes of UTF-8 at most, no control characters, zxcvbn score 3 at least
   * @param personal what others know of the person, e.g. their identifier; a password built from it is weak
   * @returns bcrypt digest with cost and salt
   * @throws SwaliError `IDENTITY_INPUT_INVALID` for another password, saying what to change and never the password;
   *   `OVERLOADED` where too many wait
   */
  hash(password: string, personal: readonly string[]): Promise<string>;
  /**
   * Digests anew, at today's cost, a password that has just signed in. The rules for new ones do not hold it up.
   *
   * @throws SwaliError `IDENTITY_INPUT_INVALID` over 72 bytes, `OVERLOADED` where too many wait
   */
  rehash(password: string): Promise<string>;
  /**
   * Digests a random password that nobody is told, for an account that has none yet: trying to sign in to it takes as long
   * as to any other.
   *
   * @throws SwaliError `OVERLOADED` where too many wait
   */
  hashRandom(): Promise<string>;
  /**
   * Whether a password is that of a digest. Without a digest (an unknown account, or one that has no password) it works
   * as long, and is false.
   *
   * @param digest of the account, or {@link NO_PASSWORD}; null where there is no account
   * @throws SwaliError `OVERLOADED` where too many wait
   */
  matches(password: string, digest: string | null): Promise<boolean>;
  /** Whether a digest was made at a lower cost than new ones are. */
  isOutdated(digest: string): boolean;
  /** Ends the threads. */
  close(): Promise<void>;
}

/**
 * Starts the threads that hash passwords.
 *
 * @param options.cost of new digests, 4–16, default 12; below 12 is for tests alone
 * @param options.threads at most, default: one per core but one, 1–4
 * @param options.onComparison told of each comparison that bcrypt does, with its cost; for measuring
 * @throws SwaliError `SETTINGS_INVALID` for a cost outside that range
 */
export async function createPasswords(
  options: { readonly cost?: number; readonly threads?: number; readonly onComparison?: (cost: number) => void } = {},
): Promise<Passwords> {
  const cost = options.cost ?? DEFAULT_PASSWORD_COST;
  if (!Number.isInteger(cost) || cost < 4 || cost > 16) {
    throw new SwaliError('SETTINGS_INVALID', { detail: 'the cost of passwords must be 4 to 16' });
  }
  const filename = threadEntry(import.meta.url, './password-worker.js');
  const pool = new Piscina({
    filename,
    minThreads: 1,
    maxThreads: options.threads ?? Math.min(4, Math.max(1, availableParallelism() - 1)),
    maxQueue: MAX_WAITING,
    niceIncrement: NICE_INCREMENT,
  });
  // A thread of its own, started at the first new password: the dictionaries are there once, and only while they are
  // needed, and signing in does not wait for it.
  const judges = new Piscina({
    filename,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: JUDGE_IDLE_MS,
    maxQueue: MAX_WAITING,
    niceIncrement: NICE_INCREMENT,
  });
  const runIn = async <T>(threads: Piscina, name: string, task: object): Promise<T> => {
    if (threads.queueSize >= MAX_WAITING) throw new SwaliError('OVERLOADED', { retryAfterS: 5 });
    return threads.run(task, { name }) as Promise<T>;
  };
  const run = <T>(name: string, task: object): Promise<T> => runIn(pool, name, task);
  const close = async (): Promise<void> => void (await Promise.all([pool.destroy(), judges.destroy()]));
  // What unknown accounts are compared with: made at the same cost, of a password that nobody can type.
  const dummy = await run<string>('hashInWorker', { password: '\u0000 no account has this password', cost }).catch(
    async (error: unknown) => {
      await close();
      throw new SwaliError('INTERNAL', { cause: error });
    },
  );
  return {
    async hash(password, personal) {
      const prepared = preparePassword(password);
      // Before zxcvbn, so that it never gets more than 72 bytes.
      const fault = findFault(prepared);
      if (fault) throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: fault });
      const weakness = await runIn<string | null>(judges, 'judgeInWorker', { password: prepared, personal });
      if (weakness !== null) {
        throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: `the password is easy to guess: ${weakness}` });
      }
      return run('hashInWorker', { password: prepared, cost });
    },
    async rehash(password) {
      const prepared = preparePassword(password);
      if (Buffer.byteLength(prepared) > MAX_BYTES) throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: TOO_LONG });
      return run('hashInWorker', { password: prepared, cost });
    },
    hashRandom: () => run('hashInWorker', { password: randomBytes(32).toString('base64url'), cost }),
    async matches(password, digest) {
      const prepared = preparePassword(password);
      // Too long for any account, known or not: the quick answer tells nothing.
      if (Buffer.byteLength(prepared) > MAX_BYTES) return false;
      // bcrypt gives up at once on what is no digest, and that would tell.
      const usable = digest !== null && digest !== NO_PASSWORD;
      const compared = usable ? digest : dummy;
      options.onComparison?.(costOf(compared));
      const same = await run<boolean>('compareInWorker', { password: prepared, digest: compared });
      return same && usable;
    },
    isOutdated: (digest) => costOf(digest) < cost,
    close,
  };
}

/** One spelling for what keyboards and systems type differently (NIST SP 800-63B §3.1.1.2). */
function preparePassword(password: string): string {
  return password.normalize('NFKC');
}

/** The cost that a bcrypt digest was made at; 0 of anything else. */
function costOf(digest: string): number {
  return Number(/^\$2[aby]\$(\d\d)\$/.exec(digest)?.[1] ?? 0);
}

/** What is wrong with a new password, in words that do not repeat it; null where nothing is. */
function findFault(password: string): string | null {
  if ([...password].length < PASSWORD_MIN_CHARACTERS) {
    return `the password must have ${PASSWORD_MIN_CHARACTERS} characters at least`;
  }
  if (Buffer.byteLength(password) > MAX_BYTES) return TOO_LONG;
  if (/\p{Cc}/u.test(password)) return 'the password has control characters';
  return null;
}
