import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { openLocalServer } from './local-server.js';

/** A webhook as it came. */
export interface TakenWebhook {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read what rules of every kind send
  readonly data: any;
  /** Whether the signature is right, by the code that docs/alerts.md hands to receivers. */
  readonly genuine: boolean;
  /** What the receiver answered. */
  readonly status: number;
}

/** What a receiver answers to one webhook. */
export interface WebhookAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A real receiver on loopback. */
export interface WebhookReceiver {
  readonly url: string;
  /** `127.0.0.1:PORT`, for `ALERTS_ALLOW_PRIVATE`. */
  readonly place: string;
  readonly secret: string;
  /** Everything that came, whatever was answered. */
  readonly calls: readonly TakenWebhook[];
  /** Those that were taken, of one rule or of all. */
  taken(rule?: string): readonly TakenWebhook[];
  /** Waits until so many were taken. @throws Error after five seconds */
  waitFor(count: number, rule?: string): Promise<readonly TakenWebhook[]>;
  close(): Promise<void>;
}

type IsGenuine = (secret: string, headers: IncomingHttpHeaders, body: string, nowS?: number) => boolean;

/** The code of docs/alerts.md. */
export async function loadVerifier(): Promise<IsGenuine> {
  const page = readFileSync(new URL('../../docs/alerts.md', import.meta.url), 'utf8');
  const [, code = ''] = /^```js verify\n([\s\S]*?)^```$/m.exec(page) ?? [];
  const module: { isGenuine: IsGenuine } = await import(
    /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`
  );
  return module.isGenuine;
}

/**
 * @param answer what is answered to the call of a number, from 1; 204 where left out
 * @param nowS the time that signatures are judged at
 */
export async function startWebhookReceiver(
  answer: (call: number) => WebhookAnswer = () => ({ status: 204 }),
  nowS?: () => number,
): Promise<WebhookReceiver> {
  const isGenuine = await loadVerifier();
  const secret = `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')}`;
  const server = await openLocalServer();
  const calls: TakenWebhook[] = [];
  server.answerWith((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      const { status, headers = {} } = answer(calls.length + 1);
      calls.push({
        id: String(request.headers['webhook-id']),
        headers: request.headers,
        body,
        data: JSON.parse(body).data,
        genuine: isGenuine(secret, request.headers, body, nowS?.()),
        status,
      });
      response.writeHead(status, headers).end();
    });
  });
  const taken = (rule?: string) =>
    calls.filter(({ status, data }) => status < 300 && (rule === undefined || data.rule === rule));
  return {
    url: `${server.address}/swali`,
    place: new URL(server.address).host,
    secret,
    calls,
    taken,
    async waitFor(count, rule) {
      for (let waited = 0; taken(rule).length < count; waited += 10) {
        if (waited > 5000)
          throw new Error(`${taken(rule).length} webhooks of ${rule ?? 'any rule'} came, not ${count}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return taken(rule);
    },
    close: () => server.close(),
  };
}
