import type { SettingValues } from './setting-shape.js';

/** Words that stand in examples and tutorials where a secret should be. */
const PLACEHOLDER = /change[-_ ]?me|example|your[-_ ]|placeholder|password|secret|default/i;

/** Fewer different characters than this is a pattern, not a secret. */
const MIN_DISTINCT_CHARACTERS = 12;

/** Secrets that production must bring along, each of its own. */
const OWN_SECRETS = ['JWT_SECRET', 'STORE_KEY'] as const;
type OwnSecret = (typeof OWN_SECRETS)[number];

/**
 * What must hold beyond the checks of each setting where NODE_ENV is `production`: own, long, unshared secrets; an
 * https address; limits on.
 *
 * @returns one line `NAME: what is wrong, what is expected` per fault, empty where there is none; no line holds a secret
 */
export function judgeProduction(values: SettingValues): readonly string[] {
  const faults = OWN_SECRETS.flatMap((name) => judgeSecret(name, values));
  if (!values.PUBLIC_URL.startsWith('https://')) {
    faults.push('PUBLIC_URL: is not an https address, expected https:// in production');
  }
  if (values.RATE_LIMIT === 'off') faults.push('RATE_LIMIT: is off, expected on in production');
  if (values.BCRYPT_COST < 12) faults.push('BCRYPT_COST: is below 12, expected 12 to 16 in production');
  return faults;
}

/** What is wrong with one secret; empty where nothing is. */
function judgeSecret(name: OwnSecret, values: SettingValues): readonly string[] {
  const secret = values[name];
  if (secret === '') return [`${name}: is not set, expected 32 random characters or more in production`];
  if (PLACEHOLDER.test(secret) || new Set(secret).size < MIN_DISTINCT_CHARACTERS) {
    return [`${name}: looks like a placeholder, expected 32 random characters or more`];
  }
  if (otherSecrets(name, values).includes(secret)) {
    return [`${name}: is also the value of another secret, expected one of its own`];
  }
  return [];
}

function otherSecrets(name: OwnSecret, values: SettingValues): readonly string[] {
  const urls = [
    values.SOURCE_URL,
    values.SOURCE_URL_CUSTOMER,
    values.SOURCE_URL_EMPLOYEE,
    values.SOURCE_URL_ADMIN,
    values.STORE_URL,
  ];
  const passwords = urls
    .filter((url) => !url.startsWith('sqlite:') && url !== '')
    .map((url) => decodeURIComponent(new URL(url).password));
  const owned = OWN_SECRETS.filter((each) => each !== name).map((each) => values[each]);
  return [...owned, values.MASK_KEY, values.OPENAI_API_KEY, ...passwords].filter((text) => text !== '');
}
