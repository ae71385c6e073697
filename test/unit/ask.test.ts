import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type AskContext, createAsk, type Stages } from '../../src/ask.js';
import type { AuditEvent } from '../../src/audit/record.js';
import type { Candidate, TranslatorName } from '../../src/domain/candidate.js';
import type { HandedOut } from '../../src/domain/ports.js';
import type { Permission, Principal } from '../../src/domain/principal.js';
import { sealStatement } from '../../src/domain/sealed-statement.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import type { PrincipalView } from '../../src/policy/view.js';
import type { TranslateRequest } from '../../src/translate/request.js';

const RECEIPT = { jws: 'a.b.c', salt: 'salt' };

/** A file that must not begin. */
const NO_FILE = {
  begin: async () => Promise.reject(new Error('a file began')),
  write: async () => Promise.reject(new Error('a file was written')),
};

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const VIEW: PrincipalView = {
  relations: new Map(),
  isFunctionOpen: () => true,
  claim: () => 103,
  limits: { rows: 10, timeoutMs: 1000, bytes: 1000, joins: 8, depth: 8 },
  digest: 'd',
  policyVersion: 'sha256:p',
};

function principal(...permissions: Permission[]): Principal {
  return {
    kind: 'employee',
    subject: 'employee:1',
    role: 'member',
    claims: new Map(),
    allowTables: ['orders'],
    permissions: new Set(permissions),
    tier: 'standard',
    tenant: null,
    session: 's',
    lacksSecondFactor: false,
  };
}

const CONTEXT: AskContext = {
  requestId: 'r1',
  address: '127.0.0.1',
  userAgent: 'curl/8.5.0',
  signal: new AbortController().signal,
  operator: false,
};

function candidate(sql: string, translator: TranslatorName): Candidate {
  return { sql, translator, slots: new Map(), usage: { promptTokens: 10, completionTokens: 2 } };
}

function seal(from: Candidate) {
  return sealStatement({
    dialect: 'sqlite',
    sql: `SELECT 7 AS c1 /* ${from.sql.length} */`,
    parameters: [
      { origin: 'claim', name: 'customer_number', value: 103n },
      { origin: 'claim', name: 'mask-key:customers.phone', value: 'a key' },
    ],
    columns: [{ name: 'n', unit: null, masked: false }],
    limits: { rows: 10, timeoutMs: 1000, bytes: 1000 },
    filtered: true,
    kind: 'employee',
    provenance: {
      relations: ['orders'],
      policies: ['orders.rows.employee'],
      maskedColumns: [],
      policyVersion: 'sha256:p',
    },
  });
}

/** The spine over stages that each test states, and the records that it wrote. */
function spine(change: Partial<Stages> = {}, append?: () => Promise<void>) {
  const records: AuditEvent[] = [];
  const asked: TranslateRequest[] = [];
  const vouched: HandedOut[] = [];
  const stages: Stages = {
    viewFor: () => VIEW,
    exportViewFor: () => VIEW,
    translate: async (request) => {
      asked.push({ ...request, feedback: [...request.feedback] });
      return { kind: 'sql', candidate: candidate(`SELECT ${request.feedback.length}`, 'openai') };
    },
    seal: async (from) => seal(from),
    execute: async () => ({ types: ['integer'], rows: [[7]], truncated: false }),
    executeStream: async () => Promise.reject(new Error('nothing here streams')),
    ...change,
  };
  const ask = createAsk({
    stages,
    audit: {
      append: async (event) => {
        await append?.();
        records.push(event);
      },
    },
    logger: silent,
    now: () => performance.now(),
    newId: () => 'id-1',
    signReceipt: (subject) => {
      vouched.push(structuredClone(subject));
      return RECEIPT;
    },
    beginReceipt: () => {
      throw new Error('nothing here streams');
    },
    repairAttempts: 2,
  });
  return { ask, records, asked, vouched };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof SwaliError ? error.code : `not refused: ${String(error)}`;
}

describe('ask', () => {
  it('answers through every stage, each timed, after its record is durable', async () => {
    const { ask, records } = spine();
    const answer = await ask.ask('How many orders?', principal('ask', 'sql:read'), CONTEXT);
    expect(answer).toMatchObject({ id: 'id-1', status: 'answered', rows: [[7]], sql: 'SELECT 0', row_count: 1 });
    expect(Object.keys(answer.timings_ms)).toEqual(expect.arrayContaining(['translate', 'seal', 'execute']));
    expect(records).toMatchObject([
      {
        event: 'question',
        requestId: 'r1',
        subject: 'employee:1',
        question: 'How many orders?',
        translator: 'openai',
        decision: 'answered',
        code: null,
        reasons: ['orders.rows.employee'],
        relations: ['orders'],
        rowCount: 1,
      },
    ]);
    expect(records[0]).toHaveProperty('sqlDigest', expect.stringMatching(/^sha256:[0-9a-f]{64}$/));
  });

  it('keeps the statement from those without sql:read', async () => {
    const { ask } = spine();
    expect((await ask.ask('How many orders?', principal('ask'), CONTEXT)).sql).toBeNull();
  });

  it('shows it to the local operator, whoever they act as', async () => {
    const { ask } = spine();
    expect((await ask.ask('How many?', principal(), { ...CONTEXT, operator: true })).sql).toBe('SELECT 0');
  });

  it('answers nothing where the record cannot be written', async () => {
    const failing = async () => {
      throw new SwaliError('AUDIT_UNAVAILABLE');
    };
    const { ask } = spine({}, failing);
    expect(await codeOf(ask.ask('How many orders?', principal('ask'), CONTEXT))).toBe('AUDIT_UNAVAILABLE');
    const refusing = spine({ seal: async () => Promise.reject(new SwaliError('SEAL_NOT_SELECT')) }, failing);
    expect(await codeOf(refusing.ask.runSql('DROP', principal('sql:write-own'), CONTEXT))).toBe('AUDIT_UNAVAILABLE');
  });

  it('records a refusal with its code, and no row count', async () => {
    const { ask, records } = spine({ seal: async () => Promise.reject(new SwaliError('SEAL_RELATION_UNKNOWN')) });
    expect(await codeOf(ask.runSql('SELECT * FROM x', principal('sql:write-own'), CONTEXT))).toBe(
      'SEAL_RELATION_UNKNOWN',
    );
    expect(records).toMatchObject([
      { event: 'sql', question: null, decision: 'refused', code: 'SEAL_RELATION_UNKNOWN', rowCount: null },
    ]);
  });

  it('records a failure as one, and hides an error that is not ours', async () => {
    const { ask, records } = spine({ execute: async () => Promise.reject(new Error('the row 120 says hush')) });
    expect(await codeOf(ask.runSql('SELECT 1', principal('sql:write-own'), CONTEXT))).toBe('INTERNAL');
    expect(records).toMatchObject([{ decision: 'failed', code: 'INTERNAL' }]);
    expect(JSON.stringify(records)).not.toContain('hush');
  });

  it('records the translator’s own word', async () => {
    const usage = { promptTokens: 0, completionTokens: 0 };
    const { ask, records } = spine({
      translate: async () => ({
        kind: 'clarify',
        message: 'Which year?',
        choices: ['2025'],
        translator: 'offline',
        usage,
      }),
    });
    const answer = await ask.ask('How many orders?', principal('ask'), CONTEXT);
    expect(answer).toMatchObject({ status: 'clarify', message: 'Which year?', choices: ['2025'], sql: null });
    expect(records).toMatchObject([{ decision: 'clarify', translator: 'offline', sqlDigest: null }]);
  });

  it.each([
    ['ask', (ask: ReturnType<typeof spine>['ask']) => ask.ask('How many?', principal('sql:read'), CONTEXT)],
    ['sql:write-own', (ask: ReturnType<typeof spine>['ask']) => ask.runSql('SELECT 1', principal('ask'), CONTEXT)],
    ['sql:read', (ask: ReturnType<typeof spine>['ask']) => ask.dryRun('SELECT 1', principal('sql:write-own'), CONTEXT)],
    [
      'export',
      (ask: ReturnType<typeof spine>['ask']) =>
        ask.exportStream({ sql: 'SELECT 1', format: 'csv' }, principal('ask', 'sql:write-own'), CONTEXT, NO_FILE),
    ],
    [
      'sql:write-own, to export',
      (ask: ReturnType<typeof spine>['ask']) =>
        ask.exportStream({ sql: 'SELECT 1', format: 'csv' }, principal('ask', 'export'), CONTEXT, NO_FILE),
    ],
    [
      'ask, to export',
      (ask: ReturnType<typeof spine>['ask']) =>
        ask.exportStream({ question: 'How many?', format: 'csv' }, principal('export'), CONTEXT, NO_FILE),
    ],
  ])('demands the permission %s, and records who lacked it', async (_permission, call) => {
    const { ask, records } = spine();
    expect(await codeOf(call(ask))).toBe('AUTH_PERMISSION_MISSING');
    expect(records).toMatchObject([{ decision: 'refused', code: 'AUTH_PERMISSION_MISSING' }]);
  });
});

describe('receipts', () => {
  const RECEIPT_DIGEST = `sha256:${createHash('sha256').update(RECEIPT.jws).digest('hex')}`;

  it('go with each answer, over the statement and the rules, and the record points at them', async () => {
    const { ask, records, vouched } = spine();
    const answers = [
      await ask.ask('How many orders?', principal('ask'), CONTEXT),
      await ask.runSql('SELECT 8', principal('sql:write-own'), CONTEXT),
    ];
    expect(answers.map(({ receipt }) => receipt)).toEqual([RECEIPT, RECEIPT]);
    expect(vouched).toMatchObject([
      { requestId: 'r1', principal: { subject: 'employee:1' }, sql: 'SELECT 0', policyDigest: 'd' },
      { sql: 'SELECT 8', answer: { provenance: { translator: 'caller' }, rows: [[7]] } },
    ]);
    // What is signed is what leaves: nothing of it changes afterwards but the receipt and the times.
    for (const [at, { receipt: _, timings_ms: __, ...rest }] of answers.entries())
      expect(vouched[at]?.answer).toMatchObject(rest);
    expect(records).toMatchObject([{ receiptDigest: RECEIPT_DIGEST }, { receiptDigest: RECEIPT_DIGEST }]);
  });

  it('are not made where nothing ran', async () => {
    const { ask, records, vouched } = spine({
      translate: async () => ({
        kind: 'clarify',
        message: 'Which year?',
        choices: [],
        translator: 'offline',
        usage: { promptTokens: 0, completionTokens: 0 },
      }),
    });
    expect((await ask.ask('How many?', principal('ask'), CONTEXT)).receipt).toBeNull();
    await ask.dryRun('SELECT 1', principal('sql:write-own', 'sql:read'), CONTEXT);
    expect(vouched).toEqual([]);
    for (const record of records) expect(record).toHaveProperty('receiptDigest', null);
  });
});

describe('the way back to the model', () => {
  it('sends a refused statement back with its public words, and adds up what was paid', async () => {
    let refusals = 0;
    const { ask, asked, records } = spine({
      seal: async (from) => {
        refusals += 1;
        if (refusals === 1) throw new SwaliError('SEAL_COLUMN_UNKNOWN', { detail: 'at character 8', cause: 'private' });
        return seal(from);
      },
    });
    const answer = await ask.ask('How many orders?', principal('ask'), CONTEXT);
    expect(asked.map((request) => request.feedback.length)).toEqual([0, 1]);
    expect(asked[1]?.feedback[0]).toMatchObject({ sql: 'SELECT 0', code: 'SEAL_COLUMN_UNKNOWN' });
    expect(asked[1]?.feedback[0]?.message).toContain('at character 8');
    expect(JSON.stringify(asked[1]?.feedback)).not.toContain('private');
    expect(answer.usage).toEqual({ prompt_tokens: 20, completion_tokens: 4 });
    expect(records).toMatchObject([
      { decision: 'answered', reasons: ['sent back to the model: SEAL_COLUMN_UNKNOWN', 'orders.rows.employee'] },
    ]);
  });

  it('gives up after the set number of attempts', async () => {
    const { ask, asked } = spine({ seal: async () => Promise.reject(new SwaliError('SEAL_SYNTAX')) });
    expect(await codeOf(ask.ask('How many orders?', principal('ask'), CONTEXT))).toBe('SEAL_SYNTAX');
    expect(asked).toHaveLength(3);
  });

  it.each(['verified', 'offline'] as const)('does not ask the %s translator twice', async (translator) => {
    let count = 0;
    const { ask } = spine({
      translate: async () => {
        count += 1;
        return { kind: 'sql', candidate: candidate('SELECT 1', translator) };
      },
      seal: async () => Promise.reject(new SwaliError('SEAL_SYNTAX')),
    });
    expect(await codeOf(ask.ask('How many orders?', principal('ask'), CONTEXT))).toBe('SEAL_SYNTAX');
    expect(count).toBe(1);
  });

  it.each(['SEAL_CLAIM_MISSING', 'EXECUTE_TIMEOUT', 'SOURCE_UNAVAILABLE'] as const)(
    'does not send %s back: no statement mends it',
    async (code) => {
      const { ask, asked } = spine({ execute: async () => Promise.reject(new SwaliError(code)) });
      expect(await codeOf(ask.ask('How many orders?', principal('ask'), CONTEXT))).toBe(code);
      expect(asked).toHaveLength(1);
    },
  );
});

describe('dryRun', () => {
  it('seals, runs nothing, gives 64-bit parameters as text, and keeps the keys of masks to itself', async () => {
    let ran = false;
    const { ask, records } = spine({
      execute: async () => {
        ran = true;
        return { types: [], rows: [], truncated: false };
      },
    });
    const sealed = await ask.dryRun('SELECT 1', principal('sql:write-own', 'sql:read'), CONTEXT);
    expect(sealed).toMatchObject({
      sealed_sql: expect.stringContaining('SELECT 7'),
      parameters: [
        { origin: 'claim', name: 'customer_number', value: '103' },
        { origin: 'claim', name: 'mask-key:customers.phone', value: null },
      ],
      provenance: { translator: 'caller', relations: ['orders'] },
    });
    expect(ran).toBe(false);
    expect(records).toMatchObject([{ event: 'sql', decision: 'answered', rowCount: null }]);
  });
});
