import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeStoreContract } from '../unit/store/store-contract.js';

const SERVERS = [
  { name: 'MySQL', url: process.env.TEST_MYSQL_URL },
  { name: 'MariaDB', url: process.env.TEST_MARIADB_URL },
];

for (const { name, url } of SERVERS) {
  describe.skipIf(!url)(`a store on ${name}`, () => {
    const database = `swali_store_${process.pid}`;
    const address = (path: string) => {
      const parsed = new URL(url ?? 'mysql://none');
      parsed.pathname = `/${path}`;
      return parsed.href;
    };
    const administer = async (statement: string) => {
      const connection = await createConnection(address(''));
      await connection.query(statement);
      await connection.end();
    };
    beforeAll(() => administer(`create database \`${database}\``));
    afterAll(() => administer(`drop database \`${database}\``));

    describeStoreContract(() => address(database));
  });
}
