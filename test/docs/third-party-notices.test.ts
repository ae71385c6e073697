import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

/** Licences that go with Apache-2.0 in one work, by their SPDX names. */
const ACCEPTED = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
];

const root = new URL('../../', import.meta.url);
const lock = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')) as {
  packages: Record<string, LockedPackage>;
};
const production = Object.entries(lock.packages)
  .filter(([path, locked]) => path !== '' && !locked.dev && !locked.devOptional)
  .map(([path, locked]) => ({ path, name: path.replace(/^.*node_modules\//, ''), ...locked }));

/** Where a package says nothing to the lock file, its own package.json decides. */
const licenceOf = ({ path, license }: (typeof production)[number]): string => {
  const file = new URL(`${path}/package.json`, root);
  const own = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { license?: unknown }).license : undefined;
  return license ?? (typeof own === 'string' ? own : 'unknown');
};

const notices = (): string => {
  const rows = production
    .map((each) => `| ${each.name} | ${each.version} | ${licenceOf(each)} |`)
    .filter((row, index, all) => all.indexOf(row) === index)
    .sort((a, b) => (a < b ? -1 : 1));
  return `# Third-party notices

Swali runs on these npm packages. \`npm ci\` fetches them from the registry, each with its licence text in its own folder
under \`node_modules/\`; none is copied into this repository. Packages that only one operating system needs are listed too.

Kept by \`npx vitest run test/docs/third-party-notices.test.ts -u\`.

| package | version | licence (SPDX) |
| --- | --- | --- |
${rows.join('\n')}
`;
};

it('lists every package that runs in production, with version and licence', async () => {
  expect(production.length).toBeGreaterThan(50);
  await expect(notices()).toMatchFileSnapshot('../../THIRD_PARTY_NOTICES.md');
});

it('uses no package whose licence does not go with Apache-2.0', () => {
  expect(production.filter((each) => !ACCEPTED.includes(licenceOf(each))).map(({ name }) => name)).toEqual([]);
});
