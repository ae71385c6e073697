import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { authPlugins, type ConnectionOptions, type SslOptions } from 'mysql2';
import { decideTransport, printVerifiedTls, STRICT_TRANSPORT, type TransportRules } from './transport-rules.js';

/**
 * What the driver is told so that it speaks to a server as {@link decideTransport} says. Every connection to MySQL and
 * MariaDB is made with it.
 *
 * By TLS the certificate must be that of the very host, and nothing is said before: neither user nor password. In plain to
 * another machine, as the operator stated, the password is still not sent to whoever asks for it: the driver would take a
 * key of the server, or of whoever stands between, and encrypt the password with it.
 */
export function printMysqlTransport(
  { host, port }: { readonly host: string; readonly port: number },
  rules: TransportRules = STRICT_TRANSPORT,
): Pick<ConnectionOptions, 'host' | 'port' | 'ssl' | 'stream' | 'authPlugins'> {
  const transport = decideTransport(host, rules);
  if (transport === 'plain') return { host, port };
  if (transport === 'stated-plain') return { host, port, authPlugins: WITHOUT_SERVER_KEYS };
  return {
    host,
    port,
    ssl: printSsl(rules),
    ...(isIP(host) === 0 ? {} : { stream: () => connectByAddress(host, port) }),
  };
}

/** One object for all connections under the same rules: the driver keeps with it what it read of the certificates. */
const PRINTED = new WeakMap<TransportRules, SslOptions>();

function printSsl(rules: TransportRules): SslOptions {
  const ssl = PRINTED.get(rules) ?? { ...printVerifiedTls(rules), verifyIdentity: true };
  PRINTED.set(rules, ssl);
  return ssl;
}

const refuseKey = (): never => {
  throw new Error('the server asks for the password with a key that nobody vouches for, over a connection in plain');
};

const WITHOUT_SERVER_KEYS = {
  caching_sha2_password: authPlugins.caching_sha2_password({ onServerPublicKey: refuseKey }),
  sha256_password: authPlugins.sha256_password({ onServerPublicKey: refuseKey }),
};

/**
 * The driver hands node's TLS no name where the host is an address, and node then takes the one that the socket was
 * connected with (`_host`), which it notes for names alone; without it a certificate for `localhost` would do for any
 * address, and the right one for none.
 */
function connectByAddress(host: string, port: number): Socket {
  const socket = connectSocket(port, host);
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  return Object.assign(socket, { _host: host });
}
