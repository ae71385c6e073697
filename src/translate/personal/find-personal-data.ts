import { readGroups } from './digit-groups.js';
import { findCards } from './find-cards.js';
import { findEmails } from './find-emails.js';
import { findIbans, findSocialSecurity } from './find-national-numbers.js';
import { findPhones } from './find-phones.js';
import { foldCharacters } from './fold-characters.js';
import type { Found } from './found.js';

/**
 * Finds e-mail addresses, numbers of cards and bank accounts, social security numbers and phone numbers in a text, by
 * their form alone.
 *
 * @returns in the order of the text; none overlaps another
 * @remarks What a person is called, where they live and whatever else is written in words is not found.
 */
export function findPersonalData(text: string): readonly Found[] {
  const folded = foldCharacters(text);
  const groups = readGroups(folded);
  const kinds = [
    findEmails(folded),
    findIbans(folded),
    findCards(folded, groups),
    findSocialSecurity(folded),
    findPhones(folded, groups),
  ];
  const found: Found[] = [];
  for (const each of kinds.flat()) {
    if (found.every((other) => each.end <= other.start || each.start >= other.end)) found.push(each);
  }
  return found.sort((one, other) => one.start - other.start);
}
