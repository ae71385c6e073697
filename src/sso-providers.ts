import { dirname, resolve } from 'node:path';
import { resolveSecret, type SecretSource } from './config/secret-source.js';
import type { Settings } from './config/settings.js';
import { SwaliError } from './errors/swali-error.js';
import { makeProvider, type Provider } from './identify/sso/provider.js';
import { PROVIDER_FILE, type ProviderEntry } from './identify/sso/provider-file.js';
import { readSecretText, readSettingsText, readSettingsYaml } from './settings-file.js';

/**
 * Reads the providers of single sign-on (`SSO_FILE`). Secrets may stand in files of their own, whose paths start from the
 * file's folder.
 *
 * @param sources what `client_secret` may refer to instead of holding it
 * @returns none where no file is named
 * @throws SwaliError `SETTINGS_INVALID` with every fault and its line, never with a secret
 */
export async function readSsoProviders(
  settings: Pick<Settings, 'ssoFile' | 'publicUrl' | 'production' | 'tenancy'>,
  sources: readonly SecretSource[] = [],
): Promise<readonly Provider[]> {
  const { ssoFile, publicUrl, production, tenancy } = settings;
  if (ssoFile === null) return [];
  // Where the file is named without it, the settings are refused before.
  if (publicUrl === null) throw new SwaliError('SETTINGS_INVALID', { detail: 'SSO_FILE: needs PUBLIC_URL' });
  const entries = await followReferences(readProviderFile(readSettingsText(ssoFile, 'SSO_FILE'), ssoFile), sources);
  const folder = dirname(ssoFile);
  const surroundings = {
    production,
    tenancy,
    publicUrl,
    readText: (path: string) => readSecretText(resolve(folder, path)),
  };
  return entries.map((entry) => makeProvider(entry, surroundings));
}

/** Entries with the client secrets that they refer to; every one that cannot be read is told. */
async function followReferences(
  entries: readonly ProviderEntry[],
  sources: readonly SecretSource[],
): Promise<readonly ProviderEntry[]> {
  const tries = await Promise.allSettled(
    entries.map(async (entry) => {
      if (entry.protocol !== 'oidc' || entry.client_secret === undefined) return entry;
      const what = `SSO_FILE: client_secret of ${entry.name}`;
      return { ...entry, client_secret: await resolveSecret(what, entry.client_secret, sources) };
    }),
  );
  const faults = tries.flatMap((each) => (each.status === 'rejected' ? [each.reason as SwaliError] : []));
  if (faults.length > 0) {
    throw new SwaliError('SETTINGS_INVALID', { detail: faults.map(({ detail }) => detail).join('\n') });
  }
  return tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}

/**
 * Reads the text of a file of providers.
 *
 * @param file name for the faults
 * @throws SwaliError `SETTINGS_INVALID`
 */
export function readProviderFile(text: string, file: string): readonly ProviderEntry[] {
  return readSettingsYaml(text, { file, setting: 'SSO_FILE', schema: PROVIDER_FILE }).providers;
}
