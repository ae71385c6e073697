import type { PrincipalKind } from '../domain/principal.js';

/**
 * The id that a subject names in the table of its kind: 17 of `customer:17`.
 *
 * @throws Error where the subject is not of the kind or is spelled in any other way
 */
export function readAccountId(kind: PrincipalKind, subject: string): number {
  const id = Number(/^[a-z]+:([1-9]\d{0,15})$/.exec(subject)?.[1]);
  if (!Number.isSafeInteger(id) || subject !== `${kind}:${id}`) throw new Error('the subject is not of the kind');
  return id;
}
