import { describe, expect, it } from 'vitest';
import { parseCursor, printCursor } from '../../../src/audit/page-cursor.js';

describe('a cursor', () => {
  it.each([1, 7, 123_456_789_012])('comes back as the record that it stands for: %i', (id) => {
    expect(parseCursor(printCursor(id))).toBe(id);
  });

  it.each([
    ['nothing', ''],
    ['a number', '7'],
    ['another text', Buffer.from('7').toString('base64url')],
    ['no number behind the mark', Buffer.from('audit:x').toString('base64url')],
    ['a sign', Buffer.from('audit:-1').toString('base64url')],
    ['another spelling of a right one', `${printCursor(7)}=`],
    ['too large a number', Buffer.from(`audit:${'9'.repeat(16)}`).toString('base64url')],
  ])('is refused where it is %s', (_name, cursor) => {
    expect(() => parseCursor(cursor)).toThrow(/next_cursor/);
  });
});
