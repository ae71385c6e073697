/**
 * A language model that knows the answers: an OpenAI-compatible server that replies to each question of a set with its gold.
 * What `swali eval` loses with it is the gateway's own loss, not a model's.
 *
 *   node bench/scripted-model.mjs QUESTIONS.jsonl [PORT]
 *
 * It prints its address as OPENAI_BASE_URL takes it. The question is what stands between `<question>` and `</question>` in
 * the last message of the user that has it; where there is no such thing, the longest known question that the message
 * contains. Words such as WithheldEmail1 stand for what the gateway keeps back, and so they do in the reply. Several
 * databases may have the same question: the one whose tables the prompt names is meant.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

/** As the gateway writes a question into a prompt: white space folded, and nothing that could close the delimiter. */
const fold = (question) => question.replace(/\s+/gu, ' ').trim().replace(/</g, '‹').replace(/>/g, '›');

function readGold(file) {
  const text = readFileSync(file, 'utf8');
  const entries = text.trimStart().startsWith('[')
    ? JSON.parse(text)
    : text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line));
  const byQuestion = new Map();
  for (const entry of entries) {
    const note = entry.evidence?.trim() ? ` (Note: ${entry.evidence.trim()})` : '';
    const question = fold(entry.question + note);
    const gold = { sqlite: entry.sql ?? entry.SQL ?? entry.query ?? null, mysql: entry.sql_mysql ?? null };
    byQuestion.set(question, [...(byQuestion.get(question) ?? []), gold]);
  }
  return byQuestion;
}

const textOf = (content) =>
  typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join('');

/** What the gateway writes in the place of an e-mail address, a phone or a card number. */
const WITHHELD = /\bWithheld[A-Za-z]+\d+\b/g;

/** The known question that a question with words in the place of others is, and what each word stands for; null where none is. */
function findWithheld(question, longestFirst) {
  const words = question.match(WITHHELD);
  if (!words) return null;
  const parts = question.split(WITHHELD).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const form = new RegExp(`^${parts.join('(.+?)')}$`);
  for (const known of longestFirst) {
    const found = known.match(form);
    if (found) return { question: known, stands: words.map((word, at) => [found[at + 1], word]) };
  }
  return null;
}

/** The question that the messages ask, and what each word in it stands for; null where it is none that is known. */
function findQuestion(messages, byQuestion, longestFirst) {
  const asked = messages.filter(({ role }) => role === 'user').map(({ content }) => textOf(content));
  for (const text of asked.toReversed()) {
    const stated = text.match(/<question>([\s\S]*)<\/question>/)?.[1];
    if (stated !== undefined && byQuestion.has(fold(stated))) return { question: fold(stated), stands: [] };
    const folded = fold(stated ?? text);
    const withheld = findWithheld(folded, longestFirst);
    if (withheld) return withheld;
    const contained = longestFirst.find((question) => folded.includes(question));
    if (contained !== undefined) return { question: contained, stands: [] };
  }
  return null;
}

/** Words after FROM and JOIN: the tables of a statement, near enough to tell databases apart. */
const tablesOf = (sql) => [...sql.matchAll(/\b(?:from|join)\s+["`]?(\w+)/giu)].map(([, name]) => name.toLowerCase());

/** Of several golds the one whose tables the prompt names most of. */
function chooseGold(golds, prompt, dialect) {
  const words = new Set(prompt.toLowerCase().match(/\w+/g));
  const known = golds.map((gold) => gold[dialect]).filter((sql) => sql !== null);
  const share = (sql) => {
    const tables = tablesOf(sql);
    return tables.filter((name) => words.has(name)).length / Math.max(1, tables.length);
  };
  return known.reduce((best, sql) => (best === null || share(sql) > share(best) ? sql : best), null);
}

/**
 * Starts the server on the loop-back address.
 *
 * @param {string} file questions with their gold, in any form that `swali eval` reads
 * @param {number} [port] a free one where it is 0
 * @returns {Promise<{ baseUrl: string, asked: () => number, unknown: () => readonly string[], close: () => Promise<void> }>}
 */
export async function startScriptedModel(file, port = 0) {
  const byQuestion = readGold(file);
  const longestFirst = [...byQuestion.keys()].sort((left, right) => right.length - left.length);
  let asked = 0;
  const unknown = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      asked += 1;
      const { messages, model } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      const found = findQuestion(messages, byQuestion, longestFirst);
      const prompt = messages.map(({ content }) => textOf(content)).join('\n');
      const dialect = /\b(?:MySQL|MariaDB)\b/.test(prompt) ? 'mysql' : 'sqlite';
      const gold = found && chooseGold(byQuestion.get(found.question), prompt, dialect);
      const sql = gold && found.stands.reduce((text, [value, word]) => text.replaceAll(value, word), gold);
      if (found === null) unknown.push(textOf(messages.at(-1)?.content).slice(0, 200));
      const answer =
        sql === null
          ? { kind: 'refuse', sql: null, message: 'These tables do not say.', choices: [] }
          : { kind: 'sql', sql, message: null, choices: [] };
      const content = JSON.stringify(answer);
      // About four characters a token, as a server would count them.
      const usage = { prompt_tokens: Math.ceil(prompt.length / 4), completion_tokens: Math.ceil(content.length / 4) };
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          id: `chatcmpl-${asked}`,
          object: 'chat.completion',
          created: 1,
          model,
          choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content, refusal: null } }],
          usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
        }),
      );
    });
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${server.address().port}/v1`,
    asked: () => asked,
    unknown: () => unknown,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, port = '0'] = process.argv.slice(2);
  if (!file) {
    console.error('node bench/scripted-model.mjs QUESTIONS.jsonl [PORT]');
    process.exit(2);
  }
  const { baseUrl } = await startScriptedModel(file, Number(port));
  console.log(baseUrl);
}
