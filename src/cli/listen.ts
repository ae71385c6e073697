import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SwaliError } from '../errors/swali-error.js';

/**
 * Begins to listen.
 *
 * @param names of the settings that say where
 * @throws SwaliError `SETTINGS_INVALID` where the address cannot be had
 */
export function listen(server: Server, port: number, host: string, names: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const detail = `${names}: ${host}:${port} cannot be listened on, expected a free address of this machine`;
      reject(new SwaliError('SETTINGS_INVALID', { detail, cause }));
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

/** `http://127.0.0.1:3000` of a server that listens. */
export function addressOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
