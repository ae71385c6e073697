import { expect, it } from 'vitest';
import { EMPLOYEE_ROLES } from '../../../src/domain/principal.js';
import type { SwaliError } from '../../../src/errors/swali-error.js';
import { checkReaders, mayRead } from '../../../src/reports/readers.js';
import type { Report } from '../../../src/reports/report.js';
import { admin, customer, employee } from '../../support/principals.js';

const report = (sharedWith: readonly string[], change: Partial<Report> = {}): Report => ({
  id: '0'.repeat(32),
  tenant: null,
  owner: 'admin:9',
  kind: 'question',
  title: '',
  description: '',
  text: '',
  parameters: [],
  sharedWith,
  createdAt: 0,
  updatedAt: 0,
  revision: 1,
  ...change,
});

it('opens a report to its owner and to whom it is shared, upwards on the ladder, and to nobody else', () => {
  const who = [customer(7), ...EMPLOYEE_ROLES.map((role) => employee([], role)), admin()];
  const readers = (sharedWith: readonly string[], change: Partial<Report> = {}) =>
    who.filter((each) => mayRead(report(sharedWith, change), each)).map(({ kind, role }) => role ?? kind);
  expect(readers([])).toEqual([]);
  expect(readers([], { owner: 'admin:1' })).toEqual(['admin']);
  expect(readers(['customer'])).toEqual(['customer']);
  expect(readers(['employee'])).toEqual(EMPLOYEE_ROLES);
  expect(readers(['employee:accountant'])).toEqual(['accountant', 'manager', 'admin-delegate']);
  expect(readers(['customer:7', 'admin'])).toEqual(['customer', 'admin']);
  expect(readers(['customer:70', 'employee:10', 'admin:10'])).toEqual([]);
  expect(readers(['customer', 'employee', 'admin', 'customer:7'], { tenant: 'acme' })).toEqual([]);
  expect(readers([], { owner: 'admin:1', tenant: 'acme' })).toEqual([]);
});

it('takes audiences and accounts, each once, sorted', () => {
  expect(checkReaders(['employee:17', 'admin', 'employee:viewer', 'admin', 'customer'], admin())).toEqual([
    'admin',
    'customer',
    'employee:17',
    'employee:viewer',
  ]);
});

it.each([
  ['REPORT_INVALID', ['everybody']],
  ['REPORT_INVALID', ['employee:boss']],
  ['REPORT_INVALID', ['admin:0']],
  ['REPORT_INVALID', ['admin:01']],
  ['REPORT_INVALID', ['customer:%']],
  ['REPORT_INVALID', ['']],
  ['REPORT_INVALID', Array.from({ length: 51 }, (_, at) => `employee:${at + 1}`)],
  ['AUTH_PERMISSION_MISSING', ['customer']],
  ['AUTH_PERMISSION_MISSING', ['employee', 'customer:7']],
])('refuses with %s to share to %j', (code, names) => {
  let thrown: unknown;
  try {
    checkReaders(names, employee([], 'admin-delegate'));
  } catch (error) {
    thrown = error;
  }
  expect((thrown as SwaliError | undefined)?.code).toBe(code);
});
