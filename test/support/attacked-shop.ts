import type { Dialect } from '../../src/domain/dialect.js';
import type { EngineUnderTest } from '../engines/engines.js';

/** The customer that the attacks on the shop are written for, as a claim states it. */
export const ATTACKER = 121;

/** Statements that change what the attacker may not see. The shop of the corpora afterwards gives them the very same answers. */
export interface ShopChanges {
  /** Rows of others are changed, moved and removed; closed relations too. */
  readonly others: string;
  /** Rows of others are gone, and the closed relations are empty: only the slice is left. */
  readonly slice: string;
  /** Columns that `fixtures/policies/<family>/narrow.yaml` hides or masks get other values, which look the same behind their masks. */
  readonly hidden: string;
}

/** What may be changed behind the attacker's back, for one engine. */
export function shopChanges(dialect: Dialect): ShopChanges {
  const server = dialect !== 'sqlite';
  const theirs = `customer_number <> ${ATTACKER}`;
  const relations = ['customers', 'orders', 'payments', ...(server ? ['order_items'] : [])];
  return {
    others: [
      `DELETE FROM orders WHERE ${theirs} AND order_number % 3 = 0`,
      `UPDATE orders SET total = total + 77777, customer_number = customer_number + 400, status = 'Zz', order_date = '1999-09-09' WHERE ${theirs}`,
      `UPDATE customers SET email = 'q@q', customer_name = 'X', country = 'Y', customer_number = customer_number + 400 WHERE ${theirs}`,
      `DELETE FROM payments WHERE ${theirs} AND payment_id % 2 = 0`,
      `UPDATE payments SET amount = amount * 3, customer_number = customer_number + 400 WHERE ${theirs}`,
      ...(server ? [`DELETE FROM order_items WHERE ${theirs} AND line = 1`] : []),
      'UPDATE salaries SET salary = salary * 2 + 1',
      'DELETE FROM salaries WHERE employee_number % 2 = 0',
    ].join(';'),
    slice: [...relations.map((name) => `DELETE FROM ${name} WHERE ${theirs}`), 'DELETE FROM salaries'].join(';'),
    hidden: [
      "UPDATE orders SET total = 9 - total, shipped_date = '1999-01-01'",
      "UPDATE payments SET order_number = order_number + 5, method = 'gold'",
      'UPDATE employees SET reports_to = employee_number',
      `UPDATE products SET attrs = '{"color":"void"}'`,
      "UPDATE customers SET created_at = '1999-01-01'",
      server
        ? "UPDATE customers SET email = CONCAT(SUBSTR(email, 1, 1), 'zzz', SUBSTR(email, INSTR(email, '@'))), customer_name = CONCAT('Qustoner', RIGHT(customer_name, 3))"
        : "UPDATE customers SET email = substr(email, 1, 1) || 'zzz' || substr(email, instr(email, '@')), customer_name = 'Qustoner' || substr(customer_name, -3)",
      ...(server ? ["UPDATE customers SET phone = '0', credit_limit = 1, notes = 'x'"] : []),
    ].join(';'),
  };
}

/** A text that changes where a row of the shop is added, removed or changed in what can be summed. Read as the owner. */
export async function digestShop(under: EngineUnderTest): Promise<string> {
  const sums: Readonly<Record<string, string>> = {
    customers: 'SUM(customer_number), SUM(LENGTH(email)), SUM(LENGTH(customer_name))',
    orders: 'SUM(order_number), SUM(customer_number), SUM(total), SUM(LENGTH(status))',
    payments: 'SUM(payment_id), SUM(customer_number), SUM(amount), SUM(LENGTH(method))',
    products: 'SUM(LENGTH(product_code)), SUM(LENGTH(product_name)), SUM(LENGTH(attrs))',
    employees: 'SUM(employee_number), SUM(reports_to), SUM(LENGTH(first_name))',
    salaries: 'SUM(employee_number), SUM(salary)',
  };
  const parts = [];
  for (const [relation, terms] of Object.entries(sums))
    parts.push(await under.queryAsOwner(`SELECT COUNT(*), ${terms} FROM ${relation}`));
  const tables =
    under.dialect === 'sqlite'
      ? "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
      : 'SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1';
  parts.push(await under.queryAsOwner(tables));
  return JSON.stringify(parts);
}
