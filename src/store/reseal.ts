/** A sealed text of the store, and where it stands. */
export interface SealedText {
  /** Where to go on after it: larger than that of every text before it. */
  readonly cursor: string;
  /** As it stands now. */
  readonly text: string;
  /** Seals its content with the current key. @throws SwaliError `INTERNAL` where it does not open */
  sealAnew(): string;
  /**
   * Puts the new text in the place of the one that was read, if that still stands there.
   *
   * @returns false where something else stands there by now
   */
  replace(text: string): Promise<boolean>;
}

/** One kind of texts that the ring of keys seals. Whoever keeps further ones adds its own to the list of `keys rotate`. */
export interface Resealable {
  /** What they are, for the operator, e.g. `seeds of second factors`. */
  readonly name: string;
  isCurrent(text: string): boolean;
  /** A page of them in the order of their cursors; empty at the end. @param after cursor, or null for the first */
  readPage(after: string | null): Promise<readonly SealedText[]>;
}

/** What came of one kind. */
export interface ResealCount {
  readonly name: string;
  /** Sealed anew now. */
  readonly sealed: number;
  /** Under the current key already. */
  readonly current: number;
  /** Neither: changed by another at the same moment, which then used its own current key, or not to be opened at all. */
  readonly left: number;
}

/**
 * Seals everything of a kind with the current key, text by text: it may be stopped at any moment and run again, and others
 * may read and write meanwhile. A text that does not open is left as it is, and counted.
 */
export async function reseal(kind: Resealable): Promise<ResealCount> {
  const count = { sealed: 0, current: 0, left: 0 };
  for (let after: string | null = null; ; ) {
    const page: readonly SealedText[] = await kind.readPage(after);
    for (const each of page) {
      if (kind.isCurrent(each.text)) count.current += 1;
      else if (await sealOne(each)) count.sealed += 1;
      else count.left += 1;
    }
    const last = page.at(-1);
    if (!last) return { name: kind.name, ...count };
    after = last.cursor;
  }
}

async function sealOne(each: SealedText): Promise<boolean> {
  let text: string;
  try {
    text = each.sealAnew();
  } catch {
    return false;
  }
  return each.replace(text);
}
