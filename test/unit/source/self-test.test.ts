import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { judgeVersion, proveServerFence } from '../../../src/source/self-test.js';
import { proveSqliteFence } from '../../../src/source/sqlite-fence.js';

describe('the self-test of the fence', () => {
  it.each([
    ['mysql', '8.0.31'],
    ['mysql', '8.4.3'],
    ['mysql', '9.7.4-2'],
    ['mariadb', '10.6.1-MariaDB'],
    ['mariadb', '10.11.19-MariaDB-0+deb12u1'],
    ['mariadb', '5.5.5-10.11.2-MariaDB'],
    ['mariadb', '11.4.3-MariaDB'],
  ] as const)('knows %s %s', (dialect, version) => {
    expect(judgeVersion(dialect, version)).toBeNull();
  });

  it.each([
    ['mysql', '5.7.44'],
    ['mysql', '8.0.30'],
    ['mysql', '10.0.0'],
    ['mysql', '8.0.36-TiDB-v8.1.0'],
    ['mysql', 'odd'],
    ['mariadb', '10.5.9-MariaDB'],
    ['mariadb', '13.0.1-MariaDB'],
  ] as const)('does not know %s %s, and says so without asking the server', async (dialect, version) => {
    const faults = await proveServerFence(() => Promise.reject(new Error('asked')), dialect, version);
    expect(faults).toEqual([expect.stringContaining(version)]);
  });

  it('finds an engine that runs conditions on rows behind the fence', async () => {
    const leaks = async (sql: string) => {
      if (sql.includes('information_schema')) return [];
      if (sql.includes('710')) throw new SwaliError('EXECUTE_FAILED');
      return [{ n: 1 }];
    };
    // The hidden row of the constant relation carries 710 as well, so the statements with it differ from those without.
    expect((await proveServerFence(leaks, 'mysql', '8.4.0')).length).toBeGreaterThan(5);
  });

  it('does not take a lost connection for a result', async () => {
    const gone = () => Promise.reject(new SwaliError('SOURCE_UNAVAILABLE'));
    await expect(proveServerFence(gone, 'mysql', '8.4.0')).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });

  it('finds that the fence holds on the SQLite that comes with the gateway', () => {
    expect(proveSqliteFence()).toEqual([]);
  });

  it('finds the leaks of SQLite where there is no fence', () => {
    expect(proveSqliteFence('').length).toBeGreaterThan(5);
  });
});
