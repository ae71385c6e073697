import { dirname, resolve } from 'node:path';
import {
  ALERT_FILE,
  type AlertFile,
  type ChannelEntry,
  type DeliveryEntry,
  type Rule,
} from './audit/alerts/alert-file.js';
import type { Channel } from './audit/alerts/channel.js';
import { DEFAULT_ALERT_FILE } from './audit/alerts/default-file.js';
import { createEmailChannel } from './audit/alerts/email-channel.js';
import { createLogChannel } from './audit/alerts/log-channel.js';
import { parseWebhookSecrets, type WebhookSecrets } from './audit/alerts/sign-webhook.js';
import { createWebhookChannel } from './audit/alerts/webhook-channel.js';
import type { Settings } from './config/settings.js';
import { NO_METRICS } from './domain/no-telemetry.js';
import type { Logger, Metrics } from './domain/ports.js';
import { openMailer } from './mailing.js';
import { createGuardedFetch } from './operate/guarded-fetch.js';
import { judgeUrl, type OutgoingRules } from './operate/judge-url.js';
import { readSecretText, readSettingsText, readSettingsYaml, type SettingsFile } from './settings-file.js';

/** What alerts are made by, and where they go. */
export interface AlertPlan {
  readonly rules: readonly Rule[];
  /** By name. */
  readonly channels: ReadonlyMap<string, Channel>;
  /** What each channel is, by name, for people: never with an address of a webhook, as a token may stand in it. */
  readonly described: ReadonlyMap<string, string>;
  readonly delivery: DeliveryEntry;
}

type Needs = Pick<Settings, 'alertsFile' | 'alertsAllowPrivate' | 'alertSecrets' | 'production' | 'smtp'>;

/**
 * Reads the rules of alerts and opens their channels: those of `ALERTS_FILE`, or the built-in ones. Nothing is called yet.
 *
 * @param metrics told of each try
 * @throws SwaliError `SETTINGS_INVALID` with every fault and its line, never with a secret
 */
export function readAlertPlan(
  settings: Needs,
  logger: Logger,
  metrics: Pick<Metrics, 'alertSent'> = NO_METRICS,
): AlertPlan {
  const { alertsFile, production, alertsAllowPrivate: allowed } = settings;
  const text = alertsFile === null ? DEFAULT_ALERT_FILE : readSettingsText(alertsFile, 'ALERTS_FILE');
  const rules: OutgoingRules = { production, allowed };
  const secrets = new Map<string, WebhookSecrets>();
  const file = readSettingsYaml(
    text,
    { file: alertsFile ?? 'built-in alerts', setting: 'ALERTS_FILE', schema: ALERT_FILE },
    (read) => judgeChannels(read, { settings, rules, secrets }),
  );
  const mailer = openMailer(settings, logger);
  const send = createGuardedFetch({ ...rules, timeoutMs: file.delivery.timeout });
  const channels = new Map<string, Channel>();
  for (const [name, entry] of Object.entries(file.channels)) {
    const keys = secrets.get(name);
    const add = (channel: Channel): void => {
      channels.set(name, countTries(channel, CHANNEL_KINDS[entry.type], metrics));
    };
    if (entry.type === 'log') add(createLogChannel(logger));
    else if (entry.type === 'email' && mailer) add(createEmailChannel({ to: entry.to, mailer }));
    else if (entry.type === 'webhook' && keys) add(createWebhookChannel({ url: entry.url, secrets: keys, send }));
  }
  const described = new Map(Object.entries(file.channels).map(([name, entry]) => [name, describe(entry)]));
  return { rules: file.rules ?? defaultRules(), channels, described, delivery: file.delivery };
}

/** What metrics call each kind. */
const CHANNEL_KINDS: Readonly<Record<ChannelEntry['type'], string>> = { log: 'log', email: 'mail', webhook: 'webhook' };

function countTries(channel: Channel, kind: string, metrics: Pick<Metrics, 'alertSent'>): Channel {
  return {
    recipients: channel.recipients,
    async send(alert, recipient, now) {
      const sent = await channel.send(alert, recipient, now);
      metrics.alertSent(kind, sent.taken);
      return sent;
    },
  };
}

function defaultRules(): readonly Rule[] {
  const { rules = [] } = readSettingsYaml(DEFAULT_ALERT_FILE, {
    file: 'built-in alerts',
    setting: 'ALERTS_FILE',
    schema: ALERT_FILE,
  });
  // Into every channel that the file has.
  return rules;
}

/** Looks at what only the other settings can tell of channels, and takes the secrets of webhooks. */
function judgeChannels(
  { value, document }: SettingsFile<AlertFile>,
  given: {
    readonly settings: Needs;
    readonly rules: OutgoingRules;
    readonly secrets: Map<string, WebhookSecrets>;
  },
): void {
  const { settings, rules, secrets } = given;
  const { faults } = document;
  for (const [name, entry] of Object.entries(value.channels)) {
    const path = ['channels', name];
    if (entry.type === 'email' && settings.production && settings.smtp === null)
      faults.at([...path, 'type'], 'mail cannot be sent, as SMTP_URL is not set');
    if (entry.type !== 'webhook') continue;
    const target = judgeUrl(entry.url, rules);
    if (typeof target === 'string') faults.at([...path, 'url'], `the address ${target}`);
    const text = readSecret(entry, settings);
    const parsed = text === null ? null : parseWebhookSecrets(text);
    if (parsed) secrets.set(name, parsed);
    else
      faults.at(
        [...path, entry.secret_file === undefined ? 'secret_env' : 'secret_file'],
        text === null
          ? 'the secret is not set, or cannot be read'
          : 'the secret is not usable, expected whsec_ and 24 to 64 random bytes as base64',
      );
  }
}

function readSecret(
  entry: Extract<ChannelEntry, { type: 'webhook' }>,
  { alertSecrets, alertsFile }: Needs,
): string | null {
  if (entry.secret_env !== undefined) return alertSecrets.get(entry.secret_env) ?? null;
  try {
    return readSecretText(resolve(dirname(alertsFile ?? '.'), entry.secret_file ?? ''));
  } catch {
    return null;
  }
}

function describe(entry: ChannelEntry): string {
  switch (entry.type) {
    case 'log':
      return 'the log';
    case 'email':
      return `e-mail to ${entry.to.join(', ')}`;
    case 'webhook':
      return `webhook to ${new URL(entry.url).host}`;
  }
}
