// What every part of the page does with it.

/** The element of that id, which the page has. */
export const byId = (id) => document.getElementById(id);

/** A new element with text in it. */
export function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** Runs what a form or button asks for, with the status said and every error shown. Tells whether it went well. */
export async function perform(label, work) {
  byId('problem').hidden = true;
  byId('notice').hidden = true;
  byId('status').textContent = label;
  document.body.setAttribute('aria-busy', 'true');
  try {
    await work();
    return true;
  } catch (error) {
    showProblem(error instanceof Error ? error.message : 'Something went wrong.');
    return false;
  } finally {
    byId('status').textContent = '';
    document.body.removeAttribute('aria-busy');
  }
}

/** Does work when a form is submitted, and nothing else. */
export function onSubmit(id, label, work) {
  byId(id).addEventListener('submit', (event) => {
    event.preventDefault();
    perform(label, () => work(new FormData(byId(id))));
  });
}

/** Whose people the address of the page is for, `/?tenant=acme`; empty where it does not say. */
const ADDRESSED = new URLSearchParams(location.search).get('tenant') ?? '';

/** The same as the API takes it in an address. */
export const ADDRESSED_QUERY = ADDRESSED === '' ? '' : `?tenant=${encodeURIComponent(ADDRESSED)}`;

/** Shows the field for the company, with what the address of the page says. */
export function askForCompany(isAsked = true) {
  byId('company').hidden = !isAsked && ADDRESSED === '';
  byId('tenant').required = !byId('company').hidden;
  if (byId('tenant').value === '') byId('tenant').value = ADDRESSED;
}

/** The company that is typed, as the API takes it; nothing where none is. */
export function companyOf(fields) {
  const tenant = String(fields.get('tenant') ?? '').trim();
  return tenant === '' ? {} : { tenant };
}

/** Says what went wrong. */
export function showProblem(text) {
  byId('problem').textContent = text;
  byId('problem').hidden = false;
}

/** Says what went well and cannot be seen. */
export function showNotice(text) {
  byId('notice').textContent = text;
  byId('notice').hidden = false;
}
