import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Settings } from './config/settings.js';
import { SwaliError } from './errors/swali-error.js';
import { makeProvider, type Provider } from './identify/sso/provider.js';
import { PROVIDER_FILE, type ProviderEntry } from './identify/sso/provider-file.js';
import { checkShape, readYamlDocument } from './policy/yaml-document.js';

/** Longest secret or certificate that is read, in bytes. */
const SECRET_MAX_BYTES = 64 * 1024;

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
  const entries = readProviderFile(readText(ssoFile), ssoFile);
  const folder = dirname(ssoFile);
  const surroundings = {
    production,
    tenancy,
    publicUrl,
    readText: (path: string) => readSecret(resolve(folder, path)),
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
  const document = readYamlDocument(text, file);
  const parsed = checkShape(document, PROVIDER_FILE);
  if (parsed) return parsed.providers;
  try {
    document.faults.assertEmpty();
  } catch (error) {
    if (!(error instanceof SwaliError)) throw error;
    throw new SwaliError('SETTINGS_INVALID', { detail: `SSO_FILE: ${error.detail ?? ''}` });
  }
  throw new SwaliError('SETTINGS_INVALID', { detail: 'SSO_FILE: cannot be read' });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SwaliError('SETTINGS_INVALID', { detail: 'SSO_FILE: cannot be read', cause });
  }
}

function readSecret(path: string): string {
  const bytes = readFileSync(path);
  if (bytes.length > SECRET_MAX_BYTES) throw new Error('too large');
  return bytes.toString('utf8');
}
