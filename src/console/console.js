// The small page at `/`: signs in, asks, shows the answer. It keeps nothing: who is signed in the cookies say, which no script
// reads, and what they are the server.

import { forgetAnswers, showAnswer, showSchema } from './answer.js';
import { call, isRefusal, readSignedIn, signIn, signOut, whenSessionChanges } from './api.js';
import { forgetLink, openLink, whenPasswordIsSet } from './mailed-links.js';
import { askForCompany, byId, companyOf, onSubmit, perform } from './page.js';
import { forgetSecondFactor, openSecondFactor, whenFactorIsSet } from './second-factor.js';
import { completeSignOn, forgetSignOn, showProviders, showSignOnFailure, whenCameBack } from './single-sign-on.js';

/** Takes everything of whoever was signed in off the page. */
function forgetEverything() {
  for (const id of ['sign-in', 'work', 'who', 'sign-out', 'to-factor', 'factor-demanded']) byId(id).hidden = true;
  byId('sign-in').reset();
  askForCode(false);
  askForCompany(false);
  forgetAnswers();
  forgetSecondFactor();
  forgetLink();
  forgetSignOn();
}

function showSignedOut() {
  forgetEverything();
  byId('sign-in').hidden = false;
}

/** Shows what an account may do. One that must have a second factor and has none may set it up, and nothing else. */
async function showSignedIn(me) {
  forgetEverything();
  byId('who').textContent = `Signed in as ${me.kind} ${me.identifier}`;
  byId('who').hidden = false;
  byId('sign-out').hidden = false;
  byId('own-sql').hidden = !me.permissions.includes('sql:write-own');
  if (me.lacks_second_factor) {
    byId('factor-demanded').hidden = false;
    await openSecondFactor();
  } else {
    byId('to-factor').hidden = false;
    byId('work').hidden = false;
    byId('question').focus();
  }
}

/** Shows who is signed in by now. */
async function showWhoeverIsSignedIn() {
  const me = await readSignedIn();
  if (me) await showSignedIn(me);
  else showSignedOut();
}

async function restore() {
  const isKnown = await perform('Looking who you are …', showWhoeverIsSignedIn);
  if (!isKnown && byId('who').hidden) byId('sign-in').hidden = false;
}

function askForCode(isAsked) {
  byId('code').hidden = !isAsked;
  byId('totp').required = isAsked;
  byId('totp').value = '';
  if (isAsked) byId('totp').focus();
}

onSubmit('sign-in', 'Signing in …', async (fields) => {
  const { kind, identifier, password, totp } = Object.fromEntries(fields);
  const account = { ...companyOf(fields), identifier };
  const code = totp.trim() === '' ? {} : { totp: totp.trim() };
  try {
    await showSignedIn(await signIn(`/v1/auth/${kind}/login`, { ...account, password, ...code }));
  } catch (error) {
    if (isRefusal(error, 'REQUEST_INVALID') && error.message.includes('tenant: is missing')) {
      askForCompany();
      byId('tenant').focus();
      throw new Error('Say which company you belong to.');
    }
    if (!isRefusal(error, 'AUTH_SECOND_FACTOR_REQUIRED')) throw error;
    askForCode(true);
  }
});

byId('sign-out').addEventListener('click', () => {
  perform('Signing out …', async () => {
    await signOut();
    showSignedOut();
    byId('identifier').focus();
  });
});

byId('to-factor').addEventListener('click', () => {
  if (byId('factor').hidden) perform('Looking …', openSecondFactor);
  else forgetSecondFactor();
});

onSubmit('ask', 'Looking …', async (fields) => {
  byId('answer').hidden = true;
  showAnswer(await call('POST', '/v1/ask', { question: fields.get('question') }));
});

onSubmit('sql', 'Running …', async (fields) => {
  byId('answer').hidden = true;
  showAnswer(await call('POST', '/v1/sql', { sql: fields.get('statement') }));
});

byId('schema').addEventListener('toggle', () => {
  if (!byId('schema').open || byId('relations').childElementCount > 0) return;
  perform('Reading the tables …', async () => showSchema(await call('GET', '/v1/schema')));
});

/** What stands behind the #, which is taken off the address at once: it may be a secret. */
function takeFragment() {
  const [name, ...value] = location.hash.slice(1).split('=');
  if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search);
  return { name, value: value.join('=') };
}

async function open() {
  const { name, value } = takeFragment();
  if (name === 'invitation' || name === 'reset') {
    forgetEverything();
    openLink(name, value);
  } else if (name === 'signed-in' || name === 'sso-code') {
    forgetEverything();
    if (!(await completeSignOn())) showSignedOut();
  } else {
    await restore();
    if (name === 'sso-failed') showSignOnFailure(value);
  }
}

whenSessionChanges(restore);
whenFactorIsSet(restore);
whenPasswordIsSet(showSignedOut);
whenCameBack(showSignedIn);
window.addEventListener('hashchange', () => {
  if (location.hash !== '') open();
});
showProviders();
open();
