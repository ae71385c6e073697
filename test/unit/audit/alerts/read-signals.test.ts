import { describe, expect, it } from 'vitest';
import type { Rule } from '../../../../src/audit/alerts/alert-file.js';
import { addressHolder, maskAddress } from '../../../../src/audit/alerts/mask-address.js';
import { type Observation, observe } from '../../../../src/audit/alerts/observation.js';
import { readSignals } from '../../../../src/audit/alerts/read-signals.js';
import type { AuditEvent } from '../../../../src/audit/record.js';
import { loginEvent, questionEvent } from '../audit-fixtures.js';

const shared = { severity: 'info', cool_down: 1000 } as const;
const RULES = {
  account: { ...shared, name: 'account', kind: 'failed-logins', per: 'account', threshold: 3, window: 1000 },
  address: { ...shared, name: 'address', kind: 'failed-logins', per: 'address', threshold: 3, window: 1000 },
  refusals: { ...shared, name: 'refusals', kind: 'refusals-in-a-row', threshold: 3, window: 1000 },
  rows: {
    ...{ ...shared, name: 'rows', kind: 'sudden-volume', measure: 'rows', minimum: 1, factor: 1 },
    ...{ window: 1000, baseline: 2000 },
  },
  agent: { ...shared, name: 'agent', kind: 'new-device', compare: 'user-agent', remember: 1000 },
  block: { ...shared, name: 'block', kind: 'new-device', compare: 'address-block', remember: 1000 },
} as const satisfies Record<string, Rule>;

const SEEN: Observation = observe(loginEvent(1), null, 1);
const read = (rule: Rule, seen: Partial<Observation>) => readSignals([rule], { ...SEEN, ...seen });
const refusedLogin = { decision: 'refused', code: 'AUTH_CREDENTIALS_WRONG' };
const asked = { ...observe(questionEvent('what'), null, 1) };

describe('an event', () => {
  it('is a failed sign-in of its account and its address', () => {
    expect(read(RULES.account, refusedLogin)).toMatchObject([{ type: 'count', key: ['', 'customer:1'] }]);
    expect(read(RULES.address, { ...refusedLogin, subject: null })).toMatchObject([
      { type: 'count', key: ['', '127.0.0.1'], subject: null, address: '127.0.0.x' },
    ]);
    expect(read(RULES.account, { ...refusedLogin, code: 'RATE_LIMITED' })).toHaveLength(1);
  });

  it.each([
    ['an accepted one', RULES.account, {}],
    ['a missing second factor', RULES.account, { ...refusedLogin, code: 'AUTH_SECOND_FACTOR_REQUIRED' }],
    ['one of nobody known', RULES.account, { ...refusedLogin, subject: null }],
    ['one at the terminal', RULES.address, { ...refusedLogin, address: 'cli' }],
    ['a refused refresh', RULES.account, { ...refusedLogin, event: 'session' }],
  ])('is no failed sign-in where it is %s', (_what, rule, seen) => {
    expect(read(rule, seen)).toEqual([]);
  });

  it('goes on with a row, ends it, or is not of it', () => {
    const row = (seen: Partial<Observation>) =>
      read(RULES.refusals, { ...asked, ...seen }).map((signal) => signal.type === 'streak' && signal.broken);
    expect(row({ decision: 'refused', code: 'SEAL_SYNTAX' })).toEqual([false]);
    expect(row({ event: 'a-kind-of-later', decision: 'refused', code: 'AUTH_PERMISSION_MISSING' })).toEqual([false]);
    expect(row({})).toEqual([true]);
    expect(row({ decision: 'clarify' })).toEqual([true]);
    expect(row({ decision: 'refused', code: null })).toEqual([]);
    expect(row({ decision: 'failed', code: 'EXECUTE_TIMEOUT' })).toEqual([]);
    expect(row({ event: 'login', ...refusedLogin })).toEqual([]);
    expect(row({ event: 'account', decision: 'accepted' })).toEqual([]);
    expect(row({ subject: null, decision: 'refused', code: 'AUTH_REQUIRED' })).toEqual([]);
  });

  it('brings the rows that it answered with', () => {
    expect(read(RULES.rows, asked)).toMatchObject([{ type: 'volume', amount: 3 }]);
    for (const seen of [{ rowCount: 0 }, { rowCount: null }, { decision: 'failed' }, { event: 'account' }])
      expect(read(RULES.rows, { ...asked, ...seen })).toEqual([]);
  });

  it('brings the rows that left as they came, however that ended, and is no further question', () => {
    const questions: Rule = { ...RULES.rows, measure: 'questions' };
    const handedOut = { ...asked, event: 'handed-out', rowCount: 7 };
    for (const ending of [{ decision: 'answered' }, { decision: 'failed', code: 'EXECUTE_CANCELLED' }])
      expect(read(RULES.rows, { ...handedOut, ...ending })).toMatchObject([{ type: 'volume', amount: 7 }]);
    expect(read(questions, handedOut)).toEqual([]);
    expect(read(questions, { ...asked, rowCount: null })).toMatchObject([{ amount: 1 }]);
    expect(read(RULES.rows, { ...asked, rowCount: null })).toEqual([]);
  });

  it('shows a device by its program without versions, or by its network', () => {
    const thing = (rule: Rule, userAgent: string, address: string) =>
      read(rule, { address, origin: { userAgent, country: null } }).map((each) => each.type === 'known' && each.thing);
    expect(thing(RULES.agent, 'Firefox/140.0 (X11; 64_bit)', '192.0.2.1')).toEqual(
      thing(RULES.agent, 'Firefox/9.1 (X11; 64_bit)', '198.51.100.1'),
    );
    expect(thing(RULES.agent, 'Firefox/1', '')).not.toEqual(thing(RULES.agent, 'Chrome/1', ''));
    expect(thing(RULES.block, 'a', '192.0.2.1')).toEqual(thing(RULES.block, 'b', '192.0.2.200'));
    expect(thing(RULES.block, 'a', '192.0.2.1')).not.toEqual(thing(RULES.block, 'a', '192.0.3.1'));
    expect(read(RULES.agent, { origin: null })).toEqual([]);
  });

  it('is for nobody but the tenants of a rule', () => {
    const rule = { ...RULES.account, tenants: ['acme'] };
    expect(read(rule, { ...refusedLogin, tenant: 'acme' })).toMatchObject([{ key: ['acme', 'customer:1'] }]);
    for (const tenant of ['globex', null]) expect(read(rule, { ...refusedLogin, tenant })).toEqual([]);
  });

  it('forgets an account that was erased, whatever the rules', () => {
    const erased = { event: 'account', action: 'erase', target: 'customer:9', subject: 'admin:1', tenant: 'acme' };
    expect(readSignals([], { ...SEEN, ...erased })).toEqual([{ type: 'forget', account: ['acme', 'customer:9'] }]);
    expect(readSignals([], { ...SEEN, ...erased, decision: 'refused' })).toEqual([]);
  });

  it('is looked at without its words', () => {
    const seen = observe(questionEvent('a question of somebody') as AuditEvent, null, 1);
    expect(JSON.stringify(seen)).not.toContain('a question of somebody');
  });
});

it.each([
  ['192.0.2.77', '192.0.2.x', '192.0.2.77'],
  ['::ffff:192.0.2.77', '192.0.2.x', '192.0.2.77'],
  ['2001:db8:7:8::9', '2001:db8:7::x', '2001:db8:7'],
  ['2001::1:2:3:4:5:6', '2001:0:1::x', '2001:0:1'],
  ['fe80::1%eth0', 'fe80:0:0::x', 'fe80:0:0'],
  ['cli', null, 'cli'],
  ['unknown', null, 'unknown'],
])('masks %s as %s', (address, masked, holder) => {
  expect([maskAddress(address), addressHolder(address)]).toEqual([masked, holder]);
});
