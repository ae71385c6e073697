import { SwaliError } from '../errors/swali-error.js';
import { STRICT_TRANSPORT, type TransportRules } from './transport-rules.js';

/** Where a MySQL or MariaDB server is, who asks, and how it may be spoken to. */
export interface MysqlAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly transport: TransportRules;
}

function refuse(detail: string): never {
  throw new SwaliError('SETTINGS_INVALID', { detail });
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse('a database URL holds a percent sign that encodes nothing');
  }
}

/**
 * Reads the URL of a database: `mysql://user:password@host:port/database`, or `mariadb://…`.
 *
 * @throws SwaliError `SETTINGS_INVALID` where it names no database, asks for a character set other than utf8mb4 (others
 *   change what a string is on the wire), or carries a parameter that is not known, such as one that would end TLS; the
 *   detail never repeats the URL
 */
export function parseMysqlUrl(url: string, transport: TransportRules = STRICT_TRANSPORT): MysqlAddress {
  if (!URL.canParse(url)) refuse('a database URL is not a URL');
  const parsed = new URL(url);
  if (parsed.protocol !== 'mysql:' && parsed.protocol !== 'mariadb:')
    refuse('a database URL must begin with mysql:// or mariadb://');
  const database = decodePart(parsed.pathname.replace(/^\//, ''));
  if (database === '' || database.includes('/')) refuse('a database URL must name one database: mysql://host/database');
  for (const [name, value] of parsed.searchParams)
    if (name !== 'charset' || value.toLowerCase() !== 'utf8mb4')
      refuse(`a database URL carries ${name}=, which is not known; only charset=utf8mb4 is`);
  if (parsed.hostname === '') refuse('a database URL names no host');
  return {
    host: decodePart(parsed.hostname).replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 3306 : Number(parsed.port),
    user: decodePart(parsed.username),
    password: decodePart(parsed.password),
    database,
    transport,
  };
}
