// Signing in with somebody else's sign-in page: links that lead there, and what is done with whoever comes back.

import { call, isRefusal, signIn } from './api.js';
import { ADDRESSED_QUERY, byId, element, onSubmit, perform, showProblem } from './page.js';

const COMPLETE = '/v1/auth/sso/complete';

/** What is done once somebody is signed in. */
let onSignedIn = () => {};

/** Tells this module what to do then. */
export function whenCameBack(work) {
  onSignedIn = work;
}

/** Shows a link for each provider; a gateway without any has no such links. */
export async function showProviders() {
  const { providers } = await call('GET', `/v1/auth/sso${ADDRESSED_QUERY}`).catch(() => ({ providers: [] }));
  byId('providers').replaceChildren(
    ...providers.map(({ name, label, kind }) => {
      const link = element('a', `Continue with ${label ?? name} (${kind})`, 'button');
      link.href = `/v1/auth/sso/${encodeURIComponent(name)}/start`;
      const item = element('li');
      item.append(link);
      return item;
    }),
  );
  byId('single-sign-on').hidden = providers.length === 0;
}

/** Completes the sign-in of whoever came back from a provider. Tells whether they are signed in, or asked for a code. */
export async function completeSignOn() {
  let isAsked = false;
  const isDone = await perform('Signing in …', async () => {
    try {
      onSignedIn(await signIn(COMPLETE, {}));
    } catch (error) {
      if (!isRefusal(error, 'AUTH_SECOND_FACTOR_REQUIRED')) throw error;
      isAsked = true;
      byId('provider-code').hidden = false;
      byId('provider-totp').focus();
    }
  });
  return isDone || isAsked;
}

/** Says that it did not work. What stands in the address may be anybody's words: a code alone is shown. */
export function showSignOnFailure(code) {
  const known = /^[A-Z_]{1,64}$/.test(code) ? ` [${code}]` : '';
  showProblem(`Signing in with the provider did not work.${known}`);
}

/** Closes the form for the code. */
export function forgetSignOn() {
  byId('provider-code').reset();
  byId('provider-code').hidden = true;
}

onSubmit('provider-code', 'Signing in …', async (fields) => {
  const me = await signIn(COMPLETE, { totp: String(fields.get('totp')).trim() });
  forgetSignOn();
  onSignedIn(me);
});
