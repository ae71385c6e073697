/** What signatures and digests may be made with: SHA-1 is not among them, nor what leaves comments in signed text. */
const ALGORITHMS: ReadonlySet<string> = new Set([
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2001/04/xmlenc#sha512',
  'http://www.w3.org/2001/10/xml-exc-c14n#',
  'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
]);

/**
 * Refuses, before anything parses it, what no provider needs and attacks live of: document types and entities, comments
 * and CDATA (which parsers join into text in different ways), processing instructions, and algorithms that are not on
 * the list.
 *
 * @throws Error
 * @remarks This reads text, not XML, and so refuses too much rather than too little: each `<!`, each `<?` but the
 *   declaration at the start, each attribute `Algorithm` whose value is not on the list as it is written.
 */
export function assertPlainResponse(xml: string): void {
  if (xml.includes('<!')) throw new Error('the response has a document type, a comment or CDATA');
  const body = xml.replace(/^<\?xml\s[^?<>]*\?>/, '');
  if (body.includes('<?')) throw new Error('the response has a processing instruction');
  for (const [, double, single] of body.matchAll(/Algorithm\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    if (!ALGORITHMS.has(double ?? single ?? ''))
      throw new Error('the response names an algorithm that is not accepted');
  }
}

/**
 * What a plain response says of itself: where it was sent, and how it went. Not to be trusted where only its assertion is signed.
 *
 * @throws Error for what is no response
 */
export function readResponse(xml: string): { readonly destination: string | null; readonly status: string | null } {
  const tag = /^(?:<\?xml\s[^?<>]*\?>)?\s*<(?:[\w.-]+:)?Response\b([^<>]*)>/.exec(xml);
  if (!tag) throw new Error('the message is no response');
  // The first one is the outermost: finer ones stand inside it.
  const code = /<(?:[\w.-]+:)?StatusCode\b([^<>]*)>/.exec(xml);
  return { destination: attributeOf(tag[1], 'Destination'), status: attributeOf(code?.[1], 'Value') };
}

function attributeOf(attributes: string | undefined, name: string): string | null {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(attributes ?? '');
  return found?.[1] ?? found?.[2] ?? null;
}
