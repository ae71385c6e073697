/**
 * The one way names are compared: case and accents folded (NFKD, combining marks removed, lower case). Wider than any
 * server's own rule; a catalog in which two names fold together is refused (`CATALOG_NAMES_COLLIDE`), so it is exact.
 */
export function foldName(name: string): string {
  // Of ASCII, which neither decomposes nor marks another character, only the case folds; nearly every name is of it.
  let isFolded = true;
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    if (code > 0x7f) return foldAny(name);
    if (code >= 0x41 && code <= 0x5a) isFolded = false;
  }
  return isFolded ? name : name.toLowerCase();
}

function foldAny(name: string): string {
  return name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}
