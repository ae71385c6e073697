import { describe, expect, it } from 'vitest';
import { EMPLOYEE_ROLES } from '../../../../src/domain/principal.js';
import { applyMapping, type Mapping, textsOf } from '../../../../src/identify/sso/mapping.js';

const roles: Mapping = {
  role: { claim: 'groups', values: { all: 'viewer', money: 'accountant', boss: 'admin-delegate' } },
};
const tables: Mapping = {
  allowTables: { claim: 'groups', values: { money: ['payments', 'orders'], all: ['orders'] } },
};

describe('a mapping', () => {
  it.each([
    [['all'], 'viewer'],
    ['all', 'viewer'],
    [['all', 'money'], 'accountant'],
    [['boss', 'money', 'all'], 'admin-delegate'],
    [['all', 'unknown'], 'viewer'],
  ])('of %j gives the highest role that fits: %s', (groups, role) => {
    expect(applyMapping(roles, { groups })).toEqual({ role });
  });

  it.each([[[]], [['ALL']], ['all money'], [['all ']], [{ all: true }], [undefined], [7], [[['all']]]])(
    'of %j gives no role, and lets nobody in',
    (groups) => {
      expect(() => applyMapping(roles, { groups })).toThrow(expect.objectContaining({ code: 'AUTH_SSO_DENIED' }));
      expect(applyMapping({ role: { ...roles.role!, default: 'viewer' } }, { groups })).toEqual({ role: 'viewer' });
    },
  );

  it('follows the ladder of roles, not the order of the file', () => {
    const values = Object.fromEntries(EMPLOYEE_ROLES.toReversed().map((role, n) => [`g${n}`, role]));
    expect(applyMapping({ role: { claim: 'g', values } }, { g: Object.keys(values) })).toEqual({
      role: 'admin-delegate',
    });
  });

  it('gives the tables of every value that fits, each once, and none where none does', () => {
    expect(applyMapping(tables, { groups: ['money', 'all'] })).toEqual({ allowTables: ['orders', 'payments'] });
    expect(applyMapping(tables, { groups: [] })).toEqual({ allowTables: [] });
    expect(applyMapping(tables, {})).toEqual({ allowTables: [] });
  });

  it('says nothing of what it does not map', () => {
    expect(applyMapping({}, { groups: ['boss'], customer_number: '1' })).toEqual({});
  });

  it('takes what objects inherit for no claim', () => {
    expect(textsOf({}, 'constructor')).toEqual([]);
    expect(textsOf({}, '__proto__')).toEqual([]);
    const rule: Mapping = { customerNumber: { claim: 'toString' } };
    expect(applyMapping(rule, {})).toEqual({ customerNumber: null });
  });
});
