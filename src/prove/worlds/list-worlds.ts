import type { WorldEntry, WorldOptions } from '../world.js';
import { demoWorld } from './demo-world.js';
import { masksWorld } from './masks-world.js';
import { oddNamesWorld } from './odd-names-world.js';
import { publishedWorlds } from './published-worlds.js';
import { tenantsWorld } from './tenants-world.js';
import { typesWorld } from './types-world.js';

/**
 * The worlds that statements are proved on: the demonstration business, those made by hand, and with a folder of published
 * databases those too. Nothing is made before one is opened.
 *
 * @throws Error where the folder of published databases lacks the list of their keys
 */
export function listWorlds(options: WorldOptions): readonly WorldEntry[] {
  return [
    demoWorld(options),
    oddNamesWorld(options),
    typesWorld(options),
    tenantsWorld(options),
    masksWorld(options),
    ...publishedWorlds(options),
  ];
}
