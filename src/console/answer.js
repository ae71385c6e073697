// What came of a question, and what can be asked about. Every value reaches the page through textContent, never as markup.

import { byId, element } from './page.js';

const NUMBERS = new Set(['integer', 'decimal', 'float']);
const TIMES = new Set(['date', 'time', 'datetime']);

/** The answer that is shown now; null where none is. */
let shown = null;

function classOf(column) {
  if (NUMBERS.has(column?.type)) return 'number';
  return TIMES.has(column?.type) ? 'time' : '';
}

function tableOf(answer) {
  const table = element('table');
  const head = table.createTHead().insertRow();
  for (const column of answer.columns) {
    const notes = [column.unit, column.masked ? 'masked' : null].filter(Boolean).join(', ');
    const cell = element('th', column.name, classOf(column));
    if (notes) cell.append(element('small', notes));
    cell.scope = 'col';
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of answer.rows) {
    const line = body.insertRow();
    row.forEach((value, index) => {
      const column = answer.columns[index];
      line.append(value === null ? element('td', 'none', 'null') : element('td', String(value), classOf(column)));
    });
  }
  return table;
}

function describeModel({ provider, failed }) {
  return failed.length > 0 ? `${provider}, after ${failed.join(', ')} failed` : provider;
}

/** Shows an answer of `/v1/ask` or `/v1/sql`. */
export function showAnswer(answer) {
  byId('asked').textContent = answer.question ?? '';
  byId('asked').hidden = answer.question === null;
  byId('sentence').textContent = answer.text;
  byId('choices').replaceChildren(
    ...answer.choices.map((choice) => {
      const button = element('button', choice);
      button.type = 'button';
      button.addEventListener('click', () => {
        byId('question').value = choice;
        byId('ask').requestSubmit();
      });
      const item = element('li');
      item.append(button);
      return item;
    }),
  );
  byId('choices').hidden = answer.choices.length === 0;
  byId('table').replaceChildren(...(answer.columns.length > 0 ? [tableOf(answer)] : []));
  byId('truncated').hidden = !answer.truncated;
  byId('explanation').textContent = answer.explanation;
  const { provenance } = answer;
  const facts = [
    ['Written by', provenance.translator],
    ...(provenance.model ? [['Provider', describeModel(provenance.model)]] : []),
    ['Tables', provenance.relations.join(', ') || 'none'],
    ['Row rules', provenance.policies.join(', ') || 'none'],
    ['Masked columns', provenance.masked_columns.join(', ') || 'none'],
    ['Policy version', provenance.policy_version],
    ['Rows', String(answer.row_count)],
  ];
  byId('provenance').replaceChildren(...facts.flatMap(([name, value]) => [element('dt', name), element('dd', value)]));
  byId('shown-sql').textContent = answer.sql ?? '';
  byId('shown-sql').hidden = answer.sql === null;
  byId('save-receipt').hidden = !answer.receipt;
  shown = answer;
  byId('answer').hidden = false;
}

// The answer as it came, with its receipt: what `swali receipt verify --answer` takes.
byId('save-receipt').addEventListener('click', () => {
  const link = element('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(shown)], { type: 'application/json' }));
  link.download = `swali-answer-${shown.id}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
});

// A table wider than the window scrolls, so the keyboard must reach it.
byId('table').tabIndex = 0;

/** Shows the tables of `/v1/schema`. */
export function showSchema(schema) {
  byId('relations').replaceChildren(
    ...schema.relations.map((relation) => {
      const part = element('details');
      part.append(
        element('summary', relation.description ? `${relation.name} – ${relation.description}` : relation.name),
      );
      const list = element('ul');
      for (const column of relation.columns) {
        const notes = [column.type, column.masked ? 'masked' : null, column.description].filter(Boolean).join(', ');
        list.append(element('li', `${column.name} (${notes})`));
      }
      part.append(list);
      return part;
    }),
  );
}

/** Takes away whatever was asked and answered. */
export function forgetAnswers() {
  byId('answer').hidden = true;
  shown = null;
  for (const id of ['schema', 'own-sql', 'facts']) byId(id).open = false;
  for (const id of ['ask', 'sql']) byId(id).reset();
  for (const id of ['relations', 'table', 'choices', 'provenance']) byId(id).replaceChildren();
  for (const id of ['asked', 'sentence', 'explanation', 'shown-sql']) byId(id).textContent = '';
}
