import { describe, expect, it } from 'vitest';
import { lastMultiple, lastTimeOfDay } from '../../../src/operate/slot.js';

const at = (iso: string) => Date.parse(iso);
const slot = (now: string, zone: string, hour = 2, minute = 30) =>
  new Date(lastTimeOfDay(at(now), { hour, minute }, zone)).toISOString();

describe('the time that a daily backup is due', () => {
  it('is the last time that the clock there showed it', () => {
    expect(slot('2026-03-10T12:00:00Z', 'UTC')).toBe('2026-03-10T02:30:00.000Z');
    expect(slot('2026-03-10T02:30:00Z', 'UTC')).toBe('2026-03-10T02:30:00.000Z');
    expect(slot('2026-03-10T02:29:59.999Z', 'UTC')).toBe('2026-03-09T02:30:00.000Z');
    expect(slot('2026-03-09T23:30:00Z', 'Africa/Nairobi')).toBe('2026-03-09T23:30:00.000Z');
    expect(slot('2026-03-09T23:29:00Z', 'Africa/Nairobi')).toBe('2026-03-08T23:30:00.000Z');
    expect(slot('2026-03-10T01:00:00Z', 'America/Los_Angeles')).toBe('2026-03-09T09:30:00.000Z');
    expect(slot('2026-01-01T12:00:00Z', 'Pacific/Kiritimati', 23, 59)).toBe('2026-01-01T09:59:00.000Z');
  });

  it('comes once a day, also where clocks are changed', () => {
    for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Johannesburg']) {
      const slots = new Set<number>();
      const hours = 24 * 45;
      for (let hour = 0; hour < hours; hour += 1) {
        const now = at('2026-03-01T12:00:00Z') + hour * 3_600_000;
        const due = lastTimeOfDay(now, { hour: 2, minute: 30 }, zone);
        expect(now - due).toBeGreaterThanOrEqual(0);
        expect(now - due).toBeLessThan(25.5 * 3_600_000);
        slots.add(due);
      }
      expect([zone, slots.size]).toEqual([zone, 46]);
      const gaps = [...slots]
        .sort((a, b) => a - b)
        .map((each, n, all) => (n === 0 ? 24 : (each - all[n - 1]!) / 3_600_000));
      expect([zone, Math.min(...gaps) >= 22.5, Math.max(...gaps) <= 25.5]).toEqual([zone, true, true]);
    }
  });

  it('is a multiple of the span where one is set, the same for every replica', () => {
    expect(lastMultiple(at('2026-03-10T12:34:56Z'), 3_600_000)).toBe(at('2026-03-10T12:00:00Z'));
  });
});
