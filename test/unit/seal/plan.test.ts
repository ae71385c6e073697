import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/domain/candidate.js';
import { fillParameters, type Plan } from '../../../src/seal/plan.js';
import type { Parameter } from '../../../src/sql/nodes.js';
import { callerSql } from '../../support/seal-engine.js';
import { customerView, sealShop } from '../../support/seal-shop.js';
import { codeOf } from '../../support/seal-steps.js';

const claim: Parameter = { kind: 'parameter', origin: 'claim', name: 'owner', value: null };
const slot: Parameter = { kind: 'parameter', origin: 'slot', name: 'year', value: null };
const literal: Parameter = { kind: 'parameter', origin: 'literal', name: null, value: 'it’s' };
const plan = (...parameters: Parameter[]): Plan => ({
  sql: '',
  parameters,
  columns: [],
  filtered: true,
  provenance: { relations: [], policies: [], maskedColumns: [], policyVersion: '' },
});
const catalog = sealShop();
const view = customerView(catalog);
const withSlots = (slots: Readonly<Record<string, unknown>>): Candidate => ({
  ...callerSql('SELECT 1'),
  slots: new Map(Object.entries(slots)) as Candidate['slots'],
});

describe('parameters', () => {
  it('come in print order, claims from the view, slots from the question, literals from the text', () => {
    expect(fillParameters(plan(literal, claim, slot, claim), withSlots({ year: 2026 }), view)).toEqual([
      { origin: 'literal', name: null, value: 'it’s' },
      { origin: 'claim', name: 'owner', value: 7 },
      { origin: 'slot', name: 'year', value: 2026 },
      { origin: 'claim', name: 'owner', value: 7 },
    ]);
  });

  it('refuse a claim that is not there', () => {
    expect(codeOf(() => fillParameters(plan(claim), withSlots({}), customerView(catalog, {}, {})))).toBe(
      'SEAL_CLAIM_MISSING',
    );
  });

  it.each([[undefined], [null], [Number.NaN], [Number.POSITIVE_INFINITY], [{ toString: () => '1' }], [['1']], [true]])(
    'refuse the slot value %s: an object would become SQL in the driver',
    (value) => {
      expect(codeOf(() => fillParameters(plan(slot), withSlots({ year: value }), view))).toBe('SEAL_SLOT_INVALID');
    },
  );

  it('refuse a slot value with a NUL, at which SQLite would end it', () => {
    expect(codeOf(() => fillParameters(plan(slot), withSlots({ year: 'a\0b' }), view))).toBe('SEAL_SLOT_INVALID');
  });

  it.each([['text'], [0], [-1.5]])('take the slot value %s', (value) => {
    expect(fillParameters(plan(slot), withSlots({ year: value }), view)[0]!.value).toBe(value);
  });

  it('refuse one that was never bound', () => {
    expect(codeOf(() => fillParameters(plan({ ...slot, origin: 'named' }), withSlots({ year: 1 }), view))).toBe(
      'SEAL_UNPROVEN',
    );
  });
});
