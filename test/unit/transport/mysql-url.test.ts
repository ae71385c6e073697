import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { parseMysqlUrl } from '../../../src/transport/mysql-url.js';
import { STRICT_TRANSPORT } from '../../../src/transport/transport-rules.js';

describe('the URL of a database', () => {
  it('gives its parts decoded', () => {
    expect(parseMysqlUrl('mysql://re%40der:p%3Ass@db.example:3307/my%20shop?charset=utf8mb4')).toEqual({
      host: 'db.example',
      port: 3307,
      user: 're@der',
      password: 'p:ss',
      database: 'my shop',
      transport: STRICT_TRANSPORT,
    });
    expect(parseMysqlUrl('mariadb://u@[::1]/shop')).toMatchObject({ host: '::1', port: 3306, password: '' });
  });

  it.each([
    'not a url',
    'postgres://u:secret@h/shop',
    'mysql://u:secret@h/',
    'mysql://u:secret@h',
    'mysql://u:secret@h/a/b',
    'mysql://u:secret@h/shop?charset=latin1',
    'mysql://u:secret@h/shop?multipleStatements=true',
    'mysql://u:secret@h/shop?flags=LOCAL_FILES',
    'mysql://u:secret@h/shop?ssl=%7B%22rejectUnauthorized%22%3Afalse%7D',
    'mysql://u:secret@h/shop?ssl=false',
    'mysql://u:secret@h/shop?sslmode=disable',
    'mysql://u:secret@h/shop?charset=utf8mb4&ssl-mode=DISABLED',
    'mysql://u:secret@h/shop?socketPath=/tmp/evil.sock',
    'mysql://u:secret%@h/shop',
  ])('is refused, without repeating it, where it is %s', (url) => {
    const parse = () => parseMysqlUrl(url);
    expect(parse).toThrow(SwaliError);
    try {
      parse();
    } catch (error) {
      expect(error).toMatchObject({ code: 'SETTINGS_INVALID' });
      expect((error as SwaliError).message).not.toContain('secret');
    }
  });
});
