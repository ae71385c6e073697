import { SwaliError } from '../errors/swali-error.js';
import type { Surroundings } from '../gateway.js';
import { describeServiceProvider } from '../identify/sso/saml.js';
import { readSsoProviders } from '../sso-providers.js';
import { type Terminal, writeLine } from './terminal.js';

/**
 * Prints what an operator hands to a provider: SAML metadata, or the addresses of OpenID Connect.
 *
 * @throws SwaliError `AUTH_SSO_UNKNOWN` where SSO_FILE has no such provider, `SETTINGS_INVALID`
 */
export async function printSsoMetadata({ settings }: Surroundings, { stdout }: Terminal, name: string): Promise<void> {
  // Nothing of it needs a client secret, so no reference to one is followed.
  const provider = (await readSsoProviders(settings)).find((each) => each.name === name);
  if (!provider) throw new SwaliError('AUTH_SSO_UNKNOWN');
  if (provider.protocol === 'saml') {
    writeLine(stdout, describeServiceProvider(provider));
    return;
  }
  writeLine(stdout, `redirect_uri: ${provider.returnAddress}`);
  writeLine(stdout, `backchannel_logout_uri: ${provider.returnAddress.replace(/callback$/, 'backchannel-logout')}`);
}
