// Calls the API as the browser's cookies say. The tokens stand in cookies that no script reads; this module holds only the
// CSRF token, which is worth nothing without them, and is asked for again when the page is loaded anew.

/** @type {string | null} Null while nobody is signed in. */
let csrfToken = null;
/** @type {Promise<void> | null} */
let refreshing = null;

const windows = new BroadcastChannel('swali-session');

/** What is done when it turns out that somebody else, or nobody, is signed in by now. */
let onChange = () => {};

/** Tells this module what to do then. Other windows of the page say so to each other. */
export function whenSessionChanges(work) {
  onChange = work;
  windows.onmessage = () => work();
}

/** A refusal in the API's own words. */
class Refusal extends Error {
  constructor(status, problem) {
    const words = problem?.detail ?? `The request failed with status ${status}.`;
    super(problem?.code ? `${words} [${problem.code}]` : words);
    this.status = status;
    this.code = problem?.code ?? null;
  }
}

/** Whether an error is the API's refusal with one of these codes. */
export function isRefusal(error, ...codes) {
  return error instanceof Refusal && codes.includes(error.code);
}

const isSessionOver = (error) => isRefusal(error, 'AUTH_TOKEN_INVALID', 'AUTH_REQUIRED');

async function send(method, path, body) {
  const headers = { accept: 'application/json' };
  if (method !== 'GET' && csrfToken !== null) headers['x-csrf-token'] = csrfToken;
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
    });
  } catch {
    throw new Error('The gateway cannot be reached. Try again shortly.');
  }
  const reply = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new Refusal(response.status, reply);
  return reply;
}

/**
 * Exchanges the refresh token, which works once: of several windows one does it at a time, or each would take the other's
 * for stolen.
 */
function refresh() {
  const exchange = async () => {
    csrfToken = (await send('POST', '/v1/auth/refresh', {})).csrf_token;
  };
  refreshing ??= (navigator.locks ? navigator.locks.request('swali-refresh', exchange) : exchange()).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** Calls the API. Where the access token has run out it is refreshed, once; a refusal becomes an Error with its public words. */
export async function call(method, path, body) {
  try {
    return await send(method, path, body);
  } catch (error) {
    if (isRefusal(error, 'AUTH_CSRF_INVALID')) onChange();
    if (!isSessionOver(error) || csrfToken === null) throw error;
  }
  try {
    await refresh();
  } catch (error) {
    if (!(error instanceof Refusal) || error.status >= 500 || error.status === 429) throw error;
    csrfToken = null;
    onChange();
    throw new Error('You are no longer signed in. Sign in again.');
  }
  return send(method, path, body);
}

/** Who is signed in, as `/v1/auth/me` tells it; null where nobody is. */
export async function readSignedIn() {
  csrfToken = null;
  try {
    csrfToken = (await send('GET', '/v1/auth/csrf')).csrf_token;
    return await call('GET', '/v1/auth/me');
  } catch (error) {
    if (isSessionOver(error)) return null;
    throw error;
  }
}

/** Signs in at an endpoint that can, and tells who is signed in. */
export async function signIn(path, body) {
  csrfToken = (await send('POST', path, { ...body, session: 'cookie' })).csrf_token;
  windows.postMessage('changed');
  return call('GET', '/v1/auth/me');
}

/** Ends the session. Where that fails the cookies are still there, so it must not look as if it had worked. */
export async function signOut() {
  await call('POST', '/v1/auth/logout', {});
  csrfToken = null;
  windows.postMessage('changed');
}
