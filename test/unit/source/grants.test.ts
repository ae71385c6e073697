import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { parseGrant, readRightsOf } from '../../../src/source/grant-line.js';
import { judgeGrants, readGrants } from '../../../src/source/grants.js';

const judge = (line: string, visible: readonly string[] = ['information_schema', 'shop']) =>
  judgeGrants([line], 'shop', visible);

describe('judging grants', () => {
  it.each([
    'GRANT USAGE ON *.* TO `u`@`%`',
    "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*D821809F681A40A6E379B50D0463EFAE20BDD122'",
    'GRANT SELECT ON `shop`.* TO `u`@`%`',
    'GRANT SELECT, SHOW VIEW ON `shop`.* TO `u`@`%`',
    'GRANT SELECT ON `shop`.`orders` TO `u`@`%`',
    'GRANT SELECT (`id`, `total`) ON `shop`.`orders` TO `u`@`%`',
    'GRANT SELECT (`id, INSERT`) ON `shop`.`orders` TO `u`@`%`',
    'GRANT `reader`@`%` TO `u`@`%`',
    'REVOKE SELECT ON `mysql`.* FROM `u`@`%`',
    'SET DEFAULT ROLE `reader` FOR `u`@`%`',
  ])('finds no fault with %s', (line) => {
    expect(judge(line)).toEqual([]);
  });

  it.each([
    ['GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`%`', 'ALL PRIVILEGES on shop'],
    ['GRANT SELECT, INSERT ON `shop`.* TO `u`@`%`', 'INSERT on shop'],
    ['GRANT SELECT, UPDATE (`total`) ON `shop`.`orders` TO `u`@`%`', 'UPDATE on shop'],
    ['GRANT FILE ON *.* TO `u`@`%`', 'FILE on every database'],
    ['GRANT PROCESS ON *.* TO `u`@`%`', 'PROCESS on every database'],
    ['GRANT SUPER ON *.* TO `u`@`%`', 'SUPER on every database'],
    ['GRANT EXECUTE ON `shop`.* TO `u`@`%`', 'EXECUTE on shop'],
    ['GRANT EXECUTE ON FUNCTION `shop`.`f` TO `u`@`%`', 'EXECUTE FUNCTION on shop'],
    ['GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `u`@`%`', 'EXECUTE PROCEDURE on shop'],
    ['GRANT CREATE TEMPORARY TABLES ON `shop`.* TO `u`@`%`', 'CREATE TEMPORARY TABLES on shop'],
    ['GRANT LOCK TABLES ON `shop`.* TO `u`@`%`', 'LOCK TABLES on shop'],
    ['GRANT SYSTEM_VARIABLES_ADMIN,BACKUP_ADMIN ON *.* TO `u`@`%`', 'BACKUP_ADMIN on every database'],
    ['GRANT SELECT ON *.* TO `u`@`%`', 'reading every database'],
    ['GRANT SELECT ON `mysql`.* TO `u`@`%`', 'reading mysql'],
    ['GRANT SELECT (`user`) ON `mysql`.`user` TO `u`@`%`', 'reading mysql'],
    ['GRANT SELECT ON `sh%`.* TO `u`@`%`', 'reading sh%'],
    ['GRANT SELECT ON `shop`.* TO `u`@`%` WITH GRANT OPTION', 'handing on its rights on shop'],
    [
      "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION",
      "a grant that is not understood: GRANT PROXY ON ''@'%'",
    ],
    ['GRANT SELECT SOMETHING NEW', 'a grant that is not understood: GRANT SELECT SOMETHING NEW'],
  ])('finds the fault in %s', (line, fault) => {
    expect(judge(line)).toContain(fault);
  });

  it('takes an unescaped underscore for what it is: any character', () => {
    const line = 'GRANT SELECT ON `my_shop`.* TO `u`@`%`';
    expect(judgeGrants([line], 'my_shop', ['my_shop'])).toEqual([]);
    expect(judgeGrants([line], 'my_shop', ['my_shop', 'myxshop'])).toEqual(['reading my_shop']);
    expect(judgeGrants(['GRANT SELECT ON `my\\_shop`.* TO `u`@`%`'], 'my_shop', ['my_shop', 'myxshop'])).toEqual([]);
    expect(judgeGrants(['GRANT SELECT ON `my\\_sho_`.* TO `u`@`%`'], 'my_shop', ['my_shop'])).toEqual([
      'reading my\\_sho_',
    ]);
  });

  it('takes the database of a grant on one table for a name, not for a pattern', () => {
    const line = 'GRANT SELECT ON `my_shop`.`orders` TO `u`@`%`';
    expect(judgeGrants([line], 'my_shop', ['my_shop', 'myxshop'])).toEqual([]);
    expect(judgeGrants(['GRANT SELECT ON `my%\\`.`orders` TO `u`@`%`'], 'my%\\', [])).toEqual([]);
    expect(judgeGrants(['GRANT SELECT ON `my%`.`orders` TO `u`@`%`'], 'my_shop', [])).toEqual(['reading my%']);
  });

  it('never repeats what stands after TO, such as the hash of a password', () => {
    expect(judge("GRANT ODD THING TO `u`@`%` IDENTIFIED BY PASSWORD '*D82180'").join()).not.toContain('D82180');
  });
});

describe('the rights to read in a grant', () => {
  const right = (relation: string | null, columns: readonly string[] | null, database = 'shop') => ({
    database,
    relation,
    columns,
  });

  it.each([
    ['GRANT USAGE ON *.* TO `u`@`%`', []],
    ['GRANT SELECT, SHOW VIEW ON `shop`.* TO `u`@`%`', [right(null, null)]],
    ['GRANT ALL PRIVILEGES ON *.* TO `u`@`%` WITH GRANT OPTION', [right(null, null, '*')]],
    ['GRANT SELECT ON `shop`.`orders` TO `u`@`%`', [right('orders', null)]],
    ['GRANT SELECT (`id`, `total`), UPDATE (`note`) ON `shop`.`orders` TO `u`@`%`', [right('orders', ['id', 'total'])]],
    ['GRANT SELECT (id, total), INSERT (note) ON `shop`.`orders` TO `u`@`%`', [right('orders', ['id', 'total'])]],
    ['GRANT SELECT (`o,dd) (``x`, `b`) ON `sh``op`.`t``t` TO `u`@`%`', [right('t`t', ['o,dd) (`x', 'b'], 'sh`op')]],
    ['GRANT SELECT (`x) ON ``other``.``t`` TO `) ON `shop`.`t` TO `u`@`%`', [right('t', ['x) ON `other`.`t` TO '])]],
    ['GRANT EXECUTE ON FUNCTION `shop`.`select` TO `u`@`%`', []],
    ['GRANT `reader`@`%`,`writer`@`%` TO `u`@`%`', []],
    ['REVOKE SELECT ON `mysql`.* FROM `u`@`%`', []],
  ])('of %s', (line, expected) => {
    expect(parseGrant(line).kind).not.toBe('unknown');
    expect(readRightsOf(parseGrant(line))).toEqual(expected);
  });
});

describe('reading grants', () => {
  /** A server that knows these lines by text and refuses every other. */
  const serve = (answers: Readonly<Record<string, readonly string[]>>) => async (sql: string) => {
    const lines = answers[sql];
    if (!lines) throw new SwaliError('EXECUTE_FAILED', { cause: Object.assign(new Error('denied'), { errno: 1044 }) });
    return lines.map((line) => ({ line }));
  };
  const schemata = { 'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA': ['shop'] };

  it('follows the roles of MySQL through the account itself', async () => {
    const { faults, reads } = await readGrants(
      serve({
        ...schemata,
        'SHOW GRANTS': ['GRANT SELECT ON `shop`.* TO `u`@`%`', 'GRANT `a`@`%`,`b`@`%` TO `u`@`%`'],
        'SHOW GRANTS FOR CURRENT_USER() USING `a`@`%`, `b`@`%`': [
          'GRANT SELECT, DELETE ON `shop`.* TO `u`@`%`',
          'GRANT `a`@`%`,`b`@`%` TO `u`@`%`',
        ],
      }),
      'mysql',
      'shop',
    );
    expect(faults).toEqual(['DELETE on shop']);
    const whole = { database: 'shop', relation: null, columns: null };
    expect(reads).toEqual([whole, whole]);
  });

  it('follows the roles of MariaDB one by one, and takes one that cannot be read for a fault', async () => {
    const { faults, reads } = await readGrants(
      serve({
        ...schemata,
        'SHOW GRANTS': ['GRANT `a` TO `u`@`%`', 'GRANT `hidden` TO `u`@`%`'],
        'SHOW GRANTS FOR `a`': ['GRANT `nested` TO `a`'],
        'SHOW GRANTS FOR PUBLIC': ['GRANT SELECT (`id`) ON `shop`.`orders` TO PUBLIC'],
        'SHOW GRANTS FOR `nested`': ['GRANT DROP ON `shop`.* TO `nested`', 'GRANT `a` TO `nested`'],
      }),
      'mariadb',
      'shop',
    );
    expect(faults).toEqual(['DROP on shop', 'what `hidden` may do cannot be read']);
    expect(reads).toEqual([{ database: 'shop', relation: 'orders', columns: ['id'] }]);
  });

  it('does not take a lost connection for an answer', async () => {
    const gone = async () => {
      throw new SwaliError('SOURCE_UNAVAILABLE');
    };
    await expect(readGrants(gone, 'mysql', 'shop')).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });
});
