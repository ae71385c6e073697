import { expect, it } from 'vitest';
import { isLoopback } from '../../../src/domain/loopback.js';

it.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.9.8.7', true],
  ['[::1]', true],
  ['::1', true],
  ['127.0.0.1.example.com', false],
  ['localhost.example.com', false],
  ['shop.localhost', false],
  ['notlocalhost', false],
  ['0.0.0.0', false],
  ['[::2]', false],
  ['example.com', false],
  ['', false],
])('%s is this machine: %s', (host, isLocal) => {
  expect(isLoopback(host)).toBe(isLocal);
});
