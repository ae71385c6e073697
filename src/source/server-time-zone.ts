import { SwaliError } from '../errors/swali-error.js';

const FIRST_YEAR = 1970;
const LAST_YEAR = 2037;

/** Offset of a zone at an instant, as `+03:00`. */
function offsetAt(format: Intl.DateTimeFormat, instant: Date): string {
  const text = format.formatToParts(instant).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const offset = text.replace('GMT', '');
  return offset === '' ? '+00:00' : offset;
}

/**
 * A zone as a fixed offset, where the zone has had one and the same offset over the years that TIMESTAMP covers.
 *
 * Servers know named zones only where their zone tables were loaded; most zones of Africa and Asia can do without.
 *
 * @param zone IANA name, or an offset such as `+03:00`
 * @returns an offset, or null for a zone whose offset has changed or changes with the season
 * @throws SwaliError `SETTINGS_INVALID` for what is no zone
 */
export function toFixedOffset(zone: string): string | null {
  if (/^[+-](?:0\d|1[0-4]):[0-5]\d$/.test(zone)) return zone;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch (cause) {
    throw new SwaliError('SETTINGS_INVALID', {
      detail: 'the time zone is not known; write it as Africa/Nairobi',
      cause,
    });
  }
  const offsets = new Set<string>();
  for (let year = FIRST_YEAR; year <= LAST_YEAR; year++)
    for (let month = 0; month < 12; month++) offsets.add(offsetAt(format, new Date(Date.UTC(year, month, 15))));
  const [only] = offsets;
  return offsets.size === 1 && only !== undefined && /^[+-]\d\d:\d\d$/.test(only) ? only : null;
}
