import { describe, expect, it } from 'vitest';
import type { Principal } from '../../../src/domain/principal.js';
import { createKeptReceipts } from '../../../src/http/kept-receipts.js';

const principal = (subject: string, tenant: string | null = null) => ({ subject, tenant }) as Principal;
const ADA = principal('employee:1');

describe('kept receipts', () => {
  it('are found by who got them, by the request, for a quarter of an hour', async () => {
    let time = 0;
    const receipts = createKeptReceipts(null, () => time);
    await receipts.keep(ADA, 'request-1', 'a.b.c');
    await receipts.keep(ADA, 'request-1', 'd.e.f');
    expect(await receipts.find(ADA, 'request-1')).toBe('d.e.f');
    expect(await receipts.find(ADA, 'request-2')).toBeNull();
    expect(await receipts.find(principal('employee:2'), 'request-1')).toBeNull();
    expect(await receipts.find(principal('employee:1', 'acme'), 'request-1')).toBeNull();
    time = 15 * 60_000 - 1;
    expect(await receipts.find(ADA, 'request-1')).toBe('d.e.f');
    time += 1;
    expect(await receipts.find(ADA, 'request-1')).toBeNull();
  });

  it('are a thousand at most', async () => {
    const receipts = createKeptReceipts(null, () => 0);
    for (let n = 0; n <= 1000; n += 1) await receipts.keep(ADA, `request-${n}`, String(n));
    expect(await receipts.find(ADA, 'request-0')).toBeNull();
    expect(await receipts.find(ADA, 'request-1')).toBe('1');
  });
});
