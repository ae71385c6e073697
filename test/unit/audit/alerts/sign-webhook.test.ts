import { describe, expect, it } from 'vitest';
import { parseWebhookSecrets, signWebhook, type WebhookSecrets } from '../../../../src/audit/alerts/sign-webhook.js';
import { loadVerifier } from '../../../support/webhook-receiver.js';

/** The example of the Standard Webhooks specification and its libraries. */
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const AT = 1_614_265_330_000;
const BODY = '{"test": 2432232314}';
const SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

const secretsOf = (text: string): WebhookSecrets => {
  const secrets = parseWebhookSecrets(text);
  if (!secrets) throw new Error('no secret');
  return secrets;
};

describe('the signature of a webhook', () => {
  it('is the one of the specification', () => {
    expect(signWebhook(secretsOf(SECRET), ID, BODY, AT)).toEqual({
      'webhook-id': ID,
      'webhook-timestamp': '1614265330',
      'webhook-signature': SIGNATURE,
    });
  });

  it('is found right by the code of the documentation, and wrong once anything is changed or late', async () => {
    const isGenuine = await loadVerifier();
    const headers = signWebhook(secretsOf(SECRET), ID, BODY, AT);
    const nowS = AT / 1000;
    expect(isGenuine(SECRET, headers, BODY, nowS)).toBe(true);
    expect(isGenuine(SECRET, headers, `${BODY} `, nowS)).toBe(false);
    expect(isGenuine(SECRET, { ...headers, 'webhook-id': 'msg_other' }, BODY, nowS)).toBe(false);
    expect(isGenuine(SECRET, { ...headers, 'webhook-timestamp': '1614265331' }, BODY, nowS)).toBe(false);
    expect(isGenuine(SECRET, { ...headers, 'webhook-signature': 'v1,' }, BODY, nowS)).toBe(false);
    expect(isGenuine(SECRET, {}, BODY, nowS)).toBe(false);
    expect(isGenuine(`whsec_${'A'.repeat(32)}`, headers, BODY, nowS)).toBe(false);
    expect([isGenuine(SECRET, headers, BODY, nowS + 301), isGenuine(SECRET, headers, BODY, nowS - 301)]).toEqual([
      false,
      false,
    ]);
  });

  it('is made with every secret while receivers change over', async () => {
    const isGenuine = await loadVerifier();
    const next = `whsec_${Buffer.from(Array.from({ length: 24 }, (_, n) => n * 7)).toString('base64')}`;
    const headers = signWebhook(secretsOf(`${next}\n${SECRET}`), ID, BODY, AT);
    expect(headers['webhook-signature'].split(' ')).toHaveLength(2);
    for (const secret of [next, SECRET]) expect(isGenuine(secret, headers, BODY, AT / 1000)).toBe(true);
  });
});

it.each([
  ['nothing', ''],
  ['no prefix', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  ['too few bytes', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLQ=='],
  ['too many bytes', `whsec_${Buffer.alloc(66, 'abcdefghijklmnopqrst').toString('base64')}`],
  ['a pattern', `whsec_${'AAAA'.repeat(8)}`],
  ['no base64', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_'],
  ['one that is none beside one that is', `${SECRET} whsec_x`],
])('takes no secret with %s', (_what, text) => {
  expect(parseWebhookSecrets(text)).toBeNull();
});
