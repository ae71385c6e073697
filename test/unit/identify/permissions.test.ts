import { describe, expect, it } from 'vitest';
import { EMPLOYEE_ROLES, type EmployeeRole, PERMISSIONS } from '../../../src/domain/principal.js';
import { permissionsFor } from '../../../src/identify/permissions.js';

describe('permissions', () => {
  it('lets customers ask and nothing else', () => {
    expect([...permissionsFor('customer', null)]).toEqual(['ask']);
    expect([...permissionsFor('customer', 'manager')]).toEqual(['ask']);
  });

  it('gives admins every permission there is', () => {
    expect([...permissionsFor('admin', null)].sort()).toEqual([...PERMISSIONS].sort());
  });

  it('gives an employee without a known role nothing', () => {
    expect(permissionsFor('employee', null).size).toBe(0);
    expect(permissionsFor('employee', 'owner' as EmployeeRole).size).toBe(0);
  });

  it('climbs: each role holds more than the one below it and everything that it holds', () => {
    const sizes = EMPLOYEE_ROLES.map((role, rung) => {
      const held = permissionsFor('employee', role);
      const below = rung > 0 ? permissionsFor('employee', EMPLOYEE_ROLES[rung - 1] as EmployeeRole) : new Set();
      expect([...below].filter((permission) => !held.has(permission as never))).toEqual([]);
      return held.size;
    });
    expect(sizes).toEqual([1, 5, 6, 7, 9]);
  });

  it.each([
    ['viewer', false, false],
    ['member', true, false],
    ['accountant', true, false],
    ['manager', true, false],
    ['admin-delegate', true, true],
  ] as const)('says whether a %s writes SQL (%s) and reads the audit log (%s)', (role, writes, audits) => {
    const held = permissionsFor('employee', role);
    expect(held.has('sql:write-own')).toBe(writes);
    expect(held.has('sql:read')).toBe(writes);
    expect(held.has('audit:read')).toBe(audits);
    expect(held.has('users:manage')).toBe(audits);
  });
});
