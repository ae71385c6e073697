/** Characters that neither decompose nor mark another one. */
const ASCII = /^[\u0000-\u007f]*$/;

/**
 * The one way names are compared: case and accents folded (NFKD, combining marks removed, lower case). Wider than any
 * server's own rule; a catalog in which two names fold together is refused (`CATALOG_NAMES_COLLIDE`), so it is exact.
 */
export function foldName(name: string): string {
  // Of ASCII only the case folds; nearly every name is of it.
  if (ASCII.test(name)) return name.toLowerCase();
  return name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}
