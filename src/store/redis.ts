import { isIP } from 'node:net';
import { Redis as Client } from 'ioredis';
import type { GuardRules, Logger, MakeGuard } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import {
  decideTransport,
  printVerifiedTls,
  STRICT_TRANSPORT,
  type TransportRules,
} from '../transport/transport-rules.js';

/** Longest wait for one command, in milliseconds: a request waits for several. */
const COMMAND_TIMEOUT_MS = 250;
const COMMAND_TIMEOUT_SLICES = 5;

/** Longest wait for a connection, and for each command of its greeting, in milliseconds. */
const CONNECT_TIMEOUT_MS = 1000;

/** Pause before a new connection: the first, doubled each time, and the longest, in milliseconds. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

/** What Redis answered and is wrong is told this often at most, in milliseconds. */
const TELL_AGAIN_MS = 60_000;

/** How the breaker of Redis reads failed commands: what Redis itself refuses, it has answered. */
const REDIS_RULES: GuardRules = {
  judge: (error) => (error instanceof Error && error.name === 'ReplyError' ? 'answered' : 'away'),
  refuse: () => new Error('redis is away: the circuit is open'),
  longestPauseMs: 2000,
};

/** One word of a command. */
export type RedisWord = string | number;

/**
 * What replicas share for a while: counts, never anything that must not be lost. Commands fail at once while Redis is
 * away; nothing waits in a queue and nothing is sent twice.
 */
export interface Redis {
  /**
   * Sends one command.
   *
   * @returns what Redis answers
   * @throws Error where Redis is away, does not answer in time or refuses. A command that was not answered in time may have
   *   been carried out
   */
  send(command: string, ...words: readonly RedisWord[]): Promise<unknown>;
  /** Resolves where Redis answers. @throws Error as {@link Redis.send} */
  ping(): Promise<void>;
  /** Ends the connection; commands that wait for an answer fail. */
  close(): Promise<void>;
}

/**
 * Opens a connection to Redis and keeps it open: where it breaks, a new one is tried with growing pauses. Waits for the first
 * one, but not for long: a Redis that is away is no reason not to start. Each outage is logged once.
 *
 * @param url `redis://USER:PASSWORD@HOST:PORT/NUMBER`; `rediss://` speaks TLS, and whoever has no certificate for HOST that an
 *   authority vouches for is not spoken to
 * @param transport how Redis may be spoken to
 * @param makeGuard makes its breaker, which a new connection closes; none where it is left out, as in tests
 * @throws SwaliError `SETTINGS_INVALID` for `redis://` where only TLS will do
 */
export async function openRedis(
  url: string,
  logger: Logger,
  transport: TransportRules = STRICT_TRANSPORT,
  makeGuard?: MakeGuard,
): Promise<Redis> {
  const client = new Client(optionsOf(url, transport));
  const guard = makeGuard?.('redis', REDIS_RULES);
  const outage = createOutage(logger);
  client.on('error', (error) => outage.begin(error));
  client.on('close', () => outage.begin(new Error('the connection was closed')));
  client.on('ready', () => {
    outage.end();
    guard?.retryNow();
  });
  let toldAt = Number.NEGATIVE_INFINITY;

  const sendNow: Redis['send'] = async (command, ...words) => {
    if (client.status !== 'ready') throw new Error('redis is away');
    try {
      return await inTime(client.call(command, ...words), () => {
        outage.begin(new Error(`no answer in ${COMMAND_TIMEOUT_MS} ms`));
        // Whatever still waits would wait as long; a new connection shows whether Redis is there.
        client.disconnect(true);
      });
    } catch (error) {
      if (isRefusal(error) && performance.now() - toldAt > TELL_AGAIN_MS) {
        toldAt = performance.now();
        logger.error({ cause: wordsOf(error) }, 'redis refuses what is asked of it');
      }
      throw error;
    }
  };

  const send: Redis['send'] = (...words) => (guard ? guard.run(() => sendNow(...words)) : sendNow(...words));

  await client.connect().catch(() => undefined);
  return Object.freeze({
    send,
    ping: async () => void (await send('PING')),
    async close() {
      client.removeAllListeners('close');
      client.disconnect();
    },
  } satisfies Redis);
}

/** The parts of the address one by one: the client would take options of its own from a whole one. */
function optionsOf(url: string, transport: TransportRules) {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isTls = protocol === 'rediss:';
  if (!isTls && decideTransport(host, transport) === 'tls')
    throw new SwaliError('SETTINGS_INVALID', { detail: 'REDIS_URL: speaks no TLS, expected rediss://' });
  const name = isIP(host) === 0 ? { servername: host } : {};
  return {
    host,
    port: Number(port || 6379),
    db: Number(pathname.slice(1)),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(isTls ? { tls: { ...printVerifiedTls(transport), ...name } } : {}),
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
    // Whoever was silent to a command is not waited for to hang up.
    disconnectTimeout: FIRST_PAUSE_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times: number) => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(times - 1, 10)),
  };
}

/**
 * Waits for an answer, and at most as long as one command may take; then tells and fails. The time passes in slices, with a turn
 * to read what has come after each: that this process was busy for a moment says nothing about Redis.
 */
function inTime<T>(answer: Promise<T>, onLate: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout;
    const wait = (slices: number): void => {
      timer = setTimeout(() => {
        if (slices > 1) return wait(slices - 1);
        reject(new Error('redis did not answer in time'));
        onLate();
      }, COMMAND_TIMEOUT_MS / COMMAND_TIMEOUT_SLICES);
    };
    wait(COMMAND_TIMEOUT_SLICES);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Tells the log when Redis goes away and when it is back, and nothing in between. */
function createOutage(logger: Logger) {
  let isAway = false;
  return {
    begin(cause: unknown): void {
      if (isAway) return;
      isAway = true;
      logger.error(
        { cause: wordsOf(cause) },
        'redis is away: sign-ins are refused, other limits are counted in this process',
      );
    },
    end(): void {
      if (isAway) logger.info({}, 'redis is back: limits are counted over all replicas again');
      isAway = false;
    },
  };
}

/** The words of an error alone: beside them it may carry the command, and with it the password. */
function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether Redis itself answered with an error. A script that it does not know is sent again, so it is none. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && !error.message.startsWith('NOSCRIPT');
}
