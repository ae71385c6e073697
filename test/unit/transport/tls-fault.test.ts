import { expect, it } from 'vitest';
import { readTlsFault } from '../../../src/transport/tls-fault.js';

it.each([
  ['HANDSHAKE_NO_SSL_SUPPORT', 'Server does not support secure connection', 'offers no TLS'],
  ['HANDSHAKE_SSL_ERROR', "Hostname/IP does not match certificate's altnames: Host: db. is not in", 'host of the URL'],
  ['HANDSHAKE_SSL_ERROR', 'certificate has expired', 'has expired'],
  ['HANDSHAKE_SSL_ERROR', 'self-signed certificate in certificate chain', 'no known authority'],
  ['HANDSHAKE_SSL_ERROR', 'unable to get local issuer certificate', 'no known authority'],
  ['HANDSHAKE_SSL_ERROR', 'write EPROTO 00:error:unsupported protocol', 'no TLS could be agreed on'],
])('tells %s, %s', (code, message, words) => {
  const told = readTlsFault(Object.assign(new Error(message), { code }));
  expect(told).toContain(words);
});

it('says nothing of other errors', () => {
  for (const error of [null, 'x', new Error('certificate has expired'), { code: 'ECONNREFUSED' }])
    expect(readTlsFault(error)).toBeNull();
});
