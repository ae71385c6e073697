import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CATALOGUE, type ErrorCode } from '../../src/errors/catalogue.js';
import { LIMIT_CLASSES } from '../../src/http/limits.js';
import { ANSWER, DRY_RUN } from '../../src/http/routes/answer-schema.js';
import { RESULT_TYPES } from '../../src/http/routes/result-types.js';
import { readTiers } from '../../src/identify/tiers.js';
import { createBareApp, listMountedRoutes } from '../support/bare-app.js';

const page = readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8');
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** Endpoints that have a section, and pages of the table. */
const described = [...page.matchAll(/^(?:### |\| )((?:`(?:GET|POST|PATCH|DELETE) [^`]+`(?:, )?)+)/gm)].flatMap(
  ([, names]) => [...names!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
);

describe('docs/http.md', () => {
  it('describes every route that is mounted, and no other', () => {
    const mounted = listMountedRoutes(createBareApp());
    expect(mounted.length).toBeGreaterThanOrEqual(17);
    expect([...described].sort()).toEqual([...mounted].sort());
  });

  it('describes every field of an answer, in order', () => {
    const table = page.slice(page.indexOf('| field | holds |'), page.indexOf('A refusal by the seal'));
    const fields = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(fields).toEqual(Object.keys(ANSWER.shape));
    for (const type of RESULT_TYPES) expect(table).toContain(`\`${type}\``);
  });

  it('shows JSON that its schemas take', () => {
    const shown = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, text]) => JSON.parse(text!) as object);
    expect(shown.length).toBeGreaterThanOrEqual(4);
    const dryRun = shown.find((each) => 'sealed_sql' in each);
    expect(
      DRY_RUN.omit({ provenance: true })
        .extend({ provenance: z.object({}) })
        .safeParse(dryRun).success,
    ).toBe(true);
  });

  it('states the limits of each class', () => {
    for (const [name, count] of Object.entries(LIMIT_CLASSES))
      expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\| ${count}\\b`, 'm'));
  });

  it('states what each tier allows', () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \|((?: [\w`]+ \|){8})$/gm)].map(([, name, cells]) => [
      name,
      cells!
        .split('|')
        .slice(0, -1)
        .map((text) => text.trim().replaceAll('`', '')),
    ]);
    const tiers = readTiers(null);
    const order = [
      'requestsPerMinute',
      'requestsPerDay',
      'modelTokensPerDay',
      'overBudget',
      'concurrency',
      'rows',
      'exportRows',
      'exportBytes',
    ] as const;
    const names = ['free', 'standard', 'professional', 'enterprise'];
    expect(rows).toEqual(names.map((name) => [name, order.map((limit) => String(tiers.of(name)[limit]))]));
  });

  it('shows a TIERS_FILE that is taken', () => {
    const shown = /^```json\n(\{ "partner"[\s\S]*?)^```$/m.exec(page)?.[1] ?? '';
    expect(readTiers(shown).of('partner').modelTokensPerDay).toBe(500_000);
  });

  it('gives each code its own status', () => {
    const pairs = [...page.matchAll(/`([A-Z_]+)` \((\d{3})\)/g)];
    expect(pairs.length).toBeGreaterThan(8);
    for (const [, code, status] of pairs)
      expect([code, CATALOGUE[code as ErrorCode]?.status]).toEqual([code, Number(status)]);
  });
});

describe('the README', () => {
  it('names only endpoints that are mounted', () => {
    const mounted = new Set(listMountedRoutes(createBareApp()).map((route) => route.split(' ')[1]));
    const named = [...readme.matchAll(/(?:127\.0\.0\.1:3000|`(?:GET|POST) )(\/[\w/{},]+)/g)].flatMap(([, path]) => {
      const [, before = '', choices, after = ''] = /^([^{]*)(?:\{([^}]*)\}(.*))?$/.exec(path!)!;
      return choices ? choices.split(',').map((choice) => before + choice + after) : [before];
    });
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((path) => !mounted.has(path))).toEqual([]);
  });
});
