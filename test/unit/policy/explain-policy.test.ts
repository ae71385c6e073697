import { describe, expect, it } from 'vitest';
import { explainPolicy } from '../../../src/policy/explain-policy.js';
import { policyOf, shopCatalog } from './policy-fixtures.js';

describe('explaining a policy', () => {
  it('says who sees which rows and columns, and what nobody sees', () => {
    const catalog = shopCatalog();
    const policy = policyOf(
      `salaries:
  open_to: ["employee:manager"]
  columns: { id: {}, amount: {} }
customers:
  open_to: [customer, employee, admin]
  rows: { customer: "customer_number = :customer_number" }
  columns: { customer_number: {}, email: { mask: email, for: ["employee:viewer"] }, code: { hidden_from: [customer] } }
password_resets: { secret: true }`,
      { catalog },
    );
    const lines = explainPolicy(policy, catalog).split('\n');
    expect(lines.map((line) => line.split(/ {2,}/u))).toEqual([
      ['relation', 'who', 'rows', 'columns', 'hidden'],
      ['salaries', 'employee:manager, employee:admin-delegate', 'all', 'id, amount', 'employee_id'],
      [
        'customers',
        'customer',
        'customer_number = :customer_number',
        'customer_number, email',
        'id, code, phone, joined_on, profile',
      ],
      ['customers', 'employee:viewer', 'all', 'customer_number, code, email (email)', 'id, phone, joined_on, profile'],
      [
        'customers',
        'employee:member, employee:accountant, employee:manager, employee:admin-delegate, admin',
        'all',
        'customer_number, code, email',
        'id, phone, joined_on, profile',
      ],
      [''],
      ['closed to everyone: order_items, order_totals, orders, password_resets, products'],
    ]);
    const starts = [
      lines[0]?.indexOf('rows'),
      lines[1]?.indexOf('all'),
      lines[2]?.indexOf('customer_number ='),
      lines[4]?.indexOf('all'),
    ];
    expect(new Set(starts).size).toBe(1);
  });
});
