import type { QuestionSet } from './question-set.mjs';

export function mergeSpider(
  folder: string,
  modules: object,
  collisions?: 'prefixed' | 'numbered',
): Promise<QuestionSet & { readonly unread: number; readonly databases: number }>;
