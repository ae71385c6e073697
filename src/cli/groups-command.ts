import type { Command } from 'commander';
import { SwaliError } from '../errors/swali-error.js';
import { createGroupManager, type GroupManager } from '../identify/manage-groups.js';
import type { ManagedGroup } from '../identify/managed-group.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { atDesk, type Desk, showAll } from './operator-desk.js';
import { type Terminal, writeLine } from './terminal.js';
import { demandAccount, splitNames } from './users-command.js';

/**
 * Adds `groups …` to the program: the groups of employees, as the operator manages them. Each change is on record, with
 * before and after.
 *
 * @param surround made when a command runs, so that bad settings are told by the command and not by `--help`
 */
export function addGroupCommands(program: Command, surround: () => CliSurroundings, terminal: Terminal): void {
  const groups = program.command('groups').description('manage groups of employees, who share a list of tables');
  const print = (group: ManagedGroup) => writeLine(terminal.stdout, describeGroup(group));
  groups
    .command('add')
    .description('add a group (audited)')
    .argument('<name>', 'what it is called')
    .option('--allow-tables <names>', 'tables that its members may read, with commas')
    .action((name: string, { allowTables = '' }: { allowTables?: string }) =>
      manage(surround(), async ({ manager, operator, context }) =>
        print(await manager.create(operator, { name, allowTables: splitNames(allowTables) }, context)),
      ),
    );
  groups
    .command('list')
    .description('list the groups and their members')
    .action(() =>
      manage(surround(), ({ manager, operator }) => showAll((page) => manager.list(operator, page), print)),
    );
  groups
    .command('change')
    .description('change a group, for its members from their next request on (audited)')
    .argument('<name>', 'what it is called')
    .option('--name <name>', 'what it is called from now on')
    .option('--allow-tables <names>', 'tables that its members may read, with commas')
    .action((name: string, options: { name?: string; allowTables?: string }) =>
      manage(surround(), async ({ manager, operator, context }) => {
        const change = {
          ...(options.name === undefined ? {} : { name: options.name }),
          ...(options.allowTables === undefined ? {} : { allowTables: splitNames(options.allowTables) }),
        };
        if (Object.keys(change).length === 0)
          throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: 'say what to change, e.g. --allow-tables orders' });
        const { id } = await manager.find(operator, name);
        print(await manager.change(operator, id, change, context));
      }),
    );
  groups
    .command('remove')
    .description('remove a group; its members lose its tables at once (audited)')
    .argument('<name>', 'what it is called')
    .action((name: string) =>
      manage(surround(), async ({ manager, operator, context }) => {
        const { id } = await manager.find(operator, name);
        await manager.remove(operator, id, context);
        writeLine(terminal.stdout, `Removed group:${id}.`);
      }),
    );
  const acts = { join: 'add an employee to a group', leave: 'take an employee out of a group' } as const;
  for (const act of ['join', 'leave'] as const)
    groups
      .command(act)
      .description(`${acts[act]}, from their next request on (audited)`)
      .argument('<name>', 'what the group is called')
      .argument('<identifier>', 'what the employee signs in with')
      .action((name: string, identifier: string) =>
        manage(surround(), async ({ manager, records, tenant, operator, context }) => {
          const { subject } = await demandAccount(records, tenant, 'employee', identifier);
          const { id } = await manager.find(operator, name);
          print(await manager[act](operator, id, subject, context));
        }),
      );
}

/** Runs work over the management of groups, as the operator. */
async function manage(
  surroundings: CliSurroundings,
  work: (desk: Desk & { readonly manager: GroupManager }) => Promise<void>,
): Promise<void> {
  await atDesk(surroundings, async (desk) => {
    const { store, audit } = desk.records;
    await work({ ...desk, manager: createGroupManager({ store, clock: surroundings.clock, audit }) });
  });
}

/** One group as one line. */
function describeGroup({ id, name, allowTables, members }: ManagedGroup): string {
  const tables = `tables ${allowTables.join(',') || 'none'}`;
  return [`group:${id}`, name, tables, `members ${members.join(',') || 'none'}`].join('  ');
}
