import { describe, expect, it } from 'vitest';
import { toFixedOffset } from '../../../src/source/server-time-zone.js';

describe('a time zone for a server', () => {
  it.each([
    ['UTC', '+00:00'],
    ['Africa/Nairobi', '+03:00'],
    ['Asia/Kolkata', '+05:30'],
    ['+03:00', '+03:00'],
    ['-11:30', '-11:30'],
  ])('is a fixed offset for %s', (zone, offset) => {
    expect(toFixedOffset(zone)).toBe(offset);
  });

  it.each(['Europe/Berlin', 'America/New_York', 'Asia/Kathmandu'])(
    'is left to the server for %s, whose offset has changed',
    (zone) => {
      expect(toFixedOffset(zone)).toBeNull();
    },
  );

  it.each(['Nowhere/Atlantis', "UTC'; DROP", ''])('is refused for %j', (zone) => {
    expect(() => toFixedOffset(zone)).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }));
  });
});
