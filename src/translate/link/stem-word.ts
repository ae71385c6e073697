const ENDINGS =
  /(?:ations?|ating|ated|ates?|itions?|ments?|nesses|ness|ities|ity|ings?|ions?|ances?|ences?|ers?|ors?|ees?|ies|ied|ed|es|al|ly|s|e|y)$/u;

/** Verbs whose forms no ending tells. */
const IRREGULAR: Readonly<Record<string, string>> = {
  paid: 'pay',
  bought: 'buy',
  sold: 'sell',
  sale: 'sell',
  sent: 'send',
  held: 'hold',
  taught: 'teach',
  won: 'win',
  built: 'build',
  made: 'make',
  taken: 'take',
  took: 'take',
  gave: 'give',
  given: 'give',
  driven: 'drive',
  drove: 'drive',
  written: 'write',
  wrote: 'write',
  flew: 'fly',
  flown: 'fly',
  born: 'birth',
  spent: 'spend',
  lost: 'lose',
  led: 'lead',
};

/**
 * A crude stem, the same for a verb and what is named after it: `enrolled`, `enrollment` → `enroll`; `located`,
 * `location` → `loc`. Only ever compared with other stems, as a weaker sign than the word itself.
 */
export function stemWord(word: string): string {
  const known = IRREGULAR[word];
  if (known !== undefined) return known;
  const cut = word.replace(ENDINGS, '');
  return cut.length >= 3 ? cut.replace(/([^aeiou])\1$/u, '$1') : word;
}
