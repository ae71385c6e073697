// The small page at `/`: signs in, asks, shows the answer. Every value reaches the page through textContent, never as
// markup. The access token lives in this module's memory only and is gone when the page is.

const byId = (id) => document.getElementById(id);

/** @type {{ access: string, refresh: string | null, kind: string } | null} */
let session = null;

/** Calls the API; a problem document becomes an Error with its public words. */
async function call(method, path, body) {
  const headers = { accept: 'application/json' };
  if (session) headers.authorization = `Bearer ${session.access}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'omit',
    });
  } catch {
    throw new Error('The gateway cannot be reached. Try again shortly.');
  }
  const reply = response.status === 204 ? null : await response.json().catch(() => null);
  if (response.ok) return reply;
  if (response.status === 401 && session) showSignedOut();
  const words = reply?.detail ?? `The request failed with status ${response.status}.`;
  throw new Error(reply?.code ? `${words} [${reply.code}]` : words);
}

/** Runs what a form or button asks for, with the status said and every error shown. */
async function perform(label, work) {
  byId('problem').hidden = true;
  byId('status').textContent = label;
  document.body.setAttribute('aria-busy', 'true');
  try {
    await work();
  } catch (error) {
    byId('problem').textContent = error instanceof Error ? error.message : 'Something went wrong.';
    byId('problem').hidden = false;
  } finally {
    byId('status').textContent = '';
    document.body.removeAttribute('aria-busy');
  }
}

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function showSignedIn(kind, identifier) {
  byId('sign-in').hidden = true;
  byId('work').hidden = false;
  byId('sign-out').hidden = false;
  byId('who').hidden = false;
  byId('who').textContent = `Signed in as ${kind} ${identifier}`;
  byId('own-sql').hidden = kind === 'customer';
  byId('question').focus();
}

function showSignedOut() {
  session = null;
  for (const id of ['work', 'sign-out', 'who', 'answer']) byId(id).hidden = true;
  byId('relations').replaceChildren();
  for (const id of ['schema', 'own-sql', 'facts']) byId(id).open = false;
  for (const id of ['ask', 'sql']) byId(id).reset();
  for (const id of ['table', 'choices', 'provenance']) byId(id).replaceChildren();
  for (const id of ['asked', 'sentence', 'explanation', 'shown-sql']) byId(id).textContent = '';
  byId('sign-in').hidden = false;
  byId('identifier').focus();
}

const NUMBERS = new Set(['integer', 'decimal', 'float']);
const TIMES = new Set(['date', 'time', 'datetime']);

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

function showAnswer(answer) {
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
    ['Tables', provenance.relations.join(', ') || 'none'],
    ['Row rules', provenance.policies.join(', ') || 'none'],
    ['Masked columns', provenance.masked_columns.join(', ') || 'none'],
    ['Policy version', provenance.policy_version],
    ['Rows', String(answer.row_count)],
  ];
  byId('provenance').replaceChildren(...facts.flatMap(([name, value]) => [element('dt', name), element('dd', value)]));
  byId('shown-sql').textContent = answer.sql ?? '';
  byId('shown-sql').hidden = answer.sql === null;
  byId('answer').hidden = false;
}

// A table wider than the window scrolls, so the keyboard must reach it.
byId('table').tabIndex = 0;

function showSchema(schema) {
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

byId('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  const fields = new FormData(byId('sign-in'));
  const kind = String(fields.get('kind'));
  const identifier = String(fields.get('identifier'));
  perform('Signing in …', async () => {
    const password = String(fields.get('password'));
    const tokens = await call('POST', `/v1/auth/${kind}/login`, { identifier, password });
    session = { access: tokens.access_token, refresh: tokens.refresh_token ?? null, kind };
    byId('sign-in').reset();
    showSignedIn(kind, identifier);
  });
});

byId('sign-out').addEventListener('click', () => {
  perform('Signing out …', async () => {
    const refresh = session?.refresh;
    try {
      if (refresh) await call('POST', '/v1/auth/logout', { refresh_token: refresh });
    } finally {
      showSignedOut();
    }
  });
});

byId('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  const question = byId('question').value;
  perform('Looking …', async () => {
    byId('answer').hidden = true;
    showAnswer(await call('POST', '/v1/ask', { question }));
  });
});

byId('sql').addEventListener('submit', (event) => {
  event.preventDefault();
  const sql = byId('statement').value;
  perform('Running …', async () => {
    byId('answer').hidden = true;
    showAnswer(await call('POST', '/v1/sql', { sql }));
  });
});

byId('schema').addEventListener('toggle', () => {
  if (!byId('schema').open || byId('relations').childElementCount > 0) return;
  perform('Reading the tables …', async () => showSchema(await call('GET', '/v1/schema')));
});
