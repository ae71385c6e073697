/**
 * Links every question of a set and counts what of its gold is shown.
 *
 * @param set `view`, `values` and `questions` with `texts` and `gold`
 * @param modules the linker's parts (from dist or src)
 * @param options.text which of a question's texts
 * @param options.withValues whether the asker is known to see the values that the owner shares
 * @param options.tokens the budget
 * @returns recall as micro-average over gold relations and columns, the share of questions of which all is shown, tokens by
 *   the real tokenizer over the whole text, shared values included, and milliseconds a question
 */
export async function measureLinking(set, modules, { text, withValues, tokens: budget }) {
  const { createLinker, indexValues, writeSchema, fitValues, loadTokenCounter } = modules;
  const countTokens = await loadTokenCounter();
  const linker = createLinker({ tokens: budget });
  const values = withValues ? set.values : new Map();
  const known = indexValues(values);
  const found = { whole: 0, relations: [0, 0], columns: [0, 0] };
  const tokens = [];
  const times = [];
  for (const question of set.questions) {
    const asked = { question: question.texts[text], turns: [], view: set.view, metrics: [], values: known };
    const started = performance.now();
    const schema = await linker.link(asked);
    times.push(performance.now() - started);
    tokens.push(countTokens(writeSchema(schema, fitValues(schema, values, budget, countTokens))));
    const shown = new Map(
      schema.relations.map((each) => [
        each.obligation.relation.name,
        new Set(each.columns.map((visible) => visible.column.name)),
      ]),
    );
    let missed = 0;
    const tally = (counts, isThere) => {
      counts[0] += isThere ? 1 : 0;
      counts[1] += 1;
      missed += isThere ? 0 : 1;
    };
    for (const [relation, columns] of question.gold) {
      tally(found.relations, shown.has(relation));
      for (const column of columns) tally(found.columns, shown.get(relation)?.has(column) ?? false);
    }
    if (missed === 0) found.whole += 1;
  }
  const sorted = [...times].sort((a, b) => a - b);
  return {
    questions: set.questions.length,
    goldRelations: found.relations[1],
    goldColumns: found.columns[1],
    relationRecall: found.relations[0] / found.relations[1],
    columnRecall: found.columns[0] / found.columns[1],
    fullyCovered: found.whole / set.questions.length,
    meanTokens: tokens.reduce((sum, each) => sum + each, 0) / tokens.length,
    maxTokens: Math.max(...tokens),
    firstMs: times[0],
    medianMs: sorted[Math.floor(sorted.length / 2)],
    p99Ms: sorted[Math.floor(sorted.length * 0.99)],
  };
}
