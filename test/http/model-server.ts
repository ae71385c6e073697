import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server does with one request. */
export type ModelReply =
  /** A completion with this text, as a model writes it. */
  | { readonly kind: 'text'; readonly text: string; readonly finishReason?: string }
  /** A completion with this object as JSON, and what it says that it cost: {@link USAGE} where nothing is stated. */
  | { readonly kind: 'answer'; readonly answer: unknown; readonly usage?: unknown }
  | { readonly kind: 'refusal'; readonly text: string }
  /** A completion with several choices: as many of these objects, over and over, as the request asks for by `n`. */
  | { readonly kind: 'answers'; readonly answers: readonly unknown[] }
  /** An error document in OpenAI's form. */
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly message?: string;
      readonly param?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Any body at all, with status 200 where no other is stated. */
  | {
      readonly kind: 'body';
      readonly type: string;
      readonly body: string | Buffer;
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A completion that calls a tool and says nothing. */
  | { readonly kind: 'tool' }
  /** A body that goes on as fast as it is read, for ever. */
  | { readonly kind: 'endless'; readonly status?: number }
  /** Begins an answer and says no more. */
  | { readonly kind: 'stall' }
  /** Begins an answer and resets the connection. */
  | { readonly kind: 'break' }
  /** Another reply, after a while. */
  | { readonly kind: 'late'; readonly ms: number; readonly reply: ModelReply }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** Begins an answer at once and goes on with it a byte at a time, for ever. */
  | { readonly kind: 'trickle' }
  /** Closes the connection without an answer. */
  | { readonly kind: 'drop' };

/** One recorded request. */
export interface ModelRequest {
  readonly path: string;
  readonly authorization: string | null;
  readonly traceparent: string | null;
  /** Names of all headers, in small letters. */
  readonly headers: readonly string[];
  /** The raw body: assert on this that something is nowhere in the prompt. */
  readonly raw: string;
  readonly body: {
    readonly model: string;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly response_format?: { readonly type: string };
    readonly max_tokens?: number;
    readonly max_completion_tokens?: number;
    readonly temperature?: number;
    readonly n?: number;
    readonly store?: boolean;
  };
}

/** An OpenAI-compatible endpoint for tests, over real HTTP. */
export interface ModelServer {
  /** To be given to the client: `http://127.0.0.1:PORT/v1`. */
  readonly baseUrl: string;
  readonly requests: readonly ModelRequest[];
  /** Requests whose caller hung up before the answer. */
  hungUp(): number;
  /** Replies in turn; the last one is repeated. A function sees the request (to reject a form it does not take). */
  reply(...replies: readonly (ModelReply | ((request: ModelRequest) => ModelReply))[]): void;
  /** Connections that are open now. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** Tokens that every completion of this server says it cost. */
export const USAGE = { prompt_tokens: 123, completion_tokens: 45, total_tokens: 168 };

/** Starts the server on a free port of the loop-back address. */
export async function startModelServer(): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  let replies: readonly (ModelReply | ((request: ModelRequest) => ModelReply))[] = [];
  let turn = 0;
  let hungUp = 0;
  const server = createServer((request, response) => {
    response.once('close', () => {
      if (!response.writableFinished) hungUp += 1;
    });
    readBody(request).then((raw) => {
      const recorded: ModelRequest = {
        path: request.url ?? '',
        authorization: request.headers.authorization ?? null,
        traceparent: [request.headers.traceparent ?? []].flat()[0] ?? null,
        headers: Object.keys(request.headers).sort(),
        raw,
        body: JSON.parse(raw) as ModelRequest['body'],
      };
      requests.push(recorded);
      const next = replies[Math.min(turn, replies.length - 1)];
      turn += 1;
      if (!next) throw new Error('the model server was asked before it was told what to reply');
      send(response, typeof next === 'function' ? next(recorded) : next, recorded);
    }, response.destroy.bind(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    hungUp: () => hungUp,
    reply(...next) {
      replies = next;
      turn = 0;
      requests.length = 0;
    },
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, reply: ModelReply, request: ModelRequest): void {
  const { n = 1 } = request.body;
  const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  const complete = (messages: readonly object[], finishReason = 'stop', usage: unknown = USAGE) =>
    json(200, {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'test',
      choices: messages.map((message, index) => ({
        index,
        finish_reason: finishReason,
        message: { role: 'assistant', ...message },
      })),
      usage,
    });
  const completion = (message: object, finishReason?: string, usage?: unknown) =>
    complete([message], finishReason, usage);
  switch (reply.kind) {
    case 'text':
      completion({ content: reply.text, refusal: null }, reply.finishReason);
      break;
    case 'answer':
      completion({ content: JSON.stringify(reply.answer), refusal: null }, 'stop', reply.usage);
      break;
    case 'answers':
      complete(
        Array.from({ length: n }, (_, at) => {
          const answer = reply.answers[at % reply.answers.length];
          return { content: typeof answer === 'string' ? answer : JSON.stringify(answer), refusal: null };
        }),
      );
      break;
    case 'refusal':
      completion({ content: null, refusal: reply.text });
      break;
    case 'error':
      json(
        reply.status,
        { error: { message: reply.message ?? 'no', type: 'error', param: reply.param ?? null, code: null } },
        reply.headers,
      );
      break;
    case 'body':
      response.writeHead(reply.status ?? 200, { 'content-type': reply.type, ...reply.headers }).end(reply.body);
      break;
    case 'tool': {
      const call = { id: 'call-1', type: 'function', function: { name: 'run_sql', arguments: '{"sql":"SELECT 1"}' } };
      completion({ content: null, refusal: null, tool_calls: [call] }, 'tool_calls');
      break;
    }
    case 'endless': {
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' });
      const part = Buffer.alloc(64 * 1024, 32);
      const more = (): void => {
        let isRead = true;
        while (isRead && !response.destroyed) isRead = response.write(part);
      };
      response.on('drain', more);
      more();
      break;
    }
    case 'stall':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"choices":[{"message":{"content":"');
      break;
    case 'break':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"choices":[', () => response.socket?.resetAndDestroy());
      break;
    case 'late':
      setTimeout(() => send(response, reply.reply, request), reply.ms);
      break;
    case 'drop':
      response.destroy();
      break;
    case 'trickle': {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      const timer = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(timer));
      break;
    }
    case 'hang':
      break;
  }
}
