import type { Gateway } from '../gateway.js';
import type { CompiledQuestion } from '../policy/compile-verified.js';
import { type SealQuestion, sealForAudience } from '../policy/seal-verified.js';
import type { Store } from '../store/store.js';
import { faultOf, walkPromoted } from '../translate/promoted/recheck-promoted.js';
import { sampleSlots } from '../translate/promoted/sample-slots.js';

/** What came of checking the verified questions. */
export interface CheckedVerified {
  readonly ofFile: number;
  readonly promoted: number;
  /** How many of both do not hold. */
  readonly failed: number;
  /** One for each reason, with the place in the file or the id. */
  readonly lines: readonly string[];
}

/**
 * Checks every verified question, of the file and promoted ones of every tenant: each must fit the policy, and seal for everyone
 * whom it is open to. Nothing is run, and nothing of the store is changed.
 *
 * @param file of the policy, for those of the file
 * @throws SwaliError `STORE_UNAVAILABLE`
 */
export async function checkVerified(
  { policy, stages }: Pick<Gateway, 'policy' | 'stages'>,
  store: Store,
  file: string,
): Promise<CheckedVerified> {
  const usage = { promptTokens: 0, completionTokens: 0 };
  const seal: SealQuestion = ({ sql, slots }, principal, view) =>
    stages.seal({ sql, translator: 'verified', slots: sampleSlots(slots), usage }, principal, view);
  const lines: string[] = [];
  let [failed, promoted] = [0, 0];
  const note = (place: string, question: string, faults: readonly string[]) => {
    if (faults.length > 0) failed += 1;
    lines.push(...faults.map((fault) => `${place}: ${question}: ${fault}`));
  };
  const check = (question: CompiledQuestion, tenant: string | null) => sealForAudience(question, policy, tenant, seal);
  for (const question of policy.verified)
    note(`${file}:${question.line ?? 1}`, question.question, await check(question, null));
  for await (const each of walkPromoted(store)) {
    promoted += 1;
    const { id, tenant, entry, question } = each;
    const place = tenant === null ? `verified:${id}` : `verified:${id} of ${tenant}`;
    const fault = faultOf(each, policy);
    const faults =
      fault === null && entry !== null ? await check(policy.compileQuestion(entry), tenant) : [fault ?? 'unreadable'];
    note(place, question, faults);
  }
  return { ofFile: policy.verified.length, promoted, failed, lines };
}
