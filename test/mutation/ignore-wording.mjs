/** Calls and constructions whose string arguments are words for a reader: `at` counts on a list of faults only. */
const TELLING = new Set([
  'unsupported',
  'refuseConstruct',
  'refuse',
  'misused',
  'issue',
  'PolicyRefusal',
  'Error',
  'faults.at',
  'faults.atLine',
]);

/**
 * The one written exception: the wording of a refusal. A plain string, or a template over plain names, is left as it is
 * where it is the `detail` of an error or an argument of a call in TELLING, directly or as a branch of `? :`; so is an
 * object that holds nothing but such a `detail`. The refusal itself, its code, its condition and computed places in the
 * text are mutated.
 */
class WordingIgnorer {
  shouldIgnore(path) {
    if (holdsOnlyDetail(path.node)) return 'the wording of a refusal';
    if (!isWording(path.node)) return undefined;
    let child = path;
    while (child.parentPath?.isConditionalExpression() && child.key !== 'test') child = child.parentPath;
    const parent = child.parent;
    const told =
      parent?.type === 'ObjectProperty'
        ? parent.key.name === 'detail' && child.key === 'value'
        : (parent?.type === 'CallExpression' || parent?.type === 'NewExpression') &&
          child.listKey === 'arguments' &&
          TELLING.has(calleeName(parent.callee));
    return told ? 'the wording of a refusal' : undefined;
  }
}

function holdsOnlyDetail(node) {
  if (node.type !== 'ObjectExpression' || node.properties.length !== 1) return false;
  const [property] = node.properties;
  return property.type === 'ObjectProperty' && property.key.name === 'detail' && isWording(property.value);
}

function isWording(node) {
  if (node.type === 'StringLiteral') return true;
  return node.type === 'TemplateLiteral' && node.expressions.every(isName);
}

function isName(node) {
  return node.type === 'Identifier' || (node.type === 'MemberExpression' && !node.computed && isName(node.object));
}

function calleeName(callee) {
  if (callee.type === 'Identifier') return callee.name;
  if (callee.type !== 'MemberExpression' || callee.computed) return '';
  const name = callee.property.name;
  return name === 'at' || name === 'atLine' ? `${callee.object.name}.${name}` : name;
}

export const strykerPlugins = [{ kind: 'Ignore', name: 'wording', injectableClass: WordingIgnorer }];
