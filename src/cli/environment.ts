import type { Command } from 'commander';
import { createAwsSecretSource } from '../config/aws-secret-source.js';
import {
  type Environment,
  findSource,
  type Resolved,
  resolveEnvironment,
  type SecretSource,
} from '../config/secret-source.js';
import { SETTINGS } from '../config/setting-table.js';
import { parseSettings } from '../config/settings.js';
import { createKeptSecrets } from '../store/kept-secrets.js';
import { migrateStore, openStore } from '../store/store.js';
import { openKeyRing } from '../store-key.js';
import { createStoreSecretSource } from '../store-secrets.js';

/** Commands that read no setting of the gateway. */
const WITHOUT_SETTINGS: ReadonlySet<string> = new Set(['demo', 'prove']);

/** What the store itself is opened with can stand in no store. */
const OF_THE_STORE: ReadonlySet<string> = new Set(['STORE_URL', 'STORE_KEY', 'STORE_RETIRED_KEYS']);

/**
 * Follows the references of the environment before a command reads its settings: first to sources outside, then to the
 * store, which may need what those hold. `secrets …` and `keys …` follow none to the store: they are how it is filled and looked after.
 *
 * @throws SwaliError of the store, where a reference leads there and it cannot be opened
 */
export async function followSecrets(
  env: Environment,
  command: Command,
): Promise<Resolved & { readonly secretSources: readonly SecretSource[] }> {
  const secretSources = [createAwsSecretSource(env)];
  const { key, keys } = command.opts<{ key?: string; keys?: string }>();
  const needsNone =
    WITHOUT_SETTINGS.has(command.name()) || (command.name() === 'verify' && (key ?? keys) !== undefined);
  if (needsNone) return { env, faults: [], secretSources };
  const outside = await resolveEnvironment(env, secretSources);
  const fillsStore = ['secrets', 'keys'].includes(command.parent?.name() ?? '');
  const inside = fillsStore ? withoutStoreReferences(outside.env) : await resolveFromStore(outside.env);
  return { env: inside.env, faults: [...outside.faults, ...inside.faults], secretSources };
}

/** A reference to the store, or nothing. */
const STORE = { scheme: 'store', read: async () => '' } satisfies SecretSource;

function refersToStore(env: Environment): readonly string[] {
  return SETTINGS.filter(({ name, secret }) => secret && findSource(env[name] ?? '', [STORE])).map(({ name }) => name);
}

function withoutStoreReferences(env: Environment): Resolved {
  return { env: { ...env, ...Object.fromEntries(refersToStore(env).map((name) => [name, undefined])) }, faults: [] };
}

async function resolveFromStore(env: Environment): Promise<Resolved> {
  const names = refersToStore(env);
  if (names.length === 0) return { env, faults: [] };
  const circular = names.filter((name) => OF_THE_STORE.has(name));
  if (circular.length > 0) {
    const faults = circular.map((name) => `${name}: is kept in the store, expected a value that opens it`);
    return { env: withoutStoreReferences(env).env, faults };
  }
  const settings = parseSettings(placeOf(env));
  const store = await openStore(settings.storeUrl);
  try {
    await migrateStore(store);
    const kept = createKeptSecrets({ store, ring: openKeyRing({ settings }), clock: Date.now });
    return await resolveEnvironment(env, [createStoreSecretSource(kept)]);
  } finally {
    await store.close();
  }
}

/** Only what opens the store: the other settings are judged once they are whole. */
function placeOf(env: Environment): Environment {
  const names = ['DATA_DIR', ...[...OF_THE_STORE].flatMap((name) => [name, `${name}_FILE`])];
  return Object.fromEntries(names.map((name) => [name, env[name]]));
}
