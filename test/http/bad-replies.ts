import { gzipSync } from 'node:zlib';
import type { ErrorCode } from '../../src/errors/catalogue.js';
import type { ModelReply } from './model-server.js';

const ANSWER = JSON.stringify({ kind: 'sql', sql: 'SELECT COUNT(*) FROM orders', message: null, choices: [] });
const completion = (content: string): string =>
  JSON.stringify({ choices: [{ finish_reason: 'stop', message: { content, refusal: null } }] });

/** Seventeen thousand times as long as it looks. */
const BOMB = gzipSync(Buffer.alloc(64 * 1024 * 1024, 32), { level: 9 });

/** An answer in which a character is no UTF-8. */
const INVALID = Buffer.from(completion(ANSWER.replace('orders', 'order~')));
INVALID[INVALID.indexOf('~')] = 0xff;

/** Some 40 000 tokens. */
const LONG = 'once upon a time there was '.repeat(6000);

const unavailable = 'TRANSLATE_MODEL_UNAVAILABLE';
const unusable = 'TRANSLATE_MODEL_UNUSABLE';

/** What a provider may send instead of an answer, the code that it must come to, and how often it may be asked. */
export const BAD_REPLIES: readonly (readonly [what: string, reply: ModelReply, code: ErrorCode, asked: number])[] = [
  ['HTML', { kind: 'body', type: 'text/html', body: '<html><h1>Bad gateway</h1></html>' }, unusable, 1],
  ['JSON that is cut off', { kind: 'body', type: 'application/json', body: '{"choices":[{"mess' }, unusable, 1],
  ['JSON of another shape', { kind: 'body', type: 'application/json', body: '[1]' }, unusable, 1],
  ['nothing', { kind: 'body', type: 'application/json', body: '' }, unusable, 1],
  ['status 204', { kind: 'body', type: 'application/json', body: '', status: 204 }, unusable, 1],
  ['a tool call', { kind: 'tool' }, unusable, 1],
  ['40 000 tokens of words', { kind: 'text', text: LONG }, unusable, 1],
  ['an answer that is cut off', { kind: 'text', text: ANSWER, finishReason: 'length' }, unusable, 1],
  ['a completion as plain text', { kind: 'body', type: 'text/plain', body: completion(ANSWER) }, unusable, 1],
  ['a stream of events', { kind: 'body', type: 'text/event-stream', body: `data: ${completion('')}\n\n` }, unusable, 1],
  ['a body that never ends', { kind: 'endless' }, unusable, 1],
  [
    'a gzip bomb',
    { kind: 'body', type: 'application/json', body: BOMB, headers: { 'content-encoding': 'gzip' } },
    unusable,
    1,
  ],
  [
    'what claims to be gzip and is not',
    { kind: 'body', type: 'application/json', body: 'no gzip', headers: { 'content-encoding': 'gzip' } },
    unusable,
    1,
  ],
  ['what is no UTF-8', { kind: 'body', type: 'application/json', body: INVALID }, unusable, 1],
  ['a part of an answer, and a reset', { kind: 'break' }, unusable, 1],
  ['a reset connection', { kind: 'drop' }, unavailable, 3],
  ['a stream that stalls', { kind: 'stall' }, unavailable, 1],
  ['a byte now and then', { kind: 'trickle' }, unavailable, 1],
  ['no answer', { kind: 'hang' }, unavailable, 1],
  ['500', { kind: 'error', status: 500 }, unavailable, 3],
  ['502 as a page', { kind: 'body', type: 'text/html', body: '<html>', status: 502 }, unavailable, 3],
  ['an error that never ends', { kind: 'endless', status: 500 }, unavailable, 3],
  ['429 for seconds', { kind: 'error', status: 429, headers: { 'retry-after': '17' } }, unavailable, 1],
  [
    '429 until a date',
    { kind: 'error', status: 429, headers: { 'retry-after': 'Fri, 01 Jan 2100 00:00:00 GMT' } },
    unavailable,
    1,
  ],
  ['429 for ages', { kind: 'error', status: 429, headers: { 'retry-after': '999999999' } }, unavailable, 1],
  ['429 for nonsense', { kind: 'error', status: 429, headers: { 'retry-after': '-1 parsecs' } }, unavailable, 3],
  ['a redirect', { kind: 'error', status: 307, headers: { location: 'http://127.0.0.1:9/' } }, unavailable, 3],
  ['401', { kind: 'error', status: 401 }, unavailable, 1],
];
