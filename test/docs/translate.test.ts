import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { translateOffline } from '../../src/translate/offline/translate-offline.js';
import { admin } from '../support/principals.js';
import { shopMetrics, shopView } from '../unit/translate/short-view.js';

const page = readFileSync(new URL('../../docs/translate.md', import.meta.url), 'utf8');
const examples = page
  .slice(page.indexOf('## The built-in translator'))
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| it reads'))
  .map((line) => line.split(' | ')[1]!.replace(/ \|$/, ''));

describe('what the page says that the built-in translator reads', () => {
  it('has an example of each', () => {
    expect(examples.length).toBeGreaterThanOrEqual(12);
  });

  it.each(examples)('%s', (question) => {
    const today = { year: 2026, month: 3, day: 15 };
    const known = { view: shopView(), metrics: shopMetrics('sqlite'), currency: 'KES', sharedValues: new Map() };
    const found = translateOffline({ question, ...known, principal: admin(), dialect: 'sqlite', today });
    expect(found).toMatchObject({ kind: 'sql' });
  });
});
