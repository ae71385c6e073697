import { expect, it } from 'vitest';
import { decideTransport, printVerifiedTls, STRICT_TRANSPORT } from '../../../src/transport/transport-rules.js';

it.each(['127.0.0.1', '127.8.9.10', 'localhost', '::1', '[::1]'])('speaks in plain on this machine: %s', (host) => {
  expect(decideTransport(host)).toBe('plain');
  expect(decideTransport(host, { ...STRICT_TRANSPORT, mayBePlain: true })).toBe('plain');
});

it.each(['127.1', '0.0.0.0', '10.0.0.7', 'db', 'localhost.example.com', '127.0.0.1.example.com', '::ffff:127.0.0.1'])(
  'speaks by TLS to any other: %s',
  (host) => {
    expect(decideTransport(host)).toBe('tls');
    expect(decideTransport(host, { ...STRICT_TRANSPORT, mayBePlain: true })).toBe('stated-plain');
  },
);

it('speaks by TLS wherever authorities or an identity are named, whatever else is stated', () => {
  for (const host of ['127.0.0.1', 'db.example.com'])
    for (const named of [{ authorities: 'pem' }, { identity: 'pem' }])
      expect(decideTransport(host, { ...STRICT_TRANSPORT, ...named, mayBePlain: true })).toBe('tls');
});

it('always verifies, from version 1.2 on', () => {
  expect(printVerifiedTls(STRICT_TRANSPORT)).toEqual({ rejectUnauthorized: true, minVersion: 'TLSv1.2' });
  expect(printVerifiedTls({ authorities: 'a', identity: 'b', mayBePlain: true })).toEqual({
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ca: 'a',
    cert: 'b',
    key: 'b',
  });
});
