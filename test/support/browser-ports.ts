import { createCsrf } from '../../src/http/csrf.js';
import type { CallerPorts } from '../../src/http/read-caller.js';
import { createSessionCookies } from '../../src/http/session-cookies.js';

/** What signs browsers in, by plain http, over no store: no refresh token has a session. */
export function createBrowserPorts(): Omit<CallerPorts, 'authenticate'> {
  const cookies = createSessionCookies(false);
  return { cookies, csrf: createCsrf({ keys: ['k'.repeat(44)], cookies }), sessionOf: async () => null };
}
