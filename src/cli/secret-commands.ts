import type { Command } from 'commander';
import { listSubjectKeys } from '../audit/reseal-subject-keys.js';
import { SwaliError } from '../errors/swali-error.js';
import { listSeeds } from '../identify/reseal-seeds.js';
import { createSeedCipher } from '../identify/seed-cipher.js';
import { createKeptSecrets, type KeptSecrets } from '../store/kept-secrets.js';
import { type Resealable, reseal } from '../store/reseal.js';
import { listQuestions } from '../store/reseal-questions.js';
import { listSealedReports } from '../store/sealed-reports.js';
import { openKeyRing, readStoreKey } from '../store-key.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { atDesk, type Desk } from './operator-desk.js';
import { readSecret, type Terminal, writeLine } from './terminal.js';

/** Adds `secrets …`, the secrets that the store keeps encrypted, and `keys rotate`. Each change is on record. */
export function addSecretCommands(program: Command, surround: () => CliSurroundings, terminal: Terminal): void {
  const secrets = program.command('secrets').description('secrets of others, kept encrypted in the store');
  secrets
    .command('set')
    .description('keep a secret, read from standard input; settings refer to it as store:NAME (audited)')
    .argument('<name>', 'a–z, 0–9 and -')
    .action(async (name: string) => {
      const surroundings = ownSide(surround());
      // Before anything is opened: nothing waits open while somebody types.
      const secret = await readSecret(terminal.stdin);
      await atDesk(surroundings, async (desk) => {
        await openKept(surroundings, desk).set(name, secret);
        await record(desk, 'secrets set', [name]);
        writeLine(terminal.stdout, `Kept ${name}; refer to it as store:${name}.`);
      });
    });
  secrets
    .command('list')
    .description('list the names of the kept secrets, never a secret')
    .action(async () => {
      const surroundings = ownSide(surround());
      await atDesk(surroundings, async (desk) => {
        for (const { name, updatedAt } of await openKept(surroundings, desk).list())
          writeLine(terminal.stdout, `${name}, set ${new Date(updatedAt).toISOString()}`);
      });
    });
  secrets
    .command('remove')
    .description('forget a secret (audited)')
    .argument('<name>', 'of the secret')
    .action(async (name: string) => {
      const surroundings = ownSide(surround());
      await atDesk(surroundings, async (desk) => {
        if (!(await openKept(surroundings, desk).remove(name)))
          throw new SwaliError('SECRET_INVALID', { detail: 'there is none of that name' });
        await record(desk, 'secrets remove', [name]);
        writeLine(terminal.stdout, `Removed ${name}.`);
      });
    });
  program
    .command('keys')
    .description('the keys of the store')
    .command('rotate')
    .description(
      'seal anew with STORE_KEY what STORE_RETIRED_KEYS sealed; may run beside the gateway, and again (audited)',
    )
    .action(async () => {
      const surroundings = ownSide(surround());
      await atDesk(surroundings, (desk) => rotateKeys(surroundings, desk, terminal));
    });
}

/** Everything that the ring of keys seals. What seals further things joins here. */
function listResealables(surroundings: CliSurroundings, desk: Desk): readonly Resealable[] {
  const { storeRetiredKeys: retiredKeys } = surroundings.settings;
  const cipher = createSeedCipher({ storeKey: readStoreKey(surroundings), retiredKeys });
  const { store } = desk.records;
  return [
    listSeeds(store, cipher),
    openKept(surroundings, desk).resealable,
    listSubjectKeys(store, openKeyRing(surroundings)),
    ...listSealedReports(store, openKeyRing(surroundings)),
    ...listQuestions(store, openKeyRing(surroundings)),
  ];
}

async function rotateKeys(surroundings: CliSurroundings, desk: Desk, { stdout }: Terminal): Promise<void> {
  const lines: string[] = [];
  let left = 0;
  for (const kind of listResealables(surroundings, desk)) {
    const count = await reseal(kind);
    left += count.left;
    lines.push(`${count.name}: ${count.sealed} sealed anew, ${count.current} current already, ${count.left} left`);
  }
  await record(desk, 'keys rotate', lines);
  for (const line of lines) writeLine(stdout, line);
  writeLine(
    stdout,
    left === 0
      ? 'Nothing needs the retired keys any more.'
      : 'Run it again; what stays left is sealed with a key that is neither in STORE_KEY nor in STORE_RETIRED_KEYS.',
  );
}

function openKept({ clock, ...rest }: CliSurroundings, { records }: Desk): KeptSecrets {
  return createKeptSecrets({ store: records.store, ring: openKeyRing(rest), clock });
}

/** Secrets and keys are the gateway's own, of no tenant. */
function ownSide(surroundings: CliSurroundings): CliSurroundings {
  if (surroundings.tenantOption !== null)
    throw new SwaliError('SECRET_INVALID', { detail: 'secrets are of no tenant, so there is no --tenant' });
  return { ...surroundings, settings: { ...surroundings.settings, tenancy: false } };
}

async function record({ records, context }: Desk, action: string, reasons: readonly string[]): Promise<void> {
  await records.audit.append({ event: 'operator', ...context, action, reasons });
}
