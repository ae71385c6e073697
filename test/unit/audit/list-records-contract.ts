import { beforeAll, describe, expect, it } from 'vitest';
import { type ChainedAuditLog, openAuditLog } from '../../../src/audit/append-log.js';
import type { AuditFilter } from '../../../src/audit/list-records.js';
import type { AuditEvent } from '../../../src/audit/record.js';
import type { Store } from '../../../src/store/store.js';
import { AUDIT_KEYS } from '../../support/audit-keys.js';
import { loginEvent, questionEvent } from './audit-fixtures.js';

const START = 1_700_000_000_000;

const account = (target: string): AuditEvent => ({
  event: 'account',
  requestId: 'r-account',
  address: '192.0.2.1',
  userAgent: 'test',
  tenant: null,
  subject: 'admin:1',
  kind: 'admin',
  action: 'change',
  target,
  before: null,
  after: null,
  decision: 'refused',
  code: 'AUTH_PERMISSION_MISSING',
});

const join: AuditEvent = {
  event: 'group',
  requestId: 'r-group',
  address: 'cli',
  userAgent: null,
  tenant: null,
  subject: 'operator',
  kind: 'admin',
  action: 'join',
  group: 'group:1',
  member: 'customer:2',
  before: null,
  after: null,
  decision: 'accepted',
  code: null,
};

/** One record every second. The names of what each is looked for by are its place: 0, 1, 2 … */
const EVENTS: readonly AuditEvent[] = [
  loginEvent(1),
  loginEvent(2),
  { ...loginEvent(3), tenant: 'acme' },
  questionEvent('How many orders did customer:2 place?'),
  account('customer:2'),
  account('customer:3'),
  join,
  { ...loginEvent(2), tenant: 'acme' },
];

/** What a store must do for those who read the log by its columns. */
export function describeListing(open: () => Store): void {
  describe('reading the audit log', () => {
    let log: ChainedAuditLog;
    beforeAll(async () => {
      let now = START;
      const clock = () => now;
      log = await openAuditLog({ store: open(), clock, writerId: 'listing', ...AUDIT_KEYS });
      for (const event of EVENTS) {
        await log.append(event);
        now += 1000;
      }
    });

    /** Places of the records that fit, newest first. */
    const find = async (filter: AuditFilter, tenant: string | null | 'all' = null): Promise<readonly number[]> => {
      const page = { limit: 100, from: START, ...filter, ...(tenant === 'all' ? {} : { tenant }) };
      const records = await log.list(page);
      return records.filter(({ writer }) => writer === 'listing').map(({ sequence }) => sequence - 1);
    };

    it.each([
      ['event', { event: 'login' }, [1, 0]],
      ['subject', { subject: 'customer:2' }, [1]],
      ['whom it is about, as the one who did it, the target or the member', { about: 'customer:2' }, [6, 4, 1]],
      ['kind', { kind: 'admin' }, [6, 5, 4]],
      ['decision', { decision: 'refused' }, [5, 4]],
      ['code', { code: 'AUTH_PERMISSION_MISSING' }, [5, 4]],
      ['request id', { requestId: 'r-account' }, [5, 4]],
      ['the first moment', { from: START + 4000 }, [6, 5, 4]],
      ['the last moment, which is not in', { to: START + 1000 }, [0]],
      ['all of them together', { event: 'login', subject: 'customer:1', to: START + 1 }, [0]],
      ['what no record says', { subject: "customer:1' OR '1'='1" }, []],
    ] as const)('goes by %s', async (_name, filter, expected) => {
      expect(await find(filter)).toEqual(expected);
    });

    it('stays within a tenant, and spans all where none is named', async () => {
      expect(await find({ about: 'customer:2' }, 'acme')).toEqual([7]);
      expect(await find({ event: 'login' }, 'acme')).toEqual([7, 2]);
      expect(await find({ event: 'login' }, 'all')).toEqual([7, 2, 1, 0]);
    });

    it('goes on after a record, while others arrive', async () => {
      const page = { limit: 2, tenant: null, from: START, to: START + 7000 };
      const first = await log.list(page);
      const other = { store: open(), clock: () => START + 500, writerId: 'meanwhile', ...AUDIT_KEYS };
      await (await openAuditLog(other)).append(loginEvent(9));
      const second = await log.list({ ...page, before: first[1]?.id ?? 0 });
      expect([...first, ...second].map(({ sequence }) => sequence)).toEqual([7, 6, 5, 4]);
    });
  });
}
