import { randomUUID } from 'node:crypto';
import { readAlertPlan } from '../alert-channels.js';
import type { Alert } from '../audit/alerts/alert.js';
import { signalGap } from '../audit/alerts/reports.js';
import type { Surroundings } from '../gateway.js';

/** What is wrong with one record, or with a chain. */
interface ChainFault {
  readonly writer: string;
  readonly sequence: number;
  readonly kind: string;
}

/**
 * Tells the channels of the rules of kind `audit-gap` that an audit log is not what was written: one alert for each chain, tried
 * once. Past the store, which a check leaves as it is.
 *
 * @returns who did not take it, in words; empty where all did
 * @throws SwaliError `SETTINGS_INVALID` for the faults of `ALERTS_FILE`
 */
export async function tellOfGap(
  { settings, logger, clock }: Surroundings,
  faults: readonly ChainFault[],
): Promise<readonly string[]> {
  const { rules, channels } = readAlertPlan(settings, logger);
  const now = clock();
  const missed: string[] = [];
  for (const writer of new Set(faults.map((fault) => fault.writer))) {
    const own = faults.filter((fault) => fault.writer === writer);
    const detail = `${own.length} faults, the first at record ${own[0]?.sequence}: ${own[0]?.kind}`;
    for (const { rule, at, summary, facts, ...about } of signalGap(
      rules,
      { reason: 'verify-failed', writer, detail },
      now,
    )) {
      const { tenant, subject, address, requestId } = about;
      const { name, kind, severity } = rule;
      const whom = { tenant, subject, address, requestId };
      const alert: Alert = { id: randomUUID(), rule: name, kind, severity, at, ...whom, summary, facts, suppressed: 0 };
      for (const channelName of rule.channels ?? channels.keys()) {
        const channel = channels.get(channelName);
        if (!channel) continue;
        for (const recipient of channel.recipients.length === 0 ? [''] : channel.recipients) {
          const sent = await channel.send(alert, recipient, now);
          if (!sent.taken) missed.push(`${channelName}: ${sent.fault}`);
        }
      }
    }
  }
  return missed;
}
