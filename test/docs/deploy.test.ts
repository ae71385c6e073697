import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CATALOGUE } from '../../src/errors/catalogue.js';
import { createMetrics } from '../../src/operate/metrics.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity?: string };
  readonly annotations: { readonly summary?: string; readonly runbook?: string };
}

const alerts = parse(read('deploy/prometheus/alerts.yaml')) as {
  readonly groups: readonly { readonly rules: readonly AlertRule[] }[];
};
const rules = alerts.groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('deploy/grafana/swali.json')) as {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number };
    readonly targets: readonly { readonly expr: string }[];
  }[];
};
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
];

/** Names of metrics in an expression; of a histogram the name that it was made with. */
function metricsIn(expr: string): readonly string[] {
  return [...expr.matchAll(/\b(?:swali|process|nodejs)_\w+/g)].map(([name]) =>
    name.replace(/_(?:bucket|sum|count)$/, ''),
  );
}

/** `metric{label="value"}` pairs. */
function labelsIn(expr: string): readonly (readonly [string, string])[] {
  return [...expr.matchAll(/\b(swali_\w+)\{([^}]*)\}/g)].flatMap(([, metric, inside]) =>
    [...inside!.matchAll(/(\w+)=~?"/g)].map(
      ([, label]) => [metric!.replace(/_(?:bucket|sum|count)$/, ''), label!] as const,
    ),
  );
}

/** `### Gateway down` → `gateway-down`, as the pages' own links go. */
const anchors = new Set(
  [...read('docs/observability.md').matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!.toLowerCase().replaceAll(' ', '-'),
  ),
);

describe('deploy/', () => {
  it('asks only for metrics that there are', () => {
    const known = new Set(createMetrics({ swali: '0', node: '20' }).names());
    const asked = expressions.flatMap(metricsIn);
    expect(rules.length).toBeGreaterThanOrEqual(10);
    expect(dashboard.panels.length).toBeGreaterThanOrEqual(12);
    expect(new Set(asked).size).toBeGreaterThan(20);
    expect([...new Set(asked)].filter((name) => !known.has(name))).toEqual([]);
  });

  it('shows every metric of our own on the dashboard', () => {
    const shown = new Set(dashboard.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsIn(expr))));
    const own = createMetrics({ swali: '0', node: '20' })
      .names()
      .filter((name) => name.startsWith('swali_'));
    expect(own.filter((name) => !shown.has(name))).toEqual([]);
  });

  it('selects by labels that the metrics have, and by codes that there are', () => {
    const page = read('docs/observability.md');
    const byMetric = new Map(
      [...page.matchAll(/^\| `(swali_\w+)` \| ([^|]*) \|/gm)].map(([, name, labels]) => [name!, labels!.split(', ')]),
    );
    const pairs = expressions.flatMap(labelsIn).filter(([, label]) => label !== 'instance');
    expect(pairs.length).toBeGreaterThan(4);
    for (const [metric, label] of pairs)
      expect([metric, byMetric.get(metric)]).toEqual([metric, expect.arrayContaining([label])]);
    const codes = expressions.flatMap((expr) => [...expr.matchAll(/code="(\w+)"/g)].map(([, code]) => code!));
    expect(codes.length).toBeGreaterThan(0);
    expect(codes.filter((code) => !Object.hasOwn(CATALOGUE, code))).toEqual([]);
  });

  it('gives each alert a severity, a sentence and a runbook that is there', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels, annotations } of rules) {
      expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(?:page|ticket)$/)]);
      expect([alert, annotations.summary]).toEqual([alert, expect.stringMatching(/^[A-Z].+\.$/)]);
      const [page, anchor] = annotations.runbook!.split('#');
      expect([alert, page, anchors.has(anchor!)]).toEqual([alert, 'docs/observability.md', true]);
    }
  });

  it('has a dashboard whose panels have ids and places of their own', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ gridPos }) => `${gridPos.x},${gridPos.y}`)).size).toBe(panels.length);
  });

  it('scrapes the address that the page states', () => {
    const scrape = parse(read('deploy/prometheus/scrape.yaml')) as {
      readonly scrape_configs: readonly {
        readonly metrics_path: string;
        readonly static_configs: readonly { readonly targets: readonly string[] }[];
      }[];
    };
    expect(scrape.scrape_configs[0]?.metrics_path).toBe('/metrics');
    expect(read('docs/observability.md')).toContain(
      `http://${scrape.scrape_configs[0]?.static_configs[0]?.targets[0]}`,
    );
  });
});
