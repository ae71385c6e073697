import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { SwaliError } from './errors/swali-error.js';
import { checkShape, readYamlDocument, type YamlDocument } from './policy/yaml-document.js';

/** Longest secret or certificate beside a file of settings, in bytes. */
const SECRET_MAX_BYTES = 64 * 1024;

/** A file of settings in YAML, as it was read. */
export interface SettingsFile<T> {
  readonly value: T;
  readonly document: YamlDocument;
}

/**
 * Reads the text of a file that a setting names.
 *
 * @param setting name of the setting, for the faults
 * @throws SwaliError `SETTINGS_INVALID`
 */
export function readSettingsText(path: string, setting: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SwaliError('SETTINGS_INVALID', { detail: `${setting}: cannot be read`, cause });
  }
}

/**
 * Reads a file of settings in YAML.
 *
 * @param file name for the faults
 * @param setting name of the setting
 * @param judge adds faults that only show beside the other settings
 * @throws SwaliError `SETTINGS_INVALID` with every fault and its line
 */
export function readSettingsYaml<T>(
  text: string,
  { file, setting, schema }: { readonly file: string; readonly setting: string; readonly schema: z.ZodType<T> },
  judge: (file: SettingsFile<T>) => void = () => undefined,
): T {
  const document = readYamlDocument(text, file);
  const value = checkShape(document, schema);
  if (value !== undefined) judge({ value, document });
  try {
    document.faults.assertEmpty();
  } catch (error) {
    if (!(error instanceof SwaliError)) throw error;
    throw new SwaliError('SETTINGS_INVALID', { detail: `${setting}: ${error.detail ?? ''}` });
  }
  if (value === undefined) throw new SwaliError('SETTINGS_INVALID', { detail: `${setting}: cannot be read` });
  return value;
}

/** Reads a secret or a certificate beside a file of settings. @throws Error where it cannot be read or is no such thing */
export function readSecretText(path: string): string {
  const bytes = readFileSync(path);
  if (bytes.length > SECRET_MAX_BYTES) throw new Error('too large');
  return bytes.toString('utf8');
}
