import { stringify } from 'yaml';
import type { VerifiedEntry } from './policy-file.js';

/** Questions as the `verified:` part of a policy file; every value is written so that it reads back as it is. */
export function printVerified(entries: readonly VerifiedEntry[]): string {
  const verified = entries.map(({ question, slots = {}, sql, open_to }) => ({
    question,
    ...(Object.keys(slots).length > 0 ? { slots } : {}),
    sql,
    open_to,
  }));
  // Equal lists are written out: a policy file takes no aliases.
  return stringify({ verified }, { lineWidth: 0, aliasDuplicateObjects: false });
}
