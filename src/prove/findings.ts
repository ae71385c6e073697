import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { DIALECTS, type Dialect } from '../domain/dialect.js';
import type { Principal } from '../domain/principal.js';
import type { Query } from '../sql/nodes.js';
import { printQuery } from '../sql/printer.js';
import type { Violation } from './check-statement.js';

/** A violation, shrunk as far as it goes, with what makes it happen again. */
export interface Finding {
  readonly world: string;
  readonly dialect: Dialect;
  readonly principal: Principal;
  /** Of the mutated copy. */
  readonly mutationSeed: number;
  readonly query: Query;
  readonly sql: string;
  readonly violation: Violation;
}

/** The statement in the words of every engine that has them. */
function printForEngines(query: Query): string[] {
  return DIALECTS.flatMap((dialect) => {
    try {
      return [`  ${dialect.padEnd(8)} ${printQuery(query, dialect, { strings: 'quoted' }).sql}`];
    } catch {
      // A construct that this engine does not have.
      return [];
    }
  });
}

function describePrincipal({ kind, role, claims, allowTables, tenant }: Principal): string {
  const said = [...claims].map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  if (role) said.push(`role ${role}`);
  if (allowTables) said.push(`tables ${allowTables.join(', ')}`);
  if (tenant) said.push(`tenant ${tenant}`);
  return `${kind} (${said.join('; ')})`;
}

/** A finding as lines for a terminal. */
export function describeFinding(finding: Finding): string[] {
  const { violation, world, dialect, mutationSeed } = finding;
  const parameters = violation.sealed.parameters.map((parameter) => String(parameter.value));
  return [
    `VIOLATION of ${violation.property} in ${world} on ${dialect}, mutation ${mutationSeed}: ${violation.difference}`,
    `  asked by ${describePrincipal(finding.principal)}`,
    ...printForEngines(finding.query),
    `  sealed   ${violation.sealed.sql}`,
    `  with     ${JSON.stringify(parameters)}`,
  ];
}

/** Keeps a finding as a case that every later run begins with; one that is there already is not written twice. */
export function storeFinding(file: string, finding: Finding): void {
  const id = createHash('sha256').update(`${finding.dialect}\n${finding.sql}`).digest('hex').slice(0, 12);
  if (existsSync(file) && readFileSync(file, 'utf8').includes(`"id":"${id}"`)) return;
  const why = `${finding.violation.property} in ${finding.world}: ${finding.violation.difference}`;
  const line = JSON.stringify({ id, dialects: [finding.dialect], sql: finding.sql, why });
  appendFileSync(file, `${line}\n`);
}
