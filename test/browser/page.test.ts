import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeDemo } from '../../src/demo/make-demo.js';
import { type ModelServer, startModelServer } from '../http/model-server.js';
import { ACCOUNTS, PASSWORD, type ServedGateway, serveGateway } from '../http/served-gateway.js';
import { CHROMIUM_ARGUMENTS, findChromium } from './chromium.js';
import { enterAs, openWatchedPage } from './watched-page.js';

const program = await findChromium();
/** Where pictures of the page are kept; unset: none are taken. */
const pictures = process.env.SWALI_TEST_PICTURES;

/** Markup that would show itself if the page ever took a value for it. */
const MARKUP = `<img src="x" onerror="document.title='broken into'"><b>bold</b>`;

const VERIFIED = {
  customer: 'What are my latest orders?',
  employee: 'What was the revenue per branch in 2025?',
  admin: 'Who earns most?',
} as const;

describe.skipIf(program === null)('the page at /', { timeout: 60_000 }, () => {
  let folder = '';
  let model: ModelServer;
  let gateway: ServedGateway<keyof typeof ACCOUNTS>;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** Everything that the browser complained of, and every address outside that it asked for. */
  let complaints: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'swali-page-'));
    const path = join(folder, 'business.sqlite');
    await makeDemo({ target: `sqlite:${path}`, scale: 0.2, seed: 1, today: '2026-03-01' });
    const database = new DatabaseSync(path);
    database.prepare('UPDATE orders SET customer_note = ? WHERE customer_number = 103').run(MARKUP);
    database.close();
    model = await startModelServer();
    gateway = await serveGateway(ACCOUNTS, { SOURCE_URL: `sqlite:${path}`, OPENAI_BASE_URL: model.baseUrl });
    browser = await chromium.launch({ executablePath: program as string, args: CHROMIUM_ARGUMENTS });
    if (pictures) mkdirSync(pictures, { recursive: true });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
    await model?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    complaints = [];
    await open({ width: 1100, height: 900 });
  });
  afterEach(async () => {
    expect(await page.title()).toBe('Swali – ask your data');
    await context.close();
    expect(complaints).toEqual([]);
  });

  async function open(viewport: { readonly width: number; readonly height: number }, dark = false): Promise<void> {
    ({ context, page, complaints } = await openWatchedPage(browser, gateway.url, { viewport, dark }));
  }

  const signIn = (kind: keyof typeof ACCOUNTS, password?: string): Promise<void> => enterAs(page, kind, password);

  async function ask(question: string): Promise<void> {
    await page.getByLabel('Your question').fill(question);
    await page.getByRole('button', { name: 'Ask' }).click();
  }

  async function runSql(sql: string): Promise<void> {
    if (!(await page.locator('#statement').isVisible())) await page.getByText('Write SQL yourself').click();
    await page.getByLabel('One SELECT').fill(sql);
    await page.getByRole('button', { name: 'Run' }).click();
  }

  const picture = async (name: string): Promise<void> => {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  };

  const tableTexts = (): Promise<string[][]> =>
    page
      .locator('#table tbody tr')
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? '')));

  it.each(['customer', 'employee', 'admin'] as const)('shows a signed-in %s the answer of a question', async (kind) => {
    await signIn(kind);
    await page.getByText(`Signed in as ${kind} ${ACCOUNTS[kind].identifier}`).waitFor();
    expect(await page.locator('#sign-in').isVisible()).toBe(false);
    expect(await page.getByText('Write SQL yourself').isVisible()).toBe(kind !== 'customer');
    await ask(VERIFIED[kind]);
    await page.getByRole('heading', { name: 'Answer', exact: true }).waitFor();
    await gateway.signIn(kind);
    const { body } = await gateway.ask(kind, VERIFIED[kind]);
    const shown = body.rows.map((row: unknown[]) => row.map((value) => (value === null ? 'none' : String(value))));
    expect(shown.length).toBeGreaterThan(0);
    expect(await tableTexts()).toEqual(shown);
    expect(await page.locator('#sentence').textContent()).toBe(body.text);
    expect(await page.locator('#explanation').textContent()).toBe(body.explanation);
    expect(await page.locator('#asked').textContent()).toBe(VERIFIED[kind]);
    await page.getByText('Tables, rules and statement').click();
    const facts = await page.locator('#provenance').innerText();
    for (const fact of [...body.provenance.relations, ...body.provenance.policies, body.provenance.policy_version])
      expect(facts).toContain(fact);
    expect(await page.locator('#shown-sql').isVisible()).toBe(kind !== 'customer');
    await picture(`answer-${kind}`);
  });

  it('says in one sentence that a password is wrong, and lets nobody in', async () => {
    await signIn('customer', 'not the password');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toBe(
      'The identifier, the password or the code is wrong. [AUTH_CREDENTIALS_WRONG]',
    );
    expect(await page.locator('#work').isVisible()).toBe(false);
    await picture('wrong-password');
  });

  it('shows a refusal as its public sentence, and no answer beside it', async () => {
    await signIn('employee');
    await runSql('SELECT COUNT(*) AS n FROM orders');
    await page.locator('#table td').waitFor();
    for (const [sql, sentence] of [
      [
        'DELETE FROM orders',
        'This would change data or settings; only a single SELECT can run here. [SEAL_NOT_SELECT]',
      ],
      [
        'SELECT * FROM salaries',
        'The statement names a table that is not open to you or does not exist. [SEAL_RELATION_UNKNOWN]',
      ],
    ] as const) {
      await runSql(sql);
      await page.getByText(sentence).waitFor();
      expect(await page.locator('#answer').isVisible()).toBe(false);
    }
    await picture('refusal');
    await runSql('SELECT COUNT(*) AS n FROM orders');
    await page.locator('#answer').waitFor();
    expect(await page.getByRole('alert').isVisible()).toBe(false);
  });

  it('shows values, names, questions and a model’s words with markup in them as text', async () => {
    await signIn('customer');
    model.reply({
      kind: 'answer',
      answer: { kind: 'clarify', sql: null, message: MARKUP, choices: [`${MARKUP}?`, 'What are my latest orders?'] },
    });
    await ask(`What of ${MARKUP}?`);
    await page.locator('#choices button').first().waitFor();
    expect(await page.locator('#sentence').textContent()).toBe(MARKUP);
    expect(await page.locator('#choices button').first().textContent()).toBe(`${MARKUP}?`);
    expect(await page.locator('#asked').textContent()).toBe(`What of ${MARKUP}?`);
    await picture('clarify');
    // A choice is asked as it stands.
    await page.getByRole('button', { name: 'What are my latest orders?' }).click();
    await page.locator('#table td').first().waitFor();

    model.reply({
      kind: 'answer',
      answer: {
        kind: 'sql',
        sql: 'SELECT customer_note AS "<b>note</b>", id FROM orders ORDER BY id',
        message: null,
        choices: [],
      },
    });
    await ask('What did I write?');
    await page.locator('#table th').getByText('<b>note</b>').waitFor();
    const rows = await tableTexts();
    expect(rows.length).toBeGreaterThan(3);
    expect(new Set(rows.map(([note]) => note))).toEqual(new Set([MARKUP]));
    expect(await page.locator('main img:not(#factor-picture), main b').count()).toBe(0);
    await picture('markup');
  });

  it('forgets everything at sign-out', async () => {
    await signIn('customer');
    await ask(VERIFIED.customer);
    await page.locator('#table td').first().waitFor();
    await page.getByText('What can I ask about?').click();
    await page.getByText('support_tickets').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password', { exact: true }).waitFor();
    expect(await page.locator('#table td, #relations summary').count()).toBe(0);
    expect(await page.locator('#password').inputValue()).toBe('');
    expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([0, 0, '']);
    await signIn('admin');
    await page.getByText('Signed in as admin').waitFor();
    expect(await page.locator('#answer').isVisible()).toBe(false);
    expect(await page.getByLabel('Your question').inputValue()).toBe('');
  });

  it('is used by keyboard alone, with the focus to be seen', async () => {
    const focused = () =>
      page.evaluate(
        '({ id: document.activeElement.id || document.activeElement.textContent, outline: parseFloat(getComputedStyle(document.activeElement).outlineWidth), style: getComputedStyle(document.activeElement).outlineStyle })',
      ) as Promise<{ id: string; outline: number; style: string }>;
    const visited: string[] = [];
    for (let step = 0; step < 4; step += 1) {
      await page.keyboard.press('Tab');
      const { id, outline, style } = await focused();
      visited.push(id);
      expect([id, style, outline >= 2]).toEqual([id, 'solid', true]);
      if (id === 'identifier') await page.keyboard.type('103');
      if (id === 'password') await page.keyboard.type(PASSWORD);
    }
    expect(visited.slice(1)).toEqual(['identifier', 'password', 'Sign in']);
    await page.keyboard.press('Enter');
    await page.getByText('Signed in as customer 103').waitFor();
    // The cursor waits in the question.
    await page.keyboard.type(VERIFIED.customer);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('#table td').first().waitFor();
  });

  it.each([
    ['a telephone', 360, false],
    ['a telephone at night', 360, true],
    ['a desk at night', 1100, true],
  ] as const)('fits the window of %s', async (name, width, dark) => {
    await context.close();
    await open({ width, height: 740 }, dark);
    const overflow = () => page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(await overflow()).toBe(0);
    await picture(`sign-in-${name.replaceAll(' ', '-')}`);
    await signIn('admin');
    await page.getByText('Signed in as').waitFor();
    await runSql('SELECT * FROM customers ORDER BY customer_number LIMIT 30');
    await page.locator('#table td').first().waitFor();
    await page.getByText('Tables, rules and statement').click();
    expect(await overflow()).toBe(0);
    await picture(`wide-table-${name.replaceAll(' ', '-')}`);
    // What is wider than the window scrolls in its own frame, which the keyboard reaches.
    const frame = page.locator('#table');
    await frame.focus();
    expect(await frame.evaluate('document.activeElement.id')).toBe('table');
    expect(await page.evaluate('document.activeElement.scrollWidth > document.activeElement.clientWidth')).toBe(true);
  });

  it('says that the gateway cannot be reached', async () => {
    await signIn('customer');
    await page.getByText('Signed in as').waitFor();
    await context.setOffline(true);
    await ask(VERIFIED.customer);
    await page.getByText('The gateway cannot be reached. Try again shortly.').waitFor();
    complaints = complaints.filter((complaint) => !complaint.includes('ERR_INTERNET_DISCONNECTED'));
  });
});
