import type { Alert } from './alert.js';

/** The body of a webhook: the same text for every try, so that whoever keeps it sees one message. */
export function printWebhookBody(alert: Alert): string {
  const { at, kind, requestId, ...rest } = alert;
  return JSON.stringify({
    type: `swali.alert.${kind}`,
    timestamp: new Date(at).toISOString(),
    data: { ...rest, kind, request_id: requestId },
  });
}

/** Subject and text of an e-mail. */
export function writeAlertMail(alert: Alert): { readonly subject: string; readonly text: string } {
  const { severity, rule, at, tenant, subject, address, requestId, facts, suppressed, summary, id } = alert;
  const lines = [
    summary,
    '',
    `severity: ${severity}`,
    `rule: ${rule}`,
    `time: ${new Date(at).toISOString()}`,
    ...(tenant === null ? [] : [`tenant: ${tenant}`]),
    ...(subject === null ? [] : [`account: ${subject}`]),
    ...(address === null ? [] : [`address: ${address}`]),
    ...(requestId === null ? [] : [`request: ${requestId}`]),
    ...Object.entries(facts).map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join('; ') : value}`),
    ...(suppressed === 0 ? [] : [`held back since the last one: ${suppressed}`]),
    `id: ${id}`,
  ];
  return { subject: `[Swali] ${severity}: ${rule}`, text: `${lines.join('\n')}\n` };
}
