import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on a port of this machine that the system chose. */
export interface LocalServer {
  readonly server: Server;
  /** Without a trailing slash. */
  readonly address: string;
  /** Says what answers from now on. */
  answerWith(listener: RequestListener): void;
  close(): Promise<void>;
}

/** Listens at once, so that the address is known before there is anything that answers. */
export async function openLocalServer(): Promise<LocalServer> {
  let answer: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server,
    address: `http://127.0.0.1:${port}`,
    answerWith: (listener) => {
      answer = listener;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
