/** A browser as far as single sign-on needs one: it keeps cookies for each host, and goes where it is told one step at a time. */
export interface SmallBrowser {
  /** Goes to an address, without following redirects. */
  get(address: string): Promise<Response>;
  /** Posts a form, as a page does. */
  postForm(address: string, fields: Readonly<Record<string, string>>): Promise<Response>;
  /** Posts JSON, as the gateway's own page does. */
  postJson(address: string, body: object): Promise<Response>;
  /** Follows redirects from an address until one goes where `stop` says, or there is none. @returns the last address */
  follow(address: string, stop: (address: string) => boolean): Promise<string>;
  /** Cookies of a host, by name. */
  cookies(address: string): ReadonlyMap<string, string>;
  forget(address: string, name: string): void;
}

/** Redirects that are followed at most. */
const MAX_STEPS = 12;

export function openSmallBrowser(): SmallBrowser {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (address: string) => {
    const { host } = new URL(address);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };

  async function send(address: string, init: RequestInit = {}): Promise<Response> {
    const jar = jarOf(address);
    const headers = new Headers(init.headers);
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(address, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const ends = attributes.some((each) => /^max-age=0$/i.test(each) || /^expires=.*1970/i.test(each));
      if (ends || value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  return {
    get: (address) => send(address),
    postForm: (address, fields) => send(address, { method: 'POST', body: new URLSearchParams(fields) }),
    postJson: (address, body) =>
      send(address, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    async follow(address, stop) {
      let at = address;
      for (let step = 0; step < MAX_STEPS && !stop(at); step += 1) {
        const location = (await send(at)).headers.get('location');
        if (location === null) return at;
        at = new URL(location, at).href;
      }
      return at;
    },
    cookies: (address) => jarOf(address),
    forget: (address, name) => void jarOf(address).delete(name),
  };
}
