import { readFileSync } from 'node:fs';
import { Router } from 'express';

/** The page's scripts; the first loads the others. */
const SCRIPTS = [
  'console.js',
  'answer.js',
  'api.js',
  'mailed-links.js',
  'page.js',
  'second-factor.js',
  'single-sign-on.js',
] as const;

/**
 * The page's files as they stand in the repository; two folders up is its root from `src/` and from `dist/` alike.
 * Read once: nothing of the request names a file.
 */
const FILES = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/console.css', file: 'console.css', type: 'text/css; charset=utf-8' },
  ...SCRIPTS.map((file) => ({ path: `/console/${file}`, file, type: 'text/javascript; charset=utf-8' })),
];

/** `/` and what it loads: the small page that signs in, asks and shows the answer. Holds no data of anybody. */
export function createConsoleRouter(): Router {
  const router = Router();
  for (const { path, file, type } of FILES) {
    const content = readFileSync(new URL(`../../../src/console/${file}`, import.meta.url));
    router.get(path, (_request, response) => {
      response.setHeader('Cache-Control', 'no-cache');
      response.setHeader('Content-Type', type);
      response.end(content);
    });
  }
  return router;
}
