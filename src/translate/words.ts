/** One word, number or quoted text of a question. */
export interface Word {
  readonly kind: 'word' | 'number' | 'quoted';
  /** As typed (NFKC); quoted text without its quotes; numbers as typed. */
  readonly text: string;
  /** Folded for comparison: lower case, accents removed; a possessive `'s` is cut. Quoted text: not folded. */
  readonly folded: string;
  /** True where a comma, semicolon, colon or the end of a sentence stood before it. */
  readonly afterComma: boolean;
  /** True where it starts with a capital letter. */
  readonly capital: boolean;
  /** True where it ended in a possessive (`customer's`, `customers'`). */
  readonly possessive: boolean;
  readonly start: number;
  readonly end: number;
}

const TOKEN =
  /"([^"]+)"|“([^”]+)”|«([^»]+)»|(?<![\p{L}\p{N}])['‘]([^'‘’]+)['’](?![\p{L}\p{N}])|(-?\d{4}-\d{1,2}-\d{1,2}|(?:(?<![\p{L}\p{N}])-)?\d+(?:,\d{3})*(?:\.\d+)?(?![\p{L}\p{N}_.-]*[\p{L}_]))|([\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*(?:[’'.@/+&-][\p{L}\p{M}\p{N}_]+)*)/gu;

/**
 * Cuts a question into words, numbers and quoted texts. Punctuation separates; it is kept only as `afterComma`.
 *
 * @param question checked; at most 2000 characters
 */
export function splitWords(question: string): { readonly text: string; readonly words: readonly Word[] } {
  const text = question.normalize('NFKC').replace(/[\u200b-\u200d\u2060]/gu, '');
  const words: Word[] = [];
  let last = 0;
  for (const match of text.matchAll(TOKEN)) {
    const start = match.index;
    const end = start + match[0].length;
    const quoted = match[1] ?? match[2] ?? match[3] ?? match[4];
    const afterComma = /[,;:]|[.?!]\s/.test(text.slice(last, start));
    last = end;
    const shared = { afterComma, start, end };
    if (quoted !== undefined) {
      words.push({ kind: 'quoted', text: quoted, folded: quoted, capital: false, possessive: false, ...shared });
    } else if (match[5] !== undefined) {
      const folded = match[5].replace(/,/g, '');
      words.push({ kind: 'number', text: match[5], folded, capital: false, possessive: false, ...shared });
    } else {
      const typed = match[0];
      const bare = typed.replace(/[’']s$/iu, '');
      const possessive = bare !== typed || /^['’]/.test(text.slice(end, end + 1));
      words.push({
        kind: 'word',
        text: bare,
        folded: foldWord(bare),
        capital: /^\p{Lu}/u.test(bare),
        possessive,
        ...shared,
      });
    }
  }
  return { text, words };
}

/** Lower case, accents and marks removed, one kind of apostrophe. */
export function foldWord(word: string): string {
  return word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/’/g, "'");
}

const IRREGULAR: ReadonlyMap<string, string> = new Map(
  Object.entries({
    people: 'person',
    ids: 'id',
    children: 'child',
    men: 'man',
    women: 'woman',
    mice: 'mouse',
    feet: 'foot',
    teeth: 'tooth',
    data: 'datum',
    criteria: 'criterion',
    indices: 'index',
    statuses: 'status',
    addresses: 'address',
    buses: 'bus',
    campuses: 'campus',
    bonuses: 'bonus',
    series: 'series',
    species: 'species',
    news: 'news',
    wives: 'wife',
    lives: 'life',
    staff: 'staff',
    analyses: 'analysis',
    bases: 'base',
    cases: 'case',
    databases: 'database',
    movies: 'movie',
    cookies: 'cookie',
    taxes: 'tax',
    indexes: 'index',
    countries: 'country',
    gas: 'gas',
    lens: 'lens',
    has: 'has',
    was: 'was',
    is: 'is',
    this: 'this',
    does: 'does',
    as: 'as',
    yes: 'yes',
    us: 'us',
    its: 'its',
    his: 'his',
    always: 'always',
  }),
);

/** The singular of a folded English word; a word that is no plural is returned as it is. */
export function singular(word: string): string {
  const known = IRREGULAR.get(word);
  if (known !== undefined) return known;
  if (word.length < 4 || !word.endsWith('s') || /(?:ss|us|is)$/.test(word)) return word;
  if (word.endsWith('ies')) return word.length > 4 ? `${word.slice(0, -3)}y` : word.slice(0, -1);
  if (/(?:sses|shes|ches|xes|zzes)$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}

/** Words of an identifier: `customer_name`, `CustomerName`, `customerName2` → singular folded words. */
export function splitIdentifier(name: string): readonly string[] {
  return name
    .normalize('NFKC')
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((part) => part !== '')
    .map((part) => singular(foldWord(part)));
}
