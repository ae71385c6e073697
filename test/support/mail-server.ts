import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A mail as the server took it. */
export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Header lines and body, as they came. */
  readonly source: string;
  /** The body, decoded. */
  readonly text: string;
  /** The link in it. */
  readonly link: string;
  /** The token of that link. */
  readonly token: string;
  /** Whether it came over TLS. */
  readonly secure: boolean;
}

/** A real mail server on loopback, which keeps what it takes. */
export interface MailServer {
  readonly port: number;
  /** For `SMTP_URL`. */
  readonly url: string;
  readonly mails: readonly TakenMail[];
  /** Users and passwords that signed in. */
  readonly users: readonly string[];
  /** Waits for so many mails, and gives the last. @throws Error after five seconds */
  waitFor(count: number): Promise<TakenMail>;
  close(): Promise<void>;
}

/** A key and a certificate for `localhost` that nobody but itself vouches for. */
export function makeCertificate(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'swali-certificate-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert],
      ],
      { stdio: 'pipe' },
    );
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Starts the server on a free port.
 *
 * @param options of the server; without any it speaks no TLS and asks for no user
 */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: TakenMail[] = [];
  const users: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 100,
    onAuth({ username, password }, _session, done) {
      users.push(`${username}:${password}`);
      done(null, { user: username });
    },
    onData(stream, { envelope, secure }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const source = Buffer.concat(chunks).toString('utf8');
        const text = decodeBody(source);
        const link = /\S+#(?:invitation|reset)=\S+/.exec(text)?.[0] ?? '';
        mails.push({
          from: envelope.mailFrom === false ? '' : (envelope.mailFrom?.address ?? ''),
          to: envelope.rcptTo.map(({ address }) => address),
          source,
          text,
          link,
          token: link.slice(link.indexOf('=') + 1),
          secure,
        });
        done();
      });
    },
    ...options,
  });
  // What a client breaks off is its own affair.
  server.on('error', () => undefined);
  const listener = server.listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => listener.once('listening', resolve));
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the mail server has no port');
  const { port } = address;
  return {
    port,
    url: `smtp://127.0.0.1:${port}`,
    mails,
    users,
    async waitFor(count) {
      for (let waited = 0; mails.length < count; waited += 10) {
        if (waited > 5000) throw new Error(`${mails.length} mails came, not ${count}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return mails[count - 1] as TakenMail;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** The body of a plain mail, without its encoding. */
function decodeBody(source: string): string {
  const [head = '', ...rest] = source.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  if (!/^content-transfer-encoding: quoted-printable$/im.test(head)) return body;
  const bytes = body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => `%${hex}`);
  return decodeURIComponent(bytes.replace(/%(?![0-9A-F]{2})/g, '%25'));
}
