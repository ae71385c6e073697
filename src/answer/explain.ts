import type { TranslatorName } from '../domain/candidate.js';
import type { PrincipalKind } from '../domain/principal.js';
import type { SealProvenance } from '../domain/sealed-statement.js';

const HOW: Readonly<Record<TranslatorName, string>> = {
  verified: 'The question is one that the data owner has answered before.',
  openai: 'A language model wrote the statement; it was checked and rewritten before it ran.',
  offline: 'The statement was put together by rules from the words of the question, without a language model.',
  caller: 'You wrote the statement; it was checked and rewritten before it ran.',
};

/**
 * Says in words where an answer comes from: how the question was translated, which tables were read, which rules
 * narrowed their rows, what is masked, and what was cut.
 */
export function explainAnswer(facts: {
  readonly translator: TranslatorName;
  /** The verified question that was taken for what was asked in other words. */
  readonly answeredAs?: string | undefined;
  /** The whole question that a follow-up was read as; null where it was taken as it stands. */
  readonly readAs: string | null;
  readonly kind: PrincipalKind;
  readonly provenance: SealProvenance;
  readonly truncated: boolean;
}): string {
  const { provenance, kind } = facts;
  const sentences = [...explainReading(facts.readAs), HOW[facts.translator]];
  if (facts.answeredAs !== undefined) sentences.push(`Answered as: “${facts.answeredAs}”.`);
  sentences.push(
    provenance.relations.length > 0 ? `It reads ${list(provenance.relations)}.` : 'It reads no table.',
    ...explainRows(provenance.policies, kind),
  );
  if (provenance.maskedColumns.length > 0) {
    sentences.push(`Masked: ${list(provenance.maskedColumns)}.`);
  }
  if (facts.truncated) sentences.push('The result was cut at the limit of rows or bytes.');
  return sentences.join(' ');
}

/** Says in words why nothing ran. @param readAs as in {@link explainAnswer} */
export function explainReply(kind: 'clarify' | 'refused', readAs: string | null): string {
  const why =
    kind === 'clarify'
      ? 'The question can be read in several ways, so nothing was run.'
      : 'The question could not be answered from the tables open to you, so nothing was run.';
  return [...explainReading(readAs), why].join(' ');
}

function explainReading(readAs: string | null): readonly string[] {
  return readAs === null ? [] : [`Read as: “${readAs}”.`];
}

/** Policy names have the form `relation.rows.who`; those of one kind of rule share a sentence. */
function explainRows(policies: readonly string[], kind: PrincipalKind): readonly string[] {
  const relations = [...new Set(policies.map((name) => name.replace(/\.[^.]*\.[^.]*$/u, '')))];
  if (relations.length === 0) return [];
  const whose = kind === 'customer' ? 'only rows of your own account' : 'only the rows that your role may see';
  return [`Of ${list(relations)}, ${whose} count.`];
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}
