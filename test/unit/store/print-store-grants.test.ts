import { describe, expect, it } from 'vitest';
import { printStoreGrants } from '../../../src/store/print-store-grants.js';
import { codeOf } from '../../support/seal-steps.js';

const TABLES = ['sessions', 'audit_records', 'audit_archives', 'audit_heads'];
const about = { role: 'gateway', account: 'swali@%', database: 'swali', tables: TABLES } as const;

describe('printStoreGrants', () => {
  it('lets the gateway add records and change none', () => {
    expect(printStoreGrants(about)).toEqual([
      "GRANT SELECT ON `swali`.`audit_archives` TO 'swali'@'%';",
      "GRANT SELECT, INSERT, UPDATE ON `swali`.`audit_heads` TO 'swali'@'%';",
      "GRANT SELECT, INSERT ON `swali`.`audit_records` TO 'swali'@'%';",
      "GRANT SELECT, INSERT, UPDATE, DELETE ON `swali`.`sessions` TO 'swali'@'%';",
    ]);
  });

  it('lets the archive remove records and see no account', () => {
    expect(printStoreGrants({ ...about, role: 'archive' })).toEqual([
      "GRANT SELECT, INSERT ON `swali`.`audit_archives` TO 'swali'@'%';",
      "GRANT SELECT, INSERT, UPDATE ON `swali`.`audit_heads` TO 'swali'@'%';",
      "GRANT SELECT, INSERT, DELETE ON `swali`.`audit_records` TO 'swali'@'%';",
    ]);
  });

  it('prints nothing of a name that could be more than a name', () => {
    for (const account of ['swali', 'a b@%', "a'@%", 'a@%; DROP', '@%', 'a@']) {
      expect([account, codeOf(() => printStoreGrants({ ...about, account }))]).toEqual([account, 'GRANTS_REFUSED']);
    }
    expect(codeOf(() => printStoreGrants({ ...about, database: 'a`b' }))).toBe('GRANTS_REFUSED');
    expect(codeOf(() => printStoreGrants({ ...about, tables: ['a`b'] }))).toBe('GRANTS_REFUSED');
  });
});
