import type { Answer, AnswerColumn } from '../domain/answer.js';
import type { ResultValue } from '../domain/result-set.js';

/** Widest cell, in columns of the terminal; longer text is cut with an ellipsis. */
const MAX_CELL_WIDTH = 60;

/** Rows that are printed; a terminal is not an export. */
const MAX_PRINTED_ROWS = 200;

/** Characters that move the cursor, colour the screen or turn the reading direction. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]|\p{Emoji_Presentation}/u;

/** No column of its own: combining marks and joiners. */
const NARROW = /[\p{Mn}\p{Me}]|\u200b|\u200c|\u200d/u;

const NUMBERS: ReadonlySet<string> = new Set(['integer', 'decimal', 'float']);

const SEGMENTS = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Makes text from anywhere safe to print on a terminal: control characters become visible. */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The answer for a terminal: table, sentence, and how it was answered. Ends with a line break. */
export function printAnswer(answer: Answer): string {
  const parts: string[] = [];
  if (answer.columns.length > 0) parts.push(printTable(answer.columns, answer.rows));
  const notes: string[] = [printable(answer.text)];
  for (const choice of answer.choices) notes.push(`  - ${printable(choice)}`);
  const hidden = answer.rows.length - MAX_PRINTED_ROWS;
  if (hidden > 0) notes.push(`${hidden} more rows are not printed here.`);
  if (answer.truncated) notes.push('The answer was cut at the row limit; there are more rows.');
  parts.push(notes.join('\n'));
  parts.push(printHow(answer));
  return `${parts.join('\n\n')}\n`;
}

function printModel(model: Answer['provenance']['model']): string {
  if (model === null) return '';
  const failed = model.failed.length > 0 ? `, after ${model.failed.join(', ')} failed` : '';
  return ` (${model.provider}${failed})`;
}

function printHow(answer: Answer): string {
  const { provenance } = answer;
  const list = (names: readonly string[]): string => (names.length > 0 ? names.map(printable).join(', ') : 'none');
  const lines = [
    `How: ${printable(answer.explanation)}`,
    `  translator      ${provenance.translator}${printModel(provenance.model)}`,
    `  tables          ${list(provenance.relations)}`,
    `  row rules       ${list(provenance.policies)}`,
    `  masked columns  ${list(provenance.masked_columns)}`,
    `  policy version  ${provenance.policy_version}`,
    `  time            ${Object.entries(answer.timings_ms)
      .map(([stage, ms]) => `${stage} ${ms.toFixed(1)} ms`)
      .join(', ')}`,
  ];
  if (answer.usage.prompt_tokens > 0) {
    lines.push(`  tokens          ${answer.usage.prompt_tokens} in, ${answer.usage.completion_tokens} out`);
  }
  if (answer.sql !== null) {
    lines.push(`  SQL             ${answer.sql.split('\n').map(printable).join('\n                  ')}`);
  }
  return lines.join('\n');
}

function printTable(columns: readonly AnswerColumn[], rows: readonly (readonly ResultValue[])[]): string {
  const heads = columns.map((column) => clip(printable(column.unit ? `${column.name} (${column.unit})` : column.name)));
  const cells = rows
    .slice(0, MAX_PRINTED_ROWS)
    .map((row) => row.map((value, index) => printCell(value, columns[index]?.type)));
  const widths = heads.map((head, index) =>
    cells.reduce((widest, row) => Math.max(widest, widthOf(row[index] ?? '')), widthOf(head)),
  );
  const line = (values: readonly string[], align: boolean): string =>
    values
      .map((value, index) => pad(value, widths[index] ?? 0, align && NUMBERS.has(columns[index]?.type ?? '')))
      .join('  ')
      .trimEnd();
  return [
    line(heads, true),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...cells.map((row) => line(row, true)),
  ].join('\n');
}

function printCell(value: ResultValue, type: string | undefined): string {
  if (value === null) return 'NULL';
  return clip(printable(typeof value === 'number' && type === 'float' ? shortenFloat(value) : String(value)));
}

/** Decimals of a floating-point number that a reader can use; below one, digits that say something. */
const FLOAT_DIGITS = 6;

/** For the eye alone: the answer itself keeps every digit. */
function shortenFloat(value: number): string {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e21) return String(value);
  return String(Number(Math.abs(value) < 1 ? value.toPrecision(FLOAT_DIGITS) : value.toFixed(FLOAT_DIGITS)));
}

function clip(text: string): string {
  if (widthOf(text) <= MAX_CELL_WIDTH) return text;
  let kept = '';
  for (const { segment } of SEGMENTS.segment(text)) {
    if (widthOf(kept + segment) > MAX_CELL_WIDTH - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return right ? space + text : text + space;
}

/** Columns that a text takes on a terminal, as nearly as can be told without asking it. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (WIDE.test(character)) width += 2;
    else if (!NARROW.test(character)) width += 1;
  }
  return width;
}
