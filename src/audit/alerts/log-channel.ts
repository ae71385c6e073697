import type { Logger } from '../../domain/ports.js';
import type { Channel } from './channel.js';

/** Writes alerts into the log, at once and for good: there is nobody who could fail to take them. */
export function createLogChannel(logger: Logger): Channel {
  return Object.freeze({
    recipients: [],
    async send(alert) {
      const { severity, summary, ...fields } = alert;
      const write = { info: logger.info, warning: logger.warn, critical: logger.error }[severity];
      write.call(logger, { alert: { severity, ...fields } }, `alert: ${summary}`);
      return { taken: true };
    },
  } satisfies Channel);
}
