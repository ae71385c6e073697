import type { QuestionSet } from './question-set.mjs';

export function makeCatalogSet(modules: object, seed?: number): QuestionSet;
