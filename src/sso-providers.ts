import { dirname, resolve } from 'node:path';
import type { Settings } from './config/settings.js';
import { SwaliError } from './errors/swali-error.js';
import { makeProvider, type Provider } from './identify/sso/provider.js';
import { PROVIDER_FILE, type ProviderEntry } from './identify/sso/provider-file.js';
import { readSecretText, readSettingsText, readSettingsYaml } from './settings-file.js';

/**
 * Reads the providers of single sign-on (`SSO_FILE`). Secrets may stand in files of their own, whose paths start from the
 * file's folder.
 *
 * @returns none where no file is named
 * @throws SwaliError `SETTINGS_INVALID` with every fault and its line, never with a secret
 */
export function readSsoProviders(
  settings: Pick<Settings, 'ssoFile' | 'publicUrl' | 'production' | 'tenancy'>,
): readonly Provider[] {
  const { ssoFile, publicUrl, production, tenancy } = settings;
  if (ssoFile === null) return [];
  // Where the file is named without it, the settings are refused before.
  if (publicUrl === null) throw new SwaliError('SETTINGS_INVALID', { detail: 'SSO_FILE: needs PUBLIC_URL' });
  const entries = readProviderFile(readSettingsText(ssoFile, 'SSO_FILE'), ssoFile);
  const folder = dirname(ssoFile);
  const surroundings = {
    production,
    tenancy,
    publicUrl,
    readText: (path: string) => readSecretText(resolve(folder, path)),
  };
  return entries.map((entry) => makeProvider(entry, surroundings));
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
