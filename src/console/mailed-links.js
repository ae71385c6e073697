// What links in messages lead to: `/#invitation=TOKEN` and `/#reset=TOKEN`. The token stands behind the #, which browsers send
// to no server, and is taken off the address before anything else.

import { call } from './api.js';
import { byId, companyOf, onSubmit, perform, showNotice } from './page.js';

const LINKS = {
  invitation: {
    path: '/v1/auth/invitations/accept',
    why: 'You have been invited. Choose the password that you will sign in with.',
  },
  reset: { path: '/v1/auth/password/reset', why: 'Choose a new password. All your sessions end with the old one.' },
};

/** @type {{ path: string, token: string } | null} */
let link = null;

/** What is done once the password is set. */
let onDone = () => {};

/** Tells this module what to do then. */
export function whenPasswordIsSet(work) {
  onDone = work;
}

/** Opens the form to set a password. @param name key of {@link LINKS} */
export function openLink(name, token) {
  const { path, why } = LINKS[name];
  link = { path, token };
  byId('set-password-why').textContent = why;
  byId('set-password').hidden = false;
  byId('new-password').focus();
}

/** Closes the form; the token is forgotten. */
export function forgetLink() {
  link = null;
  byId('set-password').reset();
  byId('set-password').hidden = true;
}

onSubmit('set-password', 'Setting the password …', async (fields) => {
  const password = String(fields.get('password'));
  if (password !== String(fields.get('again'))) throw new Error('The two passwords differ. Type the same one twice.');
  await call('POST', link.path, { token: link.token, password });
  forgetLink();
  await onDone();
  showNotice('Your password is set. Sign in with it.');
});

byId('forgot').addEventListener('click', () => {
  const identifier = byId('identifier');
  if (!identifier.reportValidity()) return;
  const fields = new FormData(byId('sign-in'));
  const kind = String(fields.get('kind'));
  perform('Asking for a link …', async () => {
    await call('POST', '/v1/auth/password/forgot', { ...companyOf(fields), kind, identifier: identifier.value });
    showNotice('If there is such an account, a message with a link is on its way to its e-mail address.');
  });
});
