import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Surroundings } from '../../src/gateway.js';
import { openTestGateway, type TestGateway } from '../http/open-test-gateway.js';
import type { LocalServer } from './local-server.js';

/** A whole gateway that listens, with providers of single sign-on. */
export interface SsoGateway extends TestGateway {
  /** Without a trailing slash. */
  readonly address: string;
  /** Why the last sign-in was refused, as the operator reads it in the log. */
  lastReason(): string;
}

/**
 * @param local where it listens; closed with it
 * @param providers text of the providers' file
 * @param files beside it, by name
 */
export async function openSsoGateway(
  local: LocalServer,
  providers: string,
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly files?: Readonly<Record<string, string>>;
    readonly surround?: Partial<Pick<Surroundings, 'clock'>>;
  } = {},
): Promise<SsoGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'swali-sso-'));
  const file = join(folder, 'sso.yaml');
  writeFileSync(file, providers);
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(folder, name), text);
  const env = { SSO_FILE: file, PUBLIC_URL: local.address, ...options.env };
  const reasons: string[] = [];
  const logger = {
    debug() {},
    info(fields: object) {
      if ('reasons' in fields) reasons.push([fields.reasons].flat().join(': '));
    },
    warn() {},
    error() {},
  };
  const gateway = await openTestGateway(env, { ...options.surround, logger });
  local.answerWith(gateway.app);
  return {
    ...gateway,
    address: local.address,
    lastReason: () => reasons.at(-1) ?? '',
    async close() {
      await local.close();
      await gateway.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
