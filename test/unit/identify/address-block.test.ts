import { describe, expect, it } from 'vitest';
import { addressBlock } from '../../../src/identify/address-block.js';

describe('the block of an address', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::FFFF:203.0.113.9', '203.0.113.9'],
    ['cli', 'cli'],
    ['', ''],
  ])('of %j is %j', (address, block) => {
    expect(addressBlock(address)).toBe(block);
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:0DB8:1:ff::1'],
    ['2001:db8::', '2001:db8:0:ff:ffff:ffff:192.0.2.1'],
    ['fe80::1%eth0', 'fe80::2'],
    ['::1', '::'],
  ])('is one for %s and %s, which one party holds', (one, other) => {
    expect(addressBlock(one)).toBe(addressBlock(other));
  });

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:102::1'],
    ['2001:db8::1', '2001:db9::1'],
    ['203.0.113.9', '203.0.113.10'],
    ['::1', '203.0.113.9'],
  ])('is another for %s than for %s', (one, other) => {
    expect(addressBlock(one)).not.toBe(addressBlock(other));
  });
});
