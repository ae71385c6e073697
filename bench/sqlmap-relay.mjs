/**
 * Stands between sqlmap and a server on loopback: puts what is valid at this moment (tokens, ids, codes) in the place of the
 * stand-ins that sqlmap repeats, so that each of its requests meets the state that a caller's would; gives answers back without
 * what is new in each; counts both; and looks for texts that must not leave.
 */
import { Agent, request as httpRequest } from 'node:http';
import { listenOnLoopback } from './sqlmap-gateway.mjs';

/** How often a request is sent again after waits were ended. */
const MOST_TRIES = 4;

/** sqlmap leaves out what it takes for a token against forged requests by its name. */
export const RENAMED = { 'x-page': 'x-csrf-token' };

/** What the gateway makes anew for each answer; the fields of these names are told as one and the same text. */
const VOLATILE = new Set(
  (
    'request_id id subject hash at created_at last_used_at expires_at used_at ended_at timings_ms address user_agent ' +
    'access_token refresh_token csrf_token token key secret uri qr recovery_codes'
  ).split(' '),
);

/**
 * Takes what is new each time out of an answer: sqlmap compares answers, and would take for an effect of its payload what is
 * none, and then not look further.
 *
 * @param given text → the stand-in in whose place it stood
 */
function steady(text, given) {
  let plain = text;
  for (const [value, standIn] of given) if (value.length > 4) plain = plain.replaceAll(value, standIn);
  if (!/^[{[]/.test(plain)) return plain;
  try {
    return JSON.stringify(
      JSON.parse(plain, (name, value) => (VOLATILE.has(name) && value !== null ? 'steady' : value)),
    );
  } catch {
    return plain;
  }
}

/**
 * What a request needs, made when it is needed and kept until it is spent.
 *
 * @param makers name → makes the thing; called with the supplies
 * @param lives name → milliseconds after which the thing is made anew
 */
export function createSupplies(makers, lives = {}) {
  const kept = new Map();
  const supplies = {
    get(name) {
      const old = kept.get(name);
      if (old && Date.now() - old.at < (lives[name] ?? Number.POSITIVE_INFINITY)) return old.thing;
      const thing = makers[name](supplies);
      kept.set(name, { thing, at: Date.now() });
      return thing;
    },
    /** Forgets things: the next one who asks gets new ones. */
    spend(names) {
      for (const name of names) kept.delete(name);
    },
  };
  return supplies;
}

/**
 * @param port of the server on loopback
 * @param standIns text → gives what stands there
 * @param endWaits called where an answer says that the caller must wait; the request is then sent again
 * @param onAnswer called with the status and whether the request bore its stand-ins whole
 * @param foreign texts that no answer may hold
 */
export async function openRelay({ port, standIns = {}, endWaits, onAnswer = () => undefined, foreign = [] }) {
  const agent = new Agent({ keepAlive: true });
  const counts = { requests: 0, statuses: new Map(), leaks: new Set(), broken: 0, faults: [] };
  const entries = Object.entries(standIns);

  async function send(request, body) {
    const given = new Map();
    const fill = async (text) => {
      let filled = text;
      for (const [standIn, read] of entries) {
        if (!filled.includes(standIn)) continue;
        const value = await read();
        given.set(value, standIn);
        filled = filled.replaceAll(standIn, value);
      }
      return filled;
    };
    const headers = [];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      const [name, value] = request.rawHeaders.slice(at, at + 2);
      if (/^(?:content-length|connection|transfer-encoding)$/i.test(name)) continue;
      headers.push(RENAMED[name.toLowerCase()] ?? name, await fill(value));
    }
    const filled = Buffer.from(await fill(body.toString('latin1')), 'latin1');
    if (filled.length > 0 || request.method === 'POST' || request.method === 'PATCH')
      headers.push('content-length', String(filled.length));
    const path = await fill(request.url);
    return new Promise((resolve, reject) => {
      const call = httpRequest({ host: '127.0.0.1', port, agent, method: request.method, path, headers }, (answer) => {
        const chunks = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.once('error', reject);
        answer.once('end', () => resolve({ answer, given, text: Buffer.concat(chunks).toString() }));
      });
      call.once('error', reject);
      call.end(filled);
    });
  }

  async function relay(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    counts.requests += 1;
    let got = await send(request, body);
    for (let tries = 1; got.answer.statusCode === 429 && endWaits && tries < MOST_TRIES; tries += 1) {
      await endWaits();
      got = await send(request, body);
    }
    const { answer } = got;
    counts.statuses.set(answer.statusCode, (counts.statuses.get(answer.statusCode) ?? 0) + 1);
    const { text } = got;
    for (const each of foreign) if (text.includes(each)) counts.leaks.add(each);
    if (answer.statusCode >= 500 && counts.faults.length < 5)
      counts.faults.push(`${answer.statusCode} ${text.slice(0, 300)} to ${request.method} ${request.url} ${body}`);
    onAnswer(answer.statusCode);
    const { 'content-type': type = 'text/plain', 'www-authenticate': challenge } = answer.headers;
    response.writeHead(answer.statusCode, {
      'content-type': type,
      ...(challenge && { 'www-authenticate': challenge }),
    });
    response.end(steady(text, got.given));
  }

  const server = await listenOnLoopback((request, response) => {
    relay(request, response).catch((error) => {
      counts.broken += 1;
      if (counts.faults.length < 5) counts.faults.push(`relay: ${error.stack} at ${request.method} ${request.url}`);
      response.destroy();
    });
  });
  return {
    port: server.port,
    counts,
    async close() {
      agent.destroy();
      await server.close();
    },
  };
}
