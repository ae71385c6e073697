import { Router } from 'express';
import { CATALOGUE } from '../../errors/catalogue.js';

/**
 * `GET /docs/errors`: what each code means, the address that the `type` of every problem document leads to. Public and
 * the same for everyone; made once from the catalogue, with the page's own style and no script.
 */
export function createErrorPageRouter(): Router {
  const content = Buffer.from(printPage());
  const router = Router();
  router.get('/docs/errors', (_request, response) => {
    response.setHeader('Cache-Control', 'no-cache');
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(content);
  });
  return router;
}

/** Each code is the `id` of its row, so that `/docs/errors#CODE` goes there. */
function printPage(): string {
  const rows = Object.entries(CATALOGUE).map(
    ([code, { status, sentence }]) =>
      `<tr id="${escapeHtml(code)}"><th scope="row"><code>${escapeHtml(code)}</code></th><td>${status}</td><td>${escapeHtml(sentence)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Swali – error codes</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/console.css">
</head>
<body>
<main>
<h1>Error codes</h1>
<p>Every refusal and failure has a code that stays the same. What is closed to you and what does not exist have the same answer.</p>
<table>
<thead><tr><th scope="col">Code</th><th scope="col">HTTP status</th><th scope="col">What it says</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</main>
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}
