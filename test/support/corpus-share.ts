/** Whether the large corpora are tried as wholes, which takes many minutes. */
export const isCorpusWhole = process.env.CORPUS_WHOLE === '1';

/** Of a large corpus one in `n` is tried; with CORPUS_WHOLE=1 all. */
export const everyNth = (n: number): number => (isCorpusWhole ? 1 : n);
