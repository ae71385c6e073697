import type { Dialect, Driver } from 'kysely';

/** Connections that are lent out, and who waits for one. */
export interface Loans {
  busy: number;
  waiting: number;
}

/**
 * Counts what a dialect's driver lends out.
 *
 * @param loans kept up to date
 * @returns the dialect, with a driver that counts
 */
export function countLoans(dialect: Dialect, loans: Loans): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => countDriver(dialect.createDriver(), loans),
  };
}

/** What a driver may have besides, such as savepoints, stays as it is. */
function countDriver(driver: Driver, loans: Loans): Driver {
  const acquire: Driver['acquireConnection'] = async (...options) => {
    loans.waiting += 1;
    try {
      const connection = await driver.acquireConnection(...options);
      loans.busy += 1;
      return connection;
    } finally {
      loans.waiting -= 1;
    }
  };
  const release: Driver['releaseConnection'] = (...given) => {
    loans.busy -= 1;
    return driver.releaseConnection(...given);
  };
  const own = { acquireConnection: acquire, releaseConnection: release };
  return new Proxy(driver, {
    get(target, name) {
      if (name === 'acquireConnection' || name === 'releaseConnection') return own[name];
      const value: unknown = Reflect.get(target, name, target);
      // The driver's own methods reach its private fields, which a proxy does not have.
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
