const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Reads a span such as `500ms`, `30s`, `15m`, `1h` or `7d`.
 *
 * @returns milliseconds; null where it is none
 */
export function parseDuration(text: string): number | null {
  const { count = '', unit = '' } = /^(?<count>[1-9]\d{0,5})(?<unit>ms|[smhd])$/.exec(text)?.groups ?? {};
  return count === '' ? null : Number(count) * UNITS[unit as keyof typeof UNITS];
}
