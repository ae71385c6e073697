import type { Command } from 'commander';
import { describeOperatorAct } from '../audit/describe-gateway.js';
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
    .description('let a tenant’s people in, or no longer (audited)')
    .argument('<id>')
    .requiredOption('--status <status>', 'active, or disabled: then none of its sessions, keys and sign-ins works')
    .action((id: string, { status }: { status: string }) =>
      manage(surround(), `tenants change ${id} ${status}`, async (all) => {
        await all.setStatus(id, parseStatus(status));
        writeLine(terminal.stdout, `The tenant ${id} is ${status}.`);
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

function printTenant({ id, name, status }: ListedTenant): string {
  return [id, name, status].join('  ');
}
