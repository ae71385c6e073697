import type { Command } from 'commander';
import { openRuled, type Surroundings } from '../gateway.js';
import { type Terminal, writeLine } from './terminal.js';

/**
 * Adds `policy …` to the program.
 *
 * @param surround made when a command runs, so that bad settings are told by the command and not by `--help`
 */
export function addPolicyCommands(program: Command, surround: () => Surroundings, terminal: Terminal): void {
  const policy = program.command('policy').description('the rules of the source');
  policy
    .command('check')
    .description('check the policy file against the source; every fault at once, with file and line')
    .action(() => checkPolicy(surround(), terminal));
}

/** @throws SwaliError `POLICY_INVALID` with every fault; returns where the file fits its source */
async function checkPolicy(surroundings: Surroundings, { stdout }: Terminal): Promise<void> {
  const { source, policy } = await openRuled(surroundings);
  await source.close();
  for (const warning of policy.warnings) writeLine(stdout, `warning: ${warning}`);
  writeLine(
    stdout,
    `The policy of ${policy.source} fits its source: ${policy.relations.size} relations are open (${policy.version}).`,
  );
}
