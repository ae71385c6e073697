/** The values that an enumerated type lists: `enum('open','paid')` → open, paid. Empty for any other type. */
export function enumValues(declaredType: string): readonly string[] {
  const list = /^enum\s*\((.*)\)$/isu.exec(declaredType)?.[1];
  return list === undefined
    ? []
    : [...list.matchAll(/'((?:[^']|'')*)'/g)].map((match) => match[1]!.replaceAll("''", "'"));
}
