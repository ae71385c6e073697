// Asks at a fixed rate, whether or not what was asked before is answered, as a crowd does. A process of its own, so that what it measures
// is the gateway's. Reads one line of JSON on its input: { url, token, question, perSecond, seconds }; prints one line of JSON a
// request: [id, second, status, code, whole milliseconds, Retry-After]; status 0 for none.
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';

const [line] = await new Promise((resolve) => {
  createInterface({ input: process.stdin }).once('line', (text) => resolve([text]));
});
const { url, token, question, perSecond, seconds } = JSON.parse(line);
// More connections than the gateway has places: what waits, waits there.
const agent = new Agent({ keepAlive: true, maxSockets: 512, scheduling: 'lifo' });
const body = JSON.stringify({ question });
const lines = [];

function ask(second) {
  const id = `load-${randomUUID()}`;
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const end = (status, code, retryAfter) => {
      lines.push(
        JSON.stringify([id, second, status, code, Math.round((performance.now() - startedAt) * 10) / 10, retryAfter]),
      );
      resolve();
    };
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-request-id': id };
    const call = request(`${url}/v1/ask`, { method: 'POST', agent, headers, timeout: 30_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.once('end', () => {
        const code = response.statusCode === 200 ? null : (/"code":"(\w+)"/.exec(text)?.[1] ?? 'no problem document');
        end(response.complete ? response.statusCode : 0, code, response.headers['retry-after'] ?? null);
      });
    });
    call.once('timeout', () => call.destroy(new Error('hung')));
    call.once('error', (error) => end(0, error.message === 'hung' ? 'hung' : 'cut', null));
    call.end(body);
  });
}

const startedAt = performance.now();
const running = [];
for (let count = 0; count < perSecond * seconds; ) {
  // What a busy machine makes late is asked at once, so that the number is what was asked for.
  const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond);
  for (; count < Math.min(due, perSecond * seconds); count += 1) running.push(ask(Math.floor(count / perSecond)));
  await new Promise((resolve) => setTimeout(resolve, 2));
}
await Promise.all(running);
process.stdout.write(`${lines.join('\n')}\n`, () => process.exit());
