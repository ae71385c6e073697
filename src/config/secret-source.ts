import { SwaliError } from '../errors/swali-error.js';
import { SETTINGS } from './setting-table.js';

/**
 * A place that secrets are kept in outside the environment. Others can join: implement this, and name the source where
 * `cli/environment.ts` lists them.
 */
export interface SecretSource {
  /** What a reference to it begins with, before a colon, e.g. `aws-secretsmanager`. */
  readonly scheme: string;
  /**
   * @param reference what stands behind `SCHEME:`
   * @throws Error whose message says why in words that hold no secret; or SwaliError
   */
  read(reference: string): Promise<string>;
}

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** An environment whose references have been followed. */
export interface Resolved {
  readonly env: Environment;
  /** One line `NAME: what is wrong, what is expected` for each that could not be; it is unset in `env`. */
  readonly faults: readonly string[];
}

/** The source that a text refers to; null where the text is a value itself. */
export function findSource(text: string, sources: readonly SecretSource[]): SecretSource | null {
  return sources.find(({ scheme }) => text.startsWith(`${scheme}:`)) ?? null;
}

/**
 * Follows one reference.
 *
 * @param what names it in a fault, e.g. the setting
 * @returns the text itself where it refers to no source
 * @throws SwaliError `SETTINGS_INVALID`; neither the detail nor the cause holds a secret
 */
export async function resolveSecret(what: string, text: string, sources: readonly SecretSource[]): Promise<string> {
  const source = findSource(text, sources);
  if (!source) return text;
  const reference = text.slice(source.scheme.length + 1);
  try {
    const value = await source.read(reference);
    if (value !== '') return value;
  } catch (error) {
    const why = error instanceof SwaliError ? (error.detail ?? error.code) : reasonOf(error);
    throw new SwaliError('SETTINGS_INVALID', {
      detail: `${what}: cannot be read from ${source.scheme} (${why}), expected a secret that is there and may be read`,
    });
  }
  throw new SwaliError('SETTINGS_INVALID', { detail: `${what}: is empty in ${source.scheme}, expected a secret` });
}

/** Follows the references of all secret settings, all at the same time. Never throws for a reference. */
export async function resolveEnvironment(env: Environment, sources: readonly SecretSource[]): Promise<Resolved> {
  const faults: string[] = [];
  const changed: Record<string, string | undefined> = {};
  const names = SETTINGS.filter(({ name, secret }) => secret && findSource(env[name] ?? '', sources)).map(
    ({ name }) => name,
  );
  const tries = await Promise.allSettled(names.map((name) => resolveSecret(name, env[name] ?? '', sources)));
  for (const [at, name] of names.entries()) {
    const outcome = tries[at];
    changed[name] = outcome?.status === 'fulfilled' ? outcome.value : undefined;
    if (outcome?.status === 'rejected') faults.push((outcome.reason as SwaliError).detail ?? name);
  }
  return { env: { ...env, ...changed }, faults };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : 'it failed';
}
