import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepCertificate } from '../../../src/operate/keep-certificate.js';
import { type CertificateFiles, readServingPair } from '../../../src/operate/serving-pair.js';
import { type Issued, makeTestAuthority } from '../../support/test-authority.js';

const authority = makeTestAuthority('the company');
const DAY = 86_400_000;
const NOW = Date.parse('2026-06-15T12:00:00Z');

let folder = '';
let files: CertificateFiles;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'swali-pair-'));
  files = {
    certFile: join(folder, 'cert.pem'),
    keyFile: join(folder, 'key.pem'),
    passphrase: null,
    minVersion: 'TLSv1.2',
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put({ certificate, key }: Partial<Issued>): void {
  if (certificate !== undefined) writeFileSync(files.certFile, certificate);
  if (key !== undefined) writeFileSync(files.keyFile, key);
}
const issue = (to = '20261231', from = '20260101') =>
  authority.issue({ names: ['ask.example.com', '10.0.0.7'], from, to });

const told: string[] = [];
const tell = (level: string) => (fields: object, message: string) =>
  void told.push(`${level} ${message} ${JSON.stringify(fields)}`);
const logger = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') };
beforeEach(() => void told.splice(0));

describe('a certificate and its key', () => {
  it('are read where they belong together and hold now', () => {
    put(issue());
    const pair = readServingPair(files, NOW);
    expect(pair.expiresAt).toBe(Date.parse('2026-12-31T00:00:00Z'));
    expect(pair.options.minVersion).toBe('TLSv1.2');
    expect(readServingPair(files, NOW).digest).toBe(pair.digest);
  });

  it('are read with the passphrase of an encrypted key, and not without', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const own = authority.issue({ names: ['ask.example.com'] }, privateKey);
    const key = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hush' });
    put({ certificate: own.certificate, key: key as string });
    expect(readServingPair({ ...files, passphrase: 'hush' }, NOW).expiresAt).toBeGreaterThan(NOW);
    for (const passphrase of [null, 'wrong'])
      expect(() => readServingPair({ ...files, passphrase }, NOW)).toThrow(/TLS_KEY_FILE: holds no private key/);
  });

  it.each([
    ['are not there', () => undefined, /a file cannot be read/],
    ['are no certificate', () => put({ certificate: 'none', key: issue().key }), /TLS_CERT_FILE: holds no certificate/],
    ['are of two pairs', () => put({ ...issue(), key: issue().key }), /TLS_KEY_FILE: is not the key/],
    ['have expired', () => put(issue('20260615')), /has expired/],
    ['do not hold yet', () => put(issue('20271231', '20260616')), /does not hold yet/],
    [
      'are as large as a disk image',
      () => put({ ...issue(), key: issue().key + ' '.repeat(300_000) }),
      /cannot be read/,
    ],
  ])('are refused where they %s', (_what, prepare, words) => {
    prepare();
    expect(() => readServingPair(files, NOW)).toThrow(
      expect.objectContaining({ code: 'SETTINGS_INVALID', detail: expect.stringMatching(words) }),
    );
  });

  it('are refused where the key is too short to be served', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const own = authority.issue({ names: ['ask.example.com'] }, privateKey);
    put({ certificate: own.certificate, key: own.key });
    expect(() => readServingPair(files, NOW)).toThrow(/TLS_KEY_FILE: is too short/);
  });
});

describe('a kept certificate', () => {
  const open = (now = () => NOW, host = 'ask.example.com') => keepCertificate({ files, host, clock: now, logger });

  it('follows its files, and keeps the old pair until the new one is whole', () => {
    put(issue());
    const kept = open();
    const given: string[] = [];
    const stop = kept.watch(({ digest }) => given.push(digest));
    const first = kept.current.digest;
    kept.check();
    expect([kept.current.digest, told]).toEqual([first, []]);

    // As programs do that write one file after the other.
    const next = issue();
    put({ certificate: next.certificate });
    kept.check();
    kept.check();
    expect(kept.current.digest).toBe(first);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^error the new certificate is not usable.*is not the key.*"refused":1/);
    put({ key: next.key });
    kept.check();
    expect(given).toEqual([kept.current.digest]);
    expect(kept.current.digest).not.toBe(first);
    expect(kept.counts).toEqual({ taken: 1, refused: 1 });
    stop();
  });

  it('keeps the old pair where the files are away or hold one that has expired', () => {
    put(issue());
    const kept = open();
    const first = kept.current.digest;
    rmSync(files.keyFile);
    kept.check();
    put(issue('20260601'));
    kept.check();
    expect(kept.current.digest).toBe(first);
    expect(kept.counts).toEqual({ taken: 0, refused: 2 });
    expect(told.join()).toMatch(/a file cannot be read.*has expired/);
  });

  it('takes an old file that is put back for what it is', () => {
    const old = issue();
    put(old);
    const kept = open();
    put({ certificate: 'none' });
    kept.check();
    put(old);
    kept.check();
    expect(kept.counts).toEqual({ taken: 0, refused: 1 });
  });

  it('follows a symbolic link that is put elsewhere, as Kubernetes does', () => {
    const place = (name: string, pair: Issued): void => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'tls.crt'), pair.certificate);
      writeFileSync(join(folder, name, 'tls.key'), pair.key);
    };
    place('one', issue());
    place('two', issue());
    symlinkSync('one', join(folder, '..data'));
    const data = (name: string) => join(folder, '..data', name);
    const linked = { ...files, certFile: data('tls.crt'), keyFile: data('tls.key') };
    const kept = keepCertificate({ files: linked, host: 'ask.example.com', clock: () => NOW, logger });
    const first = kept.current.digest;
    symlinkSync('two', join(folder, '..new'));
    renameSync(join(folder, '..new'), join(folder, '..data'));
    kept.check();
    expect(kept.current.digest).not.toBe(first);
    expect(kept.counts).toEqual({ taken: 1, refused: 0 });
  });

  it('says 21, 7 and 1 days before its end that it ends, and once when it has, each once', () => {
    put(issue());
    let now = Date.parse('2026-12-31T00:00:00Z') - 22 * DAY;
    const kept = open(() => now);
    const seen: string[] = [];
    for (let hour = 0; hour <= 24 * 23; hour += 1) {
      kept.check();
      seen.push(...told.splice(0));
      now += DAY / 24;
    }
    expect(seen.map((line) => /"days":(\d+)/.exec(line)?.[1] ?? line.split(' {')[0])).toEqual([
      '21',
      '7',
      '1',
      'error the certificate has expired',
    ]);
  });

  it('says at the start that it ends soon, and anew of the next one', () => {
    put(issue('20260618'));
    const kept = open();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^warn the certificate ends soon.*"days":7/);
    put(issue('20260620'));
    kept.check();
    expect(told.filter((line) => line.includes('ends soon'))).toHaveLength(2);
  });

  it('says where it does not name the public host', () => {
    put(issue());
    open(() => NOW, 'other.example.com');
    open(() => NOW, '10.0.0.7');
    open(() => NOW, '[::1]');
    expect(told.map((line) => line.split(' {')[0])).toEqual(
      Array(2).fill('warn the certificate does not name the public host'),
    );
  });
});
