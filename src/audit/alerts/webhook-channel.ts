import type { SendOutgoing } from '../../domain/outgoing.js';
import { SwaliError } from '../../errors/swali-error.js';
import { type Channel, failed } from './channel.js';
import { printWebhookBody } from './describe-alert.js';
import { parseRetryAfter } from './retry-times.js';
import { signWebhook, type WebhookSecrets } from './sign-webhook.js';

/** The receiver wants no more of these, ever (RFC 9110 §15.5.11). */
const GONE = 410;

/**
 * Posts alerts as JSON, signed after the Standard Webhooks convention. Whatever is not 2xx was not taken; that goes for
 * redirects too, which are never followed.
 *
 * @param deps.send the guarded way out
 */
export function createWebhookChannel(deps: {
  readonly url: string;
  readonly secrets: WebhookSecrets;
  readonly send: SendOutgoing;
}): Channel {
  const { url, secrets, send } = deps;
  return Object.freeze({
    recipients: [''],
    async send(alert, _recipient, now) {
      const body = printWebhookBody(alert);
      const headers = {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        'user-agent': 'swali',
        ...signWebhook(secrets, alert.id, body, now),
      };
      try {
        const { status, headers: answered } = await send({ method: 'POST', url, headers, body });
        if (status >= 200 && status < 300) return { taken: true };
        const retryAfterMs = parseRetryAfter(answered['retry-after'], now);
        return failed(`the receiver answered ${status}`, { retryAfterMs, final: status === GONE });
      } catch (error) {
        return failed(describeFault(error));
      }
    },
  } satisfies Channel);
}

/** Never with a URL: a token may stand in it. */
function describeFault(error: unknown): string {
  if (!(error instanceof SwaliError)) return 'unknown';
  const { cause } = error;
  const code =
    cause instanceof Error && 'code' in cause ? String(cause.code) : cause instanceof Error ? cause.name : '';
  return [error.code, error.detail, code].filter(Boolean).join(', ');
}
