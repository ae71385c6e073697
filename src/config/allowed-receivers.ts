import type { AllowedReceiver } from '../domain/outgoing.js';

/**
 * Reads a comma list of `HOST:PORT`. Each entry is brought to the form that URLs have, so that the two can be compared.
 *
 * @returns null where an entry is none
 */
export function parseReceivers(text: string): readonly AllowedReceiver[] | null {
  const receivers = text.split(',').map((entry) => parseReceiver(entry.trim()));
  return receivers.every((each) => each !== null) ? Object.freeze(receivers) : null;
}

/** The port must be stated: an omitted one would open more than was meant. */
function parseReceiver(entry: string): AllowedReceiver | null {
  const [, host = '', digits = ''] = /^([^/?#@\s]+):(\d{1,5})$/.exec(entry) ?? [];
  const port = Number(digits);
  if (port < 1 || port > 65_535 || !URL.canParse(`http://${host}/`)) return null;
  const { hostname, port: inner } = new URL(`http://${host}/`);
  return hostname === '' || inner !== '' ? null : Object.freeze({ host: hostname, port });
}
