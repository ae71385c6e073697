import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** A port that leads to a server until it is cut, as a network does. */
export interface TcpRelay {
  readonly port: number;
  /** Closes the port and every connection through it: the server is gone for whoever came this way. */
  cut(): Promise<void>;
  /** Opens the same port again. */
  mend(): Promise<void>;
  /** Passes nothing on any more, in either direction, and closes nothing: the server seems to be there and is silent. */
  hush(): void;
  /** Ends a hush: what was sent meanwhile arrives late, as after a lost route. */
  speak(): void;
}

/** Opens a relay on a free port of the loop-back address. */
export async function startTcpRelay(host: string, port: number): Promise<TcpRelay> {
  const sockets = new Map<Socket, Socket>();
  let isSilent = false;
  const open = (own: number) =>
    new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
      const made = createServer((near) => {
        const far = connect(port, host);
        for (const [one, other] of [
          [near, far],
          [far, near],
        ] as const) {
          sockets.set(one, other);
          one.on('error', () => other.destroy());
          one.on('close', () => {
            sockets.delete(one);
            other.destroy();
          });
          if (!isSilent) one.pipe(other);
        }
      });
      made.once('error', reject);
      made.listen(own, '127.0.0.1', () => resolve(made));
    });
  let server = await open(0);
  const own = (server.address() as AddressInfo).port;
  return {
    port: own,
    async cut() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets.keys()) socket.destroy();
      await closed;
    },
    hush() {
      for (const socket of sockets.keys()) socket.unpipe();
      isSilent = true;
    },
    speak() {
      for (const [socket, other] of sockets) socket.pipe(other);
      isSilent = false;
    },
    async mend() {
      isSilent = false;
      server = await open(own);
    },
  };
}
