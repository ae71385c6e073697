/** A value as it is compared: numbers to six significant digits whatever their type, text as it is. */
function normalise(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`;
  const text = String(value);
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) {
    const number = Number(text);
    return number === 0 ? '0' : number.toPrecision(6);
  }
  return text;
}

function rowKeys(rows: readonly (readonly unknown[])[]): string[] {
  return rows.map((row) => JSON.stringify(row.map(normalise)));
}

/** Whether two results hold the same rows as multisets, or, `ordered`, in the same order. */
export function sameRows(
  left: readonly (readonly unknown[])[],
  right: readonly (readonly unknown[])[],
  ordered = false,
): boolean {
  if (left.length !== right.length) return false;
  const [ours, theirs] = [rowKeys(left), rowKeys(right)];
  if (!ordered) {
    ours.sort();
    theirs.sort();
  }
  return ours.every((row, index) => row === theirs[index]);
}
