import { describe, expect, it } from 'vitest';
import { parsePlace, printPlace } from '../../../../src/http/routes/page-place.js';

const FORM = /^(\d{1,15}):([0-9a-f]{4})$/;

describe('a place in a list', () => {
  it('comes back as it was handed out', () => {
    expect(parsePlace('list', FORM, printPlace('list', [17, 'beef']))).toEqual(['17', 'beef']);
  });

  it.each([
    ['nothing', ''],
    ['no base64url', '%%'],
    ['another list', printPlace('lists', [17, 'beef'])],
    ['other parts', printPlace('list', [17, 'beet'])],
    ['more parts', printPlace('list', [17, 'beef', 1])],
    ['another spelling of the same', `${printPlace('list', [17, 'beef'])}=`],
  ])('is refused where it is %s', (_what, cursor) => {
    expect(() => parsePlace('list', FORM, cursor)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });
});
