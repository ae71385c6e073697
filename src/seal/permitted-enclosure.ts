import type { Dialect } from '../domain/dialect.js';
import { BASE_ALIAS, type RelationObligation } from '../policy/view.js';
import { printExpression } from '../sql/printer.js';
import { visitExpression } from '../sql/visit.js';
import type { PermittedEnclosure } from './match-enclosure.js';

/** What a principal's obligation for one relation allows in printed text. */
export interface Permission {
  readonly enclosure: PermittedEnclosure;
  /** Base relations that such an enclosure reads: its own, and those of subqueries in the row rule. */
  readonly reads: readonly string[];
}

function readPermission({ relation, filter, filterSql, columns }: RelationObligation, dialect: Dialect): Permission {
  const reads = new Set([relation.name]);
  if (filter)
    visitExpression(filter, {
      table: (node) => {
        if (node.kind === 'relation') reads.add(node.name);
      },
    });
  const columnSqls = [...columns.values()].map(({ mask, column }) => {
    const shown = mask ?? { kind: 'column' as const, qualifier: [BASE_ALIAS], name: column.name, at: -1 };
    return printExpression(shown, dialect).sql;
  });
  return { enclosure: { relation: relation.name, filterSql, columnSqls }, reads: [...reads] };
}

const PERMISSIONS: Readonly<Record<Dialect, WeakMap<RelationObligation, Permission>>> = {
  mysql: new WeakMap(),
  mariadb: new WeakMap(),
  sqlite: new WeakMap(),
};

/** The permission of an obligation, made once for each: obligations never change, and one serves many statements. */
export function permissionOf(obligation: RelationObligation, dialect: Dialect): Permission {
  let permission = PERMISSIONS[dialect].get(obligation);
  if (!permission) {
    permission = readPermission(obligation, dialect);
    PERMISSIONS[dialect].set(obligation, permission);
  }
  return permission;
}
