import type { EvalReport } from './report.js';
import type { Score } from './score.js';

const percent = (share: number | null): string => (share === null ? '–' : `${(100 * share).toFixed(1)} %`);

const HEADINGS = '| questions | answered | refused | failed | right | accuracy | precision |';

function cells({ questions, answered, refused, failed, right, execution_accuracy, precision }: Score): string {
  const counts = [questions, answered, refused, failed, right];
  return `${counts.join(' | ')} | ${percent(execution_accuracy)} | ${percent(precision)} |`;
}

/** Text in a table or a list: what would end the cell or the line is taken from it. */
function inline(text: string | null): string {
  if (text === null) return '–';
  return text.replace(/\s+/gu, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;').trim();
}

/** A statement as code: a backtick in it would end the span, so the span takes longer ones. */
function code(text: string | null): string {
  if (text === null) return '–';
  const line = text.replace(/\s+/gu, ' ').trim();
  const longest = Math.max(0, ...[...line.matchAll(/`+/gu)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest > 0 ? `${fence} ${line} ${fence}` : `${fence}${line}${fence}`;
}

function table(title: string, column: string, scores: Readonly<Record<string, Score>>): readonly string[] {
  return [
    `## ${title}`,
    '',
    `| ${column} ${HEADINGS}`,
    '| --- | --: | --: | --: | --: | --: | --: | --: |',
    ...Object.entries(scores).map(([name, score]) => `| ${inline(name)} | ${cells(score)}`),
    '',
  ];
}

function counts(title: string, reasons: Readonly<Record<string, number>>): readonly string[] {
  const entries = Object.entries(reasons);
  if (entries.length === 0) return [];
  return [`## ${title}`, '', ...entries.map(([reason, count]) => `- ${reason}: ${count}`), ''];
}

/** The report for people to read, in Markdown. */
export function writeReport(report: EvalReport): string {
  const { run, tokens, cost, latency_ms: latency, refusals } = report;
  const model = run.model === null ? '' : `, model ${code(run.model)}`;
  const failures = Object.entries(report.first_failures).flatMap(([reason, shown]) => [
    `### ${reason} (${report.failures[reason] ?? shown.length})`,
    '',
    ...shown.flatMap((failure) => [
      `- ${inline(failure.id)} (${inline(failure.database)}, ${inline(failure.hardness)}): ${inline(failure.question)}`,
      `  - gold ${code(failure.gold)}`,
      `  - ours ${code(failure.sql)}${failure.detail === null ? '' : ` — ${inline(failure.detail)}`}`,
    ]),
    '',
  ]);
  return [
    '# Evaluation',
    '',
    `${inline(run.file)}, translator ${run.translator}${model}, asked as ${inline(run.as)}, finished ${run.finished_at}.`,
    '',
    HEADINGS,
    '| --: | --: | --: | --: | --: | --: | --: |',
    `| ${cells(report)}`,
    '',
    'Accuracy is right of all questions, precision right of those answered.',
    '',
    `- Valid SQL: ${percent(report.valid_sql_rate)} of the statements that were written`,
    `- Unanswerable questions: ${refusals.unanswerable}, refused ${refusals.unanswerable_refused}; precision of refusals ${percent(refusals.precision)}`,
    `- Statements sent back to the model: ${report.repairs}`,
    `- Tokens: ${tokens.prompt} of prompts, ${tokens.completion} of answers`,
    `- Cost: ${cost === null ? 'no prices given' : String(cost.total)}`,
    `- Latency: p50 ${latency.p50 ?? '–'} ms, p95 ${latency.p95 ?? '–'} ms`,
    '',
    ...table('By hardness', 'hardness', report.by_hardness),
    ...table('By translator', 'translator', report.by_translator),
    ...table('By database', 'database', report.by_database),
    ...counts('Not right, by reason', report.failures),
    ...counts('Not judged, by reason', report.skipped),
    ...(failures.length > 0 ? ['## First failures', '', ...failures] : []),
  ].join('\n');
}
