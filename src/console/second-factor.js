// Sets up a second factor: an app's secret as a picture and as text, a code to confirm it, and recovery codes, shown once.

import { call } from './api.js';
import { byId, element, onSubmit } from './page.js';

/** The parts of the section; one of them is shown at a time. */
const STEPS = ['factor-begin', 'factor-confirm', 'factor-codes'];

/** What is done once the factor is in force and its recovery codes are kept. */
let onDone = () => {};

/** Tells this module what to do then. */
export function whenFactorIsSet(work) {
  onDone = work;
}

function showStep(shown) {
  for (const id of STEPS) byId(id).hidden = id !== shown;
}

/** Opens the section, with what is in force. */
export async function openSecondFactor() {
  forgetSecondFactor();
  const { confirmed, recovery_codes_left: left } = await call('GET', '/v1/auth/second-factor');
  byId('factor-state').textContent = confirmed
    ? `A second factor is in force, with ${left} recovery codes left. A new one takes its place.`
    : 'There is none yet. With one, a code of an app on your telephone is asked for beside your password.';
  byId('factor-present').hidden = !confirmed;
  byId('factor-present-code').required = confirmed;
  showStep('factor-begin');
  byId('factor').hidden = false;
}

/** Closes the section and takes every secret off the page. */
export function forgetSecondFactor() {
  byId('factor').hidden = true;
  for (const id of ['factor-begin', 'factor-confirm']) byId(id).reset();
  byId('factor-picture').removeAttribute('src');
  byId('factor-secret').textContent = '';
  byId('factor-code-list').replaceChildren();
}

onSubmit('factor-begin', 'Drawing a secret …', async (fields) => {
  const code = String(fields.get('totp') ?? '').trim();
  const setup = await call('POST', '/v1/auth/second-factor', code === '' ? {} : { totp: code });
  byId('factor-picture').src = setup.qr;
  byId('factor-secret').textContent = setup.secret;
  byId('factor-begin').reset();
  showStep('factor-confirm');
  byId('factor-code').focus();
});

onSubmit('factor-confirm', 'Confirming …', async (fields) => {
  const totp = String(fields.get('totp')).trim();
  const { recovery_codes: codes } = await call('POST', '/v1/auth/second-factor/confirm', { totp });
  byId('factor-picture').removeAttribute('src');
  byId('factor-secret').textContent = '';
  byId('factor-confirm').reset();
  byId('factor-state').textContent = 'The second factor is in force.';
  byId('factor-code-list').replaceChildren(...codes.map((code) => element('li', code)));
  showStep('factor-codes');
  byId('factor-done').focus();
});

byId('factor-done').addEventListener('click', () => {
  forgetSecondFactor();
  onDone();
});
