/**
 * A server on loopback that has every hole that `bench/sqlmap.mjs` looks for: whatever stands in its path, query, body, cookies
 * and headers it puts into a statement as text. Where sqlmap does not find these, its silence elsewhere says nothing.
 */
import { DatabaseSync } from '@photostructure/sqlite';
import { listenOnLoopback } from './sqlmap-gateway.mjs';

const HEADERS = ['authorization', 'x-request-id', 'user-agent', 'x-forwarded-for'];

const OPERATIONS = {
  path: {
    operation: 'GET /items/{id}',
    path: { id: 'first' },
    query: { name: 'second' },
    cookies: { session: 'first' },
    headers: Object.fromEntries(HEADERS.map((name) => [name, 'first'])),
  },
  body: { operation: 'POST /items/{id}', path: { id: 'first' }, body: { name: 'second', tags: ['first'], limit: 1 } },
  form: { operation: 'POST /items/{id}', path: { id: 'first' }, form: { name: 'second' } },
};

/** @returns its port, and requests of which sqlmap must find every parameter injectable */
export async function openControl() {
  const database = new DatabaseSync(':memory:');
  database.exec("CREATE TABLE items (id TEXT, note TEXT); INSERT INTO items VALUES ('first', 'a'), ('second', 'b')");
  const find = (text) => database.prepare(`SELECT note FROM items WHERE id = '${text}'`).all();
  const count = (text) => database.prepare(`SELECT note FROM items WHERE 1 = ${text}`).all();

  function answer({ url, headers }, text) {
    const { pathname, searchParams } = new URL(url, 'http://control');
    const texts = [decodeURIComponent(pathname.slice('/items/'.length)), ...searchParams.values()];
    for (const name of HEADERS) if (name in headers) texts.push(headers[name]);
    const cookie = /session=([^;]*)/.exec(headers.cookie ?? '');
    if (cookie) texts.push(decodeURIComponent(cookie[1]));
    if (/urlencoded/.test(headers['content-type'])) texts.push(...new URLSearchParams(text).values());
    if (!/json/.test(headers['content-type'])) return texts.map(find);
    const { name, tags, limit } = JSON.parse(text);
    return [...texts, name, ...tags].map(find).concat(count(limit));
  }

  const server = await listenOnLoopback(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    try {
      const body = JSON.stringify(answer(request, Buffer.concat(chunks).toString()));
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    } catch (error) {
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: error.message }));
    }
  });
  return {
    port: server.port,
    requests: Object.values(OPERATIONS),
    async close() {
      await server.close();
      database.close();
    },
  };
}
