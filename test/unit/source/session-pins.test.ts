import { describe, expect, it } from 'vitest';
import { printSessionPins, printTimeLimit } from '../../../src/source/session-pins.js';

const pins = { dialect: 'mysql', collation: 'utf8mb4_0900_ai_ci', timeZone: '+03:00' } as const;

describe('session pins', () => {
  it('name the character set, the mode and a read-only session for each server', () => {
    for (const dialect of ['mysql', 'mariadb'] as const) {
      const text = printSessionPins({ ...pins, dialect }).join('; ');
      expect(text).toContain('SET NAMES utf8mb4 COLLATE utf8mb4_0900_ai_ci');
      expect(text).toContain(dialect === 'mysql' ? 'transaction_read_only = 1' : 'tx_read_only = 1');
      expect(text).toContain("time_zone = '+03:00'");
      expect(text).not.toMatch(/ONLY_FULL_GROUP_BY|ANSI_QUOTES|PIPES_AS_CONCAT|NO_BACKSLASH_ESCAPES/);
    }
  });

  it.each([
    { collation: 'latin1_swedish_ci' },
    { collation: "utf8mb4_bin'" },
    { timeZone: "UTC', sql_mode='" },
    { timeZone: '' },
  ])('refuse %j', (over) => {
    expect(() => printSessionPins({ ...pins, ...over })).toThrow();
  });

  it('print the time limit in the unit of each server, never zero, which would mean none', () => {
    expect(printTimeLimit('mariadb', 1500)).toBe('SET SESSION max_statement_time = 1.500');
    expect(printTimeLimit('mysql', 1500)).toBe('SET SESSION max_execution_time = 1500');
    expect(printTimeLimit('mariadb', 0)).toBe('SET SESSION max_statement_time = 0.001');
    expect(printTimeLimit('mysql', 0.2)).toBe('SET SESSION max_execution_time = 1');
  });
});
