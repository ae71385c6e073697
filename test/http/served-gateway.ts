import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { serve } from '../../src/cli/serve.js';
import { parseSettings } from '../../src/config/settings.js';
import type { PrincipalKind } from '../../src/domain/principal.js';
import { openRecords } from '../../src/gateway.js';
import type { Method } from '../../src/http/create-api-handler.js';
import { addAccount, type NewAccount } from '../../src/identify/accounts.js';
import { createTenants } from '../../src/identify/tenants.js';
import { createIdentity } from '../../src/identity.js';

/** An account of a test: everything but its password. */
export type TestAccount = Omit<NewAccount, 'password'>;

/** What came back over HTTP. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** The body as it was sent. */
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers and problem documents alike
  readonly body: any;
}

/** The whole program on a port of its own, started as `swali serve` starts it. */
export interface ServedGateway<Name extends string> {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Of the operators' listener; null where OPERATIONS_PORT opens none. */
  readonly operationsUrl: string | null;
  /** What the program wrote to its log, one line each. */
  readonly log: readonly string[];
  /** Signs in over HTTP and keeps the token for {@link call}. */
  signIn(name: Name, password?: string): Promise<Reply>;
  /** One request; `as` names an account that has signed in, or nobody. */
  call(
    method: Method,
    path: string,
    as: Name | null,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Reply>;
  ask(as: Name, question: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  sql(as: Name, sql: string): Promise<Reply>;
  stop(): Promise<void>;
}

/** The password of every account of {@link serveGateway}. */
export const PASSWORD = 'a long test password';

/** Every table of the demonstration that an employee's list may name. */
export const EMPLOYEE_TABLES = [
  'branches',
  'customers',
  'employees',
  'invoices',
  'order_items',
  'orders',
  'payments',
  'products',
  'support_tickets',
];

/** One account of each kind, for the demonstration. */
export const ACCOUNTS = {
  customer: { kind: 'customer', identifier: '103' },
  employee: { kind: 'employee', identifier: 'ada@example.org', role: 'member', allowTables: EMPLOYEE_TABLES },
  admin: { kind: 'admin', identifier: 'root@example.org' },
} as const satisfies Record<PrincipalKind, TestAccount>;

/**
 * Starts the program with accounts whose password is known, on a free port.
 *
 * @param accounts added to the store before the start
 * @param env settings beside the test's own; `DATA_DIR` is a folder that goes with the gateway
 * @param now the time of the whole program
 */
export async function serveGateway<const Name extends string>(
  accounts: Readonly<Record<Name, TestAccount>>,
  env: Readonly<Record<string, string>>,
  now = '2026-03-01T12:00:00Z',
): Promise<ServedGateway<Name>> {
  const folder = mkdtempSync(join(tmpdir(), 'swali-served-'));
  const given = {
    DATA_DIR: folder,
    PORT: '0',
    BCRYPT_COST: '4',
    RATE_LIMIT: 'off',
    JUDGE_TIMEOUT_MS: '10000',
    // Tests ask one question of the model again and again, to see what becomes of its answers.
    TRANSLATION_CACHE_TTL_S: '0',
    ...env,
  };
  const log: string[] = [];
  const write = (fields: object, message: string) =>
    void log.push(
      `${message} ${JSON.stringify(fields, (_key, value) => (value instanceof Error ? String(value.stack) : value))}`,
    );
  const surroundings = {
    settings: parseSettings(given),
    clock: () => Date.parse(now),
    logger: { debug: write, info: write, warn: write, error: write },
  };
  await addAccounts(surroundings, Object.values(accounts));

  const end = new AbortController();
  const stdout = new PassThrough();
  const terminal = { env: given, stdin: Readable.from([]), stdout, stderr: new PassThrough(), signal: end.signal };
  const stopped = serve(surroundings, terminal);
  const { url, operationsUrl } = await Promise.race([
    readAddresses(stdout),
    stopped.then(() => Promise.reject(new Error('it stopped'))),
  ]);

  const tokens = new Map<Name, string>();
  const call = async (method: Method, path: string, as: Name | null, body?: unknown, extra = {}): Promise<Reply> => {
    const headers: Record<string, string> = { accept: 'application/json', ...extra };
    if (as !== null) headers.authorization = `Bearer ${tokens.get(as)}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    // A file is text alone.
    const isJson =
      /json/.test(response.headers.get('content-type') ?? '') && !response.headers.has('content-disposition');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : null,
    };
  };
  return {
    url,
    operationsUrl,
    log,
    call,
    async signIn(name, password = PASSWORD) {
      const { kind, tenant, identifier } = accounts[name];
      const credentials = { identifier, password, ...(tenant ? { tenant } : {}) };
      const reply = await call('POST', `/v1/auth/${kind}/login`, null, credentials);
      if (reply.status === 200) tokens.set(name, reply.body.access_token);
      return reply;
    },
    ask: (as, question, headers) => call('POST', '/v1/ask', as, { question }, headers),
    sql: (as, sql) => call('POST', '/v1/sql', as, { sql }),
    async stop() {
      end.abort();
      await stopped;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function addAccounts(
  surroundings: Parameters<typeof openRecords>[0],
  accounts: readonly TestAccount[],
): Promise<void> {
  const records = await openRecords(surroundings, 'accounts');
  const { passwords, close } = await createIdentity(surroundings, records.store);
  try {
    const deps = { store: records.store, passwords, clock: surroundings.clock };
    const tenants = createTenants({ ...deps, enabled: true });
    for (const id of new Set(accounts.flatMap(({ tenant }) => tenant ?? []))) await tenants.add({ id, name: id });
    for (const account of accounts) await addAccount(deps, { ...account, password: PASSWORD });
  } finally {
    await close();
    await records.close();
  }
}

/** The addresses that the program announces; its own it announces last. */
function readAddresses(stdout: PassThrough): Promise<{ readonly url: string; readonly operationsUrl: string | null }> {
  return new Promise((resolve) => {
    let text = '';
    stdout.on('data', (chunk) => {
      text += String(chunk);
      const url = /Swali answers at (https?:\S+)/.exec(text)?.[1];
      const operationsUrl = /Operators look at (http:\S+)/.exec(text)?.[1] ?? null;
      if (url !== undefined) resolve({ url, operationsUrl });
    });
  });
}
