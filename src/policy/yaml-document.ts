import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { createFaultList, type FaultList, type FaultPath } from './policy-fault.js';

/** Longest policy or case file, in bytes: far above any real one, far below what would hold the process. */
const MAX_BYTES = 2 * 1024 * 1024;

/** A YAML file read: its value, and its faults by line. */
export interface YamlDocument {
  /** Undefined where the text is no YAML that is accepted here; then `faults` says why. */
  readonly value: unknown;
  readonly faults: FaultList;
  /** Line of a path, 1 for the first; of the nearest part above it where the path itself is not there. */
  lineOf(path: FaultPath): number;
}

/** Line of the deepest part of `path` that the document has: of the key where it is a map's, else of the item. */
function offsetOf(contents: unknown, path: FaultPath): number {
  let node: unknown = contents;
  let offset = 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}

/**
 * Reads one YAML document with line numbers. Refuses what could hide a rule or hold the process: duplicate keys,
 * aliases (and so alias bombs), merge keys, tags, keys that are not plain text, several documents.
 *
 * @param file name for the faults
 */
export function readYamlDocument(text: string, file: string): YamlDocument {
  const lines = new LineCounter();
  const document = { contents: null as unknown };
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
  const lineOf = (path: FaultPath) => lineAt(offsetOf(document.contents, path));
  const faults = createFaultList(file, lineOf);
  if (Buffer.byteLength(text) > MAX_BYTES) {
    faults.atLine(1, `the file is longer than ${MAX_BYTES} bytes`);
    return { value: undefined, faults, lineOf };
  }
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, merge: false });
  document.contents = parsed.contents;
  for (const { message, code, pos } of [...parsed.errors, ...parsed.warnings])
    faults.atLine(lineAt(pos[0]), code === 'DUPLICATE_KEY' ? 'this key stands here twice' : message.split('\n', 1)[0]!);
  visit(parsed, (_key, node) => {
    const at = (node as Node | null)?.range?.[0] ?? 0;
    if (isAlias(node)) faults.atLine(lineAt(at), 'aliases are not accepted; write the value out');
    if (!isPair(node)) return;
    const key = node.key as Node;
    const name = isScalar(key) ? key.value : undefined;
    const fit = typeof name === 'string' || (typeof name === 'number' && Number.isSafeInteger(name));
    if (!fit || name === '__proto__' || name === '<<')
      faults.atLine(lineAt(key?.range?.[0] ?? 0), 'this key is not accepted; keys are plain text');
  });
  return { value: faults.count === 0 ? parsed.toJS({ maxAliasCount: 0 }) : undefined, faults, lineOf };
}

type Issue = z.core.$ZodIssue;

function describeIssue(issue: Issue): string {
  const name = issue.path.length > 0 ? `${issue.path.map(String).join('.')}: ` : '';
  if (issue.code === 'invalid_type' && /received undefined$/u.test(issue.message)) return `${name}is missing`;
  if (issue.code === 'invalid_key') return `${name}this name is not accepted here`;
  return `${name}${issue.message}`;
}

/** Of a union, the faults of the branch that got furthest say most; the union's own message where none did. */
function flattenIssue(issue: Issue): readonly Issue[] {
  if (issue.code === 'invalid_union') {
    const inner = issue.errors.find((branch) =>
      branch.some((each) => each.path.length > 0 || each.code === 'unrecognized_keys'),
    );
    return inner ? inner.flatMap((each) => flattenIssue({ ...each, path: [...issue.path, ...each.path] })) : [issue];
  }
  if (issue.code !== 'unrecognized_keys') return [issue];
  return issue.keys.map((key) => ({
    ...issue,
    keys: [key],
    path: [...issue.path, key],
    message: 'is not a key of this format',
  }));
}

/** Checks a document against a schema; every issue becomes a fault with its line. Undefined where there is any. */
export function checkShape<T>(document: YamlDocument, schema: z.ZodType<T>): T | undefined {
  if (document.value === undefined) {
    if (document.faults.count === 0) document.faults.atLine(1, 'the file is empty');
    return undefined;
  }
  const result = schema.safeParse(document.value);
  if (result.success) return result.data;
  for (const issue of result.error.issues.flatMap(flattenIssue))
    document.faults.at(
      issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step)),
      describeIssue(issue),
    );
  return undefined;
}
