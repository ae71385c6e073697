import type { Command } from 'commander';
import { readAlertPlan } from '../alert-channels.js';
import { makeTestAlert } from '../alerting.js';
import { SwaliError } from '../errors/swali-error.js';
import type { CliSurroundings } from './cli-surroundings.js';
import { type Terminal, writeLine } from './terminal.js';

/** `swali alerts …`: what alerts are made by, and whether they arrive. */
export function addAlertCommands(program: Command, surround: () => CliSurroundings, terminal: Terminal): void {
  const alerts = program.command('alerts').description('alerts about what happens');
  alerts
    .command('check')
    .description('check ALERTS_FILE and the secrets it names, and print what holds')
    .action(() => checkAlerts(surround(), terminal));
  alerts
    .command('test')
    .description('send a test alert to every channel, once; exits with 1 where one does not take it')
    .option('--channel <name>', 'only to this one')
    .action(({ channel }: { channel?: string }) => testAlerts(surround(), terminal, channel ?? null));
}

/** @throws SwaliError `SETTINGS_INVALID` with every fault and its line */
function checkAlerts({ settings, logger }: CliSurroundings, { stdout }: Terminal): void {
  const { rules, described } = readAlertPlan(settings, logger);
  const all = [...described.keys()];
  for (const [name, what] of described) writeLine(stdout, `channel ${name}: ${what}`);
  for (const { name, kind, severity, channels, tenants } of rules) {
    const whose = tenants === undefined ? '' : ` for ${tenants.join(', ')}`;
    writeLine(stdout, `rule ${name}: ${kind}, ${severity}, to ${(channels ?? all).join(', ')}${whose}`);
  }
  if (settings.countryHeader === null && rules.some(({ kind }) => kind === 'new-country'))
    writeLine(stdout, 'COUNTRY_HEADER is not set, so no rule of the kind new-country finds anything.');
  writeLine(stdout, `${rules.length} rules, ${described.size} channels: no fault.`);
}

/** @throws SwaliError `SETTINGS_INVALID`, `ALERT_CHANNEL_UNKNOWN`, `ALERT_NOT_DELIVERED` */
async function testAlerts(
  { settings, logger, clock }: CliSurroundings,
  { stdout }: Terminal,
  only: string | null,
): Promise<void> {
  const { channels } = readAlertPlan(settings, logger);
  const meant = [...channels].filter(([name]) => only === null || name === only);
  if (meant.length === 0) throw new SwaliError('ALERT_CHANNEL_UNKNOWN');
  const now = clock();
  const alert = makeTestAlert(now);
  let faults = 0;
  for (const [name, channel] of meant) {
    for (const recipient of channel.recipients.length === 0 ? [''] : channel.recipients) {
      const sent = await channel.send(alert, recipient, now);
      const whom = recipient === '' ? name : `${name}, ${recipient}`;
      writeLine(stdout, sent.taken ? `${whom}: taken` : `${whom}: NOT taken: ${sent.fault}`);
      if (!sent.taken) faults += 1;
    }
  }
  if (faults > 0) throw new SwaliError('ALERT_NOT_DELIVERED');
}
