import { describe, expect, it } from 'vitest';
import { createSsoCookieJar } from '../../../src/http/sso-cookies.js';

describe('the cookies of single sign-on', () => {
  it('belong to this very host over https, and are read by no script', () => {
    const jar = createSsoCookieJar(true);
    expect(jar.setBrowser('b')).toEqual([
      '__Host-swali-sso=b; Path=/; Max-Age=900; HttpOnly; SameSite=Lax; Secure',
      '__Host-swali-sso-ticket=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure',
    ]);
    expect(jar.setTicket('t')).toEqual([
      '__Host-swali-sso-ticket=t; Path=/; Max-Age=900; HttpOnly; SameSite=Strict; Secure',
    ]);
    for (const cookie of jar.clear()) expect(cookie).toMatch(/^__Host-swali-sso(?:-ticket)?=; Path=\/; Max-Age=0; /);
  });

  it('have no name over http that a browser would refuse there', () => {
    const jar = createSsoCookieJar(false);
    expect([...jar.setBrowser('b'), ...jar.setTicket('t')].join()).not.toMatch(/Secure|__Host-/);
  });

  it('are read by their own names alone', () => {
    const sent = new Map([
      ['swali-sso', 'plain'],
      ['__Host-swali-sso', 'own'],
      ['__Host-swali-sso-ticket', ''],
    ]);
    expect(createSsoCookieJar(true).read(sent)).toEqual({ browser: 'own', ticket: null });
    expect(createSsoCookieJar(false).read(sent)).toEqual({ browser: 'plain', ticket: null });
  });
});
