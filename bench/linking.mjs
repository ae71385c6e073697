/**
 * How much of what a question needs the schema linker shows, and what it costs.
 *
 *   EVAL_DATA_DIR=… node bench/linking.mjs [TOKENS]
 *
 * Two catalogs: one of 1 000 relations that is made from a seed (`bench/linking/made-catalog.mjs` says how), and every database
 * of Spider-train merged into one of 699 relations (`bench/linking/merged-spider.mjs`), with the questions as published, in
 * the other words of Spider-Syn, and with the names that collide numbered instead of told apart by their database.
 *
 * Recall is the micro-average over all gold relations (columns) of all questions; `covered` is the share of questions of
 * which every gold relation and column is shown. Tokens are those of the whole schema text by the tokenizer of OpenAI's
 * current models (o200k), shared values included. `values`: the asker is known to see the values that the owner shares, here those of text
 * columns with at most 50 distinct ones; a gateway knows them of a column once it has read them.
 * To reach at 1 500 tokens: relations 97 %, columns 93 %.
 *
 * Behind it: milliseconds of the offline translator over the part that it is handed of each catalog.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { makeCatalogSet } from './linking/made-catalog.mjs';
import { measureLinking } from './linking/measure.mjs';
import { mergeSpider } from './linking/merged-spider.mjs';

execFileSync(process.execPath, [fileURLToPath(new URL('../build-if-stale.mjs', import.meta.url))]);
const modules = {};
for (const path of [
  'catalog/read-catalog',
  'catalog/build-catalog',
  'sql/fold-name',
  'sql/parser',
  'sql/bind',
  'sql/functions',
  'translate/link/link-schema',
  'translate/link/value-index',
  'translate/link/count-tokens',
  'translate/link-step',
  'translate/write-schema',
  'translate/fit-values',
  'translate/offline/translate-offline',
]) {
  Object.assign(modules, await import(`../dist/${path}.js`));
}

const TOKENS = Number(process.argv[2] ?? 1500);
/** Questions that the offline translator is asked. */
const OFFLINE = 300;

const percent = (share) => `${(100 * share).toFixed(2)} %`.padStart(9);
const short = (number) => number.toFixed(1).padStart(7);

async function printSet(name, set, text) {
  for (const withValues of [true, false]) {
    const found = await measureLinking(set, modules, { text, withValues, tokens: TOKENS });
    console.log(
      `${`${name}, ${withValues ? 'values' : 'no values'}`.padEnd(44)} ${String(found.questions).padStart(5)} asked | relations ${percent(found.relationRecall)} of ${found.goldRelations} | columns ${percent(found.columnRecall)} of ${found.goldColumns} | covered ${percent(found.fullyCovered)} | tokens mean ${found.meanTokens.toFixed(0)} max ${found.maxTokens} | ms first ${short(found.firstMs)} median ${short(found.medianMs)} p99 ${short(found.p99Ms)}`,
    );
  }
}

async function printOffline(name, set, dialect) {
  const step = modules.createLinkStep({ readSharedValues: null, tokens: TOKENS });
  const principal = {
    kind: 'admin',
    subject: 'admin:1',
    role: null,
    claims: new Map(),
    allowTables: null,
    tenant: null,
  };
  const today = { year: 2026, month: 3, day: 15 };
  const times = [];
  const gap = Math.max(1, Math.floor(set.questions.length / OFFLINE));
  for (const { texts } of set.questions.filter((_, at) => at % gap === 0)) {
    const request = {
      question: texts.question,
      view: set.view,
      principal,
      turns: [],
      feedback: [],
      signal: new AbortController().signal,
    };
    const started = performance.now();
    const known = await step.forOffline(request, []);
    modules.translateOffline({
      question: texts.question,
      principal,
      dialect,
      currency: null,
      today,
      metrics: [],
      ...known,
    });
    times.push(performance.now() - started);
  }
  const sorted = times.toSorted((a, b) => a - b);
  console.log(
    `offline over ${name}: ${times.length} asked | ms median ${short(sorted[Math.floor(sorted.length / 2)])} worst ${short(sorted.at(-1))}`,
  );
}

const made = makeCatalogSet(modules);
await printSet(`made, ${made.view.relations.size} relations`, made, 'question');
const folder = process.env.EVAL_DATA_DIR;
if (folder) {
  const merged = await mergeSpider(folder, modules);
  console.log(
    `Spider-train: ${merged.databases} databases, ${merged.view.relations.size} relations; ${merged.unread} golds are not read by the gateway and left out`,
  );
  await printSet('Spider, as published', merged, 'question');
  await printSet('Spider, in other words', merged, 'paraphrase');
  await printSet('Spider, as published, numbered', await mergeSpider(folder, modules, 'numbered'), 'question');
  await printOffline('merged Spider', merged, 'sqlite');
} else {
  console.warn('EVAL_DATA_DIR is unset: merged Spider is SKIPPED');
}
await printOffline('the made catalog', made, 'mysql');
