/** The rules that hold where ALERTS_FILE is not set, or has none; docs/alerts.md explains each. */
export const DEFAULT_ALERT_FILE = `version: 1
channels:
  log: { type: log }
rules:
  - { name: failed-logins-of-account, kind: failed-logins, per: account, threshold: 10, window: 15m, severity: warning, cool_down: 1h }
  - { name: failed-logins-from-address, kind: failed-logins, per: address, threshold: 30, window: 15m, severity: warning, cool_down: 1h }
  - { name: refusals-in-a-row, kind: refusals-in-a-row, threshold: 10, window: 1h, severity: warning, cool_down: 1h }
  - { name: sudden-questions, kind: sudden-volume, measure: questions, minimum: 200, factor: 5, window: 1h, baseline: 7d, severity: warning, cool_down: 6h }
  - { name: sudden-rows, kind: sudden-volume, measure: rows, minimum: 50000, factor: 5, window: 1h, baseline: 7d, severity: warning, cool_down: 6h }
  - { name: new-device, kind: new-device, compare: pair, remember: 180d, severity: info, cool_down: 1h }
  - { name: new-country, kind: new-country, remember: 180d, severity: warning, cool_down: 1h }
  - { name: audit-gap, kind: audit-gap, severity: critical, cool_down: 15m }
  - { name: grant-too-wide, kind: grant-too-wide, severity: warning, cool_down: 1d }
  - { name: budget-spent, kind: budget-spent, severity: info, cool_down: 1d }
`;
