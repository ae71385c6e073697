import { SwaliError } from '../errors/swali-error.js';
import type { JudgeFinding } from './read-node-sql-parser.js';

/**
 * Refuses what node-sql-parser can see in the incoming text: several statements, anything but a SELECT, and a table that is
 * not open to the principal. Text that it could not read goes on to the parser of `sql/`.
 *
 * @param finding null where the text could not be read
 * @param isOpen whether a name, as spelled in the text, is a relation open to the principal
 * @throws SwaliError `SEAL_SEVERAL_STATEMENTS`, `SEAL_NOT_SELECT`, `SEAL_RELATION_UNKNOWN` (a closed relation and one that
 *   does not exist alike)
 * @remarks The parser is blind in places, so passing this proves nothing; it only refuses earlier and in clearer words.
 */
export function assertGate(finding: JudgeFinding | null, isOpen: (name: string) => boolean): void {
  if (!finding) return;
  if (finding.statements > 1) throw new SwaliError('SEAL_SEVERAL_STATEMENTS');
  if (!finding.isSelect) throw new SwaliError('SEAL_NOT_SELECT');
  const defined = new Set(finding.commonTables.map((name) => name.toLowerCase()));
  const closed = finding.relations.filter((name) => !defined.has(name.toLowerCase()) && !isOpen(name));
  if (closed.length > 0) throw new SwaliError('SEAL_RELATION_UNKNOWN');
}
