import { type Tenant, toTenantColumn } from '../../domain/tenant.js';
import type { Rule, RuleOf } from './alert-file.js';
import { addressHolder, maskAddress } from './mask-address.js';
import { accountKey, type Observation } from './observation.js';
import type { Signal } from './signal.js';

/** Events by which somebody asks for data: what they are refused and given counts. */
const ASKING: ReadonlySet<string> = new Set(['question', 'sql', 'export']);

/** Event that tells how many rows left as they came. */
const HANDED_OUT = 'handed-out';

/** Events by which somebody proves who they are: their refusals are wrong passwords, not attempts to see more. */
const PROVING: ReadonlySet<string> = new Set([
  'login',
  'session',
  'password',
  'invitation',
  'single-sign-on',
  'second-factor',
]);

/** A step on the way in, not a failure: the password was right. */
const NOT_YET = 'AUTH_SECOND_FACTOR_REQUIRED';

/** What an event means to the rules. Pure, quick, and never throws: it runs on the way of every answer. */
export function readSignals(rules: readonly Rule[], seen: Observation): readonly Signal[] {
  const signals = rules.filter((rule) => concerns(rule, seen.tenant)).flatMap((rule) => readSignal(rule, seen));
  if (seen.event === 'account' && seen.action === 'erase' && seen.decision === 'accepted' && seen.target !== null)
    signals.push({ type: 'forget', account: accountKey(seen.tenant, seen.target) });
  return signals;
}

/** Whether a rule is for a tenant. */
export function concerns(rule: Rule, tenant: Tenant): boolean {
  return rule.tenants === undefined || (tenant !== null && rule.tenants.includes(tenant));
}

function readSignal(rule: Rule, seen: Observation): readonly Signal[] {
  switch (rule.kind) {
    case 'failed-logins':
      return readFailedLogin(rule, seen);
    case 'refusals-in-a-row':
      return readRefusal(rule, seen);
    case 'sudden-volume':
      return readVolume(rule, seen);
    case 'new-device':
    case 'new-country':
      return readKnown(rule, seen);
    // Nobody's request sets these off: they are reported.
    case 'audit-gap':
    case 'grant-too-wide':
    case 'budget-spent':
      return [];
  }
}

function readFailedLogin(rule: RuleOf<'failed-logins'>, seen: Observation): readonly Signal[] {
  if (seen.event !== 'login' || seen.decision !== 'refused' || seen.code === NOT_YET) return [];
  const about = aboutOf(seen);
  // Who is not known by what they typed has no account to count for.
  if (rule.per === 'account')
    return seen.subject === null ? [] : [{ type: 'count', rule, key: accountKey(seen.tenant, seen.subject), ...about }];
  // An address of no network is the operator's own terminal.
  if (seen.address === null || about.address === null) return [];
  const key = [toTenantColumn(seen.tenant), addressHolder(seen.address)];
  return [{ type: 'count', rule, key, ...about, subject: null }];
}

function readRefusal(rule: RuleOf<'refusals-in-a-row'>, seen: Observation): readonly Signal[] {
  const { subject, decision, code } = seen;
  if (subject === null || PROVING.has(seen.event)) return [];
  const signal = { type: 'streak' as const, rule, key: accountKey(seen.tenant, subject), ...aboutOf(seen) };
  // Without a code it is the translator that has no answer.
  if (decision === 'refused' && code !== null && matches(rule.codes, code)) return [{ ...signal, broken: false }];
  const isServed = ASKING.has(seen.event) && (decision === 'answered' || decision === 'clarify');
  return isServed ? [{ ...signal, broken: true }] : [];
}

function matches(codes: readonly string[] | undefined, code: string): boolean {
  if (codes === undefined) return true;
  return codes.some((each) => (each.endsWith('*') ? code.startsWith(each.slice(0, -1)) : each === code));
}

function readVolume(rule: RuleOf<'sudden-volume'>, seen: Observation): readonly Signal[] {
  const { subject, decision } = seen;
  if (subject === null || !(ASKING.has(seen.event) || seen.event === HANDED_OUT)) return [];
  // What left as it came was asked for in another record; its rows have left however it ended.
  const isGiven = decision === 'answered' || seen.event === HANDED_OUT;
  const amount = rule.measure === 'questions' ? Number(seen.event !== HANDED_OUT) : isGiven ? (seen.rowCount ?? 0) : 0;
  return amount > 0 ? [{ type: 'volume', rule, key: accountKey(seen.tenant, subject), amount, ...aboutOf(seen) }] : [];
}

/** A session begins with a sign-in that is accepted. */
function readKnown(rule: RuleOf<'new-device' | 'new-country'>, seen: Observation): readonly Signal[] {
  const { subject, origin } = seen;
  if (seen.event !== 'login' || seen.decision !== 'accepted' || subject === null || origin === null) return [];
  const about = aboutOf(seen);
  const signal = { type: 'known' as const, rule, key: accountKey(seen.tenant, subject), ...about };
  if (rule.kind === 'new-country')
    return origin.country === null ? [] : [{ ...signal, thing: origin.country, facts: { country: origin.country } }];
  // Within a network addresses change without the device changing, so the masked one is compared.
  const device = {
    'user-agent': withoutVersions(origin.userAgent),
    'address-block': about.address ?? seen.address ?? '',
  };
  const thing = rule.compare === 'pair' ? JSON.stringify(Object.values(device)) : device[rule.compare];
  return [{ ...signal, thing, facts: { compared: rule.compare } }];
}

/** A browser that was brought up to date is the same device. */
function withoutVersions(userAgent: string): string {
  return userAgent.replace(/\d[\d._]*/g, '0');
}

function aboutOf({ at, tenant, subject, address, requestId }: Observation) {
  return { at, tenant, subject, address: maskAddress(address), requestId };
}
