import type { QuestionSet } from './question-set.mjs';

export function measureLinking(
  set: QuestionSet,
  modules: object,
  options: { readonly text: string; readonly withValues: boolean; readonly tokens: number },
): Promise<
  Readonly<
    Record<
      | 'questions'
      | 'goldRelations'
      | 'goldColumns'
      | 'relationRecall'
      | 'columnRecall'
      | 'fullyCovered'
      | 'meanTokens'
      | 'maxTokens'
      | 'firstMs'
      | 'medianMs'
      | 'p99Ms',
      number
    >
  >
>;
