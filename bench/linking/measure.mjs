/**
 * Links every question and counts what of its gold is shown.
 *
 * @param set `view` and `questions` with `texts` and `gold`
 * @param options.text which of a question's texts
 * @param options.values by `relation.column`; what the asker is known to see
 * @param options.countTokens the real tokenizer, over the whole text of the schema
 * @returns recall as micro-average over gold relations and columns, the share of questions of which all is shown, tokens and
 *   milliseconds a question
 */
export async function measureLinking(
  set,
  { linker, text, values, valueIndex, writeSchema, fitValues, countTokens, budget, each },
) {
  const found = { questions: 0, whole: 0, relations: [0, 0], columns: [0, 0] };
  const tokens = [];
  const times = [];
  for (const question of set.questions) {
    const asked = { question: question.texts[text], turns: [], view: set.view, metrics: [], values: valueIndex };
    const started = performance.now();
    const schema = await linker.link(asked);
    times.push(performance.now() - started);
    const shownValues = fitValues(schema, values, budget, countTokens);
    tokens.push(countTokens(writeSchema(schema, shownValues)));
    const shown = new Map(
      schema.relations.map((each) => [
        each.obligation.relation.name,
        new Set(each.columns.map((visible) => visible.column.name)),
      ]),
    );
    let missed = 0;
    for (const [relation, columns] of question.gold) {
      const there = shown.get(relation);
      found.relations[0] += there ? 1 : 0;
      found.relations[1] += 1;
      if (!there) missed += 1;
      for (const column of columns) {
        const isThere = there?.has(column) ?? false;
        found.columns[0] += isThere ? 1 : 0;
        found.columns[1] += 1;
        if (!isThere) missed += 1;
      }
    }
    found.questions += 1;
    if (missed === 0) found.whole += 1;
    each?.(question, schema, missed);
  }
  const sorted = [...times].sort((a, b) => a - b);
  return {
    questions: found.questions,
    goldRelations: found.relations[1],
    goldColumns: found.columns[1],
    relationRecall: found.relations[0] / found.relations[1],
    columnRecall: found.columns[0] / found.columns[1],
    fullyCovered: found.whole / found.questions,
    meanTokens: tokens.reduce((sum, each) => sum + each, 0) / tokens.length,
    maxTokens: Math.max(...tokens),
    medianMs: sorted[Math.floor(sorted.length / 2)],
    p99Ms: sorted[Math.floor(sorted.length * 0.99)],
  };
}
