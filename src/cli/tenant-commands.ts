import type { Command } from 'commander';
import { describeOperatorAct } from '../audit/describe-gateway.js';
import { SwaliError } from '../errors/swali-error.js';
import { openRecords } from '../gateway.js';
import { adoptRows } from '../identify/adopt-rows.js';
import { createTenants, type ListedTenant, type Tenants } from '../identify/tenants.js';
import type { Store } from '../store/store.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { type Terminal, writeLine } from './terminal.js';
import { parseStatus } from './users-command.js';

/** `swali tenants …`: the companies that share the gateway. Each act is on record. */
export function addTenantCommands(program: Command, surround: () => CliSurroundings, terminal: Terminal): void {
  const tenants = program.command('tenants').description('manage the companies that share the gateway (TENANCY=on)');
  tenants
    .command('add')
    .description('add a tenant (audited)')
    .argument('<id>', 'a to z, 0 to 9 and -: what people sign in with and the rows of the source say')
    .option('--name <name>', 'for people; the id where left out')
    .action((id: string, { name }: { name?: string }) =>
      manage(surround(), `tenants add ${id}`, async (all) => {
        await all.add({ id, name: name ?? id });
        writeLine(terminal.stdout, `Added the tenant ${id}.`);
      }),
    );
  tenants
    .command('list')
    .description('list the tenants')
    .action(() =>
      manage(surround(), null, async (all) => {
        for (const each of await all.list()) writeLine(terminal.stdout, printTenant(each));
      }),
    );
  tenants
    .command('change')
    .description('let a tenant’s people in, or no longer; say where what they ask may go (audited)')
    .argument('<id>')
    .option('--status <status>', 'active, or disabled: then none of its sessions, keys and sign-ins works')
    .option('--providers <names>', 'which providers of a model may be sent what they ask: a comma list, all or none')
    .option('--regions <names>', 'the same by OPENAI_REGION: a comma list, all or none')
    .action((id: string, given: TenantChange) =>
      manage(surround(), `tenants change ${id} ${describeChange(given)}`, async (all) => {
        const status = given.status === undefined ? null : parseStatus(given.status);
        await all.setAllowed(id, {
          ...(given.providers !== undefined ? { providers: parseNames(given.providers) } : {}),
          ...(given.regions !== undefined ? { regions: parseNames(given.regions) } : {}),
        });
        if (status !== null) await all.setStatus(id, status);
        writeLine(terminal.stdout, `The tenant ${id} is ${describeChange(given)}.`);
      }),
    );
  tenants
    .command('adopt')
    .description('give a tenant the accounts of before there were tenants (audited)')
    .argument('<id>')
    .action((id: string) =>
      manage(surround(), `tenants adopt ${id}`, async (_all, store) => {
        writeLine(terminal.stdout, `The tenant ${id} has ${await adoptRows(store, id)} more accounts.`);
      }),
    );
}

/** What `tenants change` is given. */
interface TenantChange {
  readonly status?: string;
  readonly providers?: string;
  readonly regions?: string;
}

/** @throws SwaliError `IDENTITY_INPUT_INVALID` where nothing is given */
function describeChange({ status, providers, regions }: TenantChange): string {
  const parts = [
    status,
    providers === undefined ? undefined : `providers=${providers}`,
    regions === undefined ? undefined : `regions=${regions}`,
  ].filter((part) => part !== undefined);
  if (parts.length === 0) {
    throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: 'give --status, --providers or --regions' });
  }
  return parts.join(' ');
}

function parseNames(text: string): readonly string[] | null {
  if (text === 'all') return null;
  return text === 'none' ? [] : text.split(',').map((name) => name.trim());
}

/** Does work on the tenants and, where it is an act, puts it on record. */
async function manage(
  surroundings: CliSurroundings,
  action: string | null,
  work: (tenants: Tenants, store: Store) => Promise<void>,
): Promise<void> {
  const { settings, clock } = surroundings;
  const records = await openRecords(surroundings, 'cli');
  try {
    await work(createTenants({ store: records.store, clock, enabled: settings.tenancy }), records.store);
    if (action === null) return;
    await records.audit.append(describeOperatorAct(action, []));
  } finally {
    await records.close();
  }
}

/** What a tenant allows stands only where it is not everything. */
function printTenant({ id, name, status, allowed }: ListedTenant): string {
  const lists = Object.entries(allowed).flatMap(([what, names]: [string, readonly string[] | null]) =>
    names === null ? [] : [`${what}=${names.join(',') || 'none'}`],
  );
  return [id, name, status, ...lists].join('  ');
}
