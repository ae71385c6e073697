import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAsk, type Stages } from '../../src/ask.js';
import type { AskContext } from '../../src/ask-context.js';
import type { AuditEvent } from '../../src/audit/record.js';
import type { Candidate, Translation, TranslatorName } from '../../src/domain/candidate.js';
import type { HandedOut, Logger } from '../../src/domain/ports.js';
import type { Permission, Principal } from '../../src/domain/principal.js';
import { sealStatement } from '../../src/domain/sealed-statement.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import type { PrincipalView } from '../../src/policy/view.js';
import type { AskedTurn, TurnContext, Turns } from '../../src/translate/conversations/turns.js';
import type { TranslateRequest } from '../../src/translate/request.js';

const RECEIPT = { jws: 'a.b.c', salt: 'salt' };

/** A file that must not begin. */
const NO_FILE = {
  begin: async () => Promise.reject(new Error('a file began')),
  write: async () => Promise.reject(new Error('a file was written')),
};

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

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

const writer = principal('ask', 'sql:write-own');

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
function spine(
  change: Partial<Stages> = {},
  append?: () => Promise<void>,
  {
    onAnswer,
    turns,
    logger = silent,
  }: { readonly onAnswer?: (key: string) => void; readonly turns?: Turns; readonly logger?: Logger } = {},
) {
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
    logger,
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
    ...(onAnswer ? { onAnswer } : {}),
    ...(turns ? { turns } : {}),
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

  it('runs the SQL of a report for whoever may ask, with its values, and names it on record', async () => {
    const sealed: Candidate[] = [];
    const { ask, records } = spine({
      seal: async (from) => {
        sealed.push(from);
        return seal(from);
      },
    });
    const slots = new Map([['year', 2026]]);
    const report = { ...CONTEXT, report: { id: 'f00', slots } };
    await ask.runSql('SELECT :year', principal('ask'), report);
    expect(await codeOf(ask.runSql('SELECT :year', principal('sql:write-own'), report))).toBe(
      'AUTH_PERMISSION_MISSING',
    );
    await ask.ask('How many?', principal('ask'), { ...CONTEXT, report: { id: 'f01', slots: new Map() } });
    expect(await codeOf(ask.dryRun('SELECT :year', principal('ask', 'sql:read'), report))).toBe(
      'AUTH_PERMISSION_MISSING',
    );
    await ask.runSql('SELECT 1', principal('sql:write-own'), CONTEXT);
    expect(sealed.map(({ translator, slots: values }) => [translator, values])).toEqual([
      ['caller', slots],
      ['openai', new Map()],
      ['caller', new Map()],
    ]);
    expect(records.map((record) => 'reasons' in record && record.reasons)).toEqual([
      ['report f00', 'orders.rows.employee'],
      ['report f00', expect.any(String)],
      ['report f01', 'orders.rows.employee'],
      ['report f00', expect.any(String)],
      ['orders.rows.employee'],
    ]);
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

  it('logs why a statement failed, and leaves faults of the gateway to their own line', async () => {
    const told: unknown[] = [];
    const logger = { ...silent, info: (fields: object) => void told.push('cause' in fields ? fields.cause : null) };
    const failing = (error: SwaliError) => spine({ execute: async () => Promise.reject(error) }, undefined, { logger });
    const cause = new Error('integer overflow');
    await codeOf(failing(new SwaliError('EXECUTE_FAILED', { cause })).ask.runSql('SELECT 1', writer, CONTEXT));
    await codeOf(failing(new SwaliError('SOURCE_UNAVAILABLE', { cause })).ask.runSql('SELECT 1', writer, CONTEXT));
    await spine({}, undefined, { logger }).ask.runSql('SELECT 1', writer, CONTEXT);
    expect(told).toEqual([cause, null, null]);
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

describe('a question back', () => {
  const usage = { promptTokens: 10, completionTokens: 2 };
  const asksBack = (translator: TranslatorName, ...choices: string[]) =>
    ({ kind: 'clarify', message: 'Which year?', choices, translator, usage }) as const;

  /** Answers in turn; the last one is repeated. */
  function inTurn(...translations: Translation[]) {
    const asked: TranslateRequest[] = [];
    const made = spine({
      translate: async (request) => {
        asked.push({ ...request, feedback: [...request.feedback] });
        return translations[Math.min(asked.length, translations.length) - 1]!;
      },
    });
    return { ...made, asked };
  }

  it('without readings to choose from goes back to the model once, as a repair', async () => {
    const { ask, asked, records } = inTurn(asksBack('openai', 'Of 2025?'), asksBack('openai', 'Of 2025?', 'Of 2026?'));
    const answer = await ask.ask('How many orders?', principal('ask'), CONTEXT);
    expect(answer).toMatchObject({
      status: 'clarify',
      choices: ['Of 2025?', 'Of 2026?'],
      usage: { prompt_tokens: 20 },
    });
    expect(asked[1]?.feedback).toEqual([{ sql: null, code: null, message: 'Which year?' }]);
    expect(records).toMatchObject([{ reasons: [expect.stringContaining('sent back to the model')] }]);
  });

  it('is handed on with what it has where the model does no better', async () => {
    const { ask, asked } = inTurn(asksBack('openai'));
    expect(await ask.ask('How many?', principal('ask'), CONTEXT)).toMatchObject({ status: 'clarify', choices: [] });
    expect(asked).toHaveLength(2);
  });

  it('may become a statement', async () => {
    const { ask } = inTurn(asksBack('openai'), { kind: 'sql', candidate: candidate('SELECT 1', 'openai') });
    expect(await ask.ask('How many?', principal('ask'), CONTEXT)).toMatchObject({ status: 'answered', rows: [[7]] });
  });

  it.each([
    ['of another translator', asksBack('offline')],
    ['with two readings', asksBack('openai', 'Of 2025?', 'Of 2026?')],
    ['that is a refusal', { ...asksBack('openai'), kind: 'refused' } as const],
  ])('is handed on as it is: %s', async (_what, translation) => {
    const { ask, asked } = inTurn(translation);
    await ask.ask('How many?', principal('ask'), CONTEXT);
    expect(asked).toHaveLength(1);
  });
});

describe('several statements of a model', () => {
  const answers = (...texts: string[]): Translation => {
    const [first, ...others] = texts.map((text) => candidate(text, 'openai'));
    return { kind: 'sql', candidate: first!, alternatives: others };
  };
  /** The statement says its own result and what it reads: `SELECT 7 FROM orders`. */
  const stages = (translation: Translation): Partial<Stages> => ({
    translate: async () => translation,
    seal: async (from) => {
      if (from.sql.includes('closed')) throw new SwaliError('SEAL_RELATION_UNKNOWN');
      const made = seal(from);
      const relation = /FROM (\w+)/.exec(from.sql)?.[1] ?? 'orders';
      return { ...made, sql: from.sql, provenance: { ...made.provenance, relations: [relation] } };
    },
    execute: async ({ sql }) => {
      if (sql.includes('breaks')) throw new SwaliError('EXECUTE_FAILED');
      return { types: ['integer'], rows: [[Number(/\d+/.exec(sql)?.[0])]], truncated: false };
    },
  });
  const digest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

  it('are answered with the result that most come to, and with all that was paid', async () => {
    const texts = ['SELECT 1 FROM orders', 'SELECT 2 FROM payments', 'SELECT 2 FROM invoices'];
    const { ask } = spine(stages(answers(...texts)));
    const answer = await ask.ask('How many?', principal('ask', 'sql:read'), CONTEXT);
    expect(answer).toMatchObject({ rows: [[2]], sql: texts[1], usage: { prompt_tokens: 10 }, row_count: 1 });
    expect(answer.provenance.relations).toEqual(['payments']);
  });

  it('are all on record: what each read, and how many agreed', async () => {
    const texts = ['SELECT 1 FROM orders', 'SELECT 2 FROM payments', 'SELECT 2 FROM payments', 'SELECT 3 FROM breaks'];
    const { ask, records } = spine(stages(answers(...texts, 'SELECT 4 FROM closed')));
    await ask.ask('How many?', principal('ask'), CONTEXT);
    expect(records).toMatchObject([
      {
        decision: 'answered',
        sqlDigest: digest('SELECT 2 FROM payments'),
        relations: ['breaks', 'orders', 'payments'],
        rowCount: 1,
        reasons: [
          `ran for the vote: ${digest('SELECT 2 FROM payments')} over payments`,
          `ran for the vote: ${digest('SELECT 1 FROM orders')} over orders`,
          `ran for the vote: ${digest('SELECT 3 FROM breaks')} over breaks`,
          'vote by result: statements compared: 2; answers that agree: 2 of 5',
          'orders.rows.employee',
        ],
      },
    ]);
  });

  it('go back with the error of the first where none runs', async () => {
    const asked: TranslateRequest[] = [];
    const { ask, records } = spine({
      ...stages(answers('SELECT 1')),
      translate: async (request) => {
        asked.push({ ...request, feedback: [...request.feedback] });
        return asked.length === 1
          ? answers('SELECT 1 FROM closed', 'SELECT 1 FROM breaks')
          : answers('SELECT 5 FROM orders');
      },
    });
    expect(await ask.ask('How many?', principal('ask'), CONTEXT)).toMatchObject({
      rows: [[5]],
      usage: { prompt_tokens: 20 },
    });
    expect(asked[1]?.feedback).toMatchObject([{ sql: 'SELECT 1 FROM closed', code: 'SEAL_RELATION_UNKNOWN' }]);
    expect(records).toMatchObject([{ relations: ['breaks', 'orders'] }]);
  });

  it('are no measure of how long one takes', async () => {
    const told: string[] = [];
    const onAnswer = (key: string) => void told.push(key);
    await spine(stages(answers('SELECT 1', 'SELECT 2')), undefined, { onAnswer }).ask.ask(
      'How many?',
      principal('ask'),
      CONTEXT,
    );
    expect(told).toEqual([]);
    await spine(stages(answers('SELECT 1')), undefined, { onAnswer }).ask.ask('How many?', principal('ask'), CONTEXT);
    expect(told).toEqual(['question SELECT 1']);
  });
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

describe('the turns of a conversation', () => {
  const EARLIER = [{ question: 'and then?', sql: 'SELECT 0' }];
  const IN_ONE: AskContext = { ...CONTEXT, conversation: 'c1' };

  /** Turns that are read, and what is kept, with how many records there were by then. */
  function remember(change: Partial<Turns> = {}) {
    const kept: { readonly turn: AskedTurn; readonly context: TurnContext; readonly records: number }[] = [];
    let recorded: () => number = () => 0;
    const turns: Turns = {
      before: async (_who, conversation) => (conversation === null ? [] : EARLIER),
      save: async (_who, turn, context) => {
        kept.push({ turn, context, records: recorded() });
        return context.conversation ?? null;
      },
      ...change,
    };
    return { kept, turns, watch: (count: () => number) => (recorded = count) };
  }

  it('go to the translator, and what came of the question is kept once it is on record', async () => {
    const { kept, turns, watch } = remember();
    const { ask, asked, records } = spine({}, undefined, { turns });
    watch(() => records.length);
    const answer = await ask.ask('how many?', principal('ask'), IN_ONE);
    expect([answer.conversation_id, asked[0]?.turns]).toEqual(['c1', EARLIER]);
    const turn = {
      question: 'how many?',
      readAs: null,
      sql: 'SELECT 0',
      status: 'answered',
      code: null,
      translator: 'openai',
      rules: { viewDigest: 'd', policyVersion: 'sha256:p' },
    };
    expect(kept).toEqual([{ turn, context: IN_ONE, records: 1 }]);
    expect((await ask.ask('how many?', principal('ask'), CONTEXT)).conversation_id).toBeNull();
    expect(asked[1]?.turns).toEqual([]);
  });

  it('keep no statement of what was refused or failed, and say how it was read', async () => {
    const { kept, turns } = remember();
    const readAs = 'How many orders?';
    const refused = spine(
      {
        translate: async () => ({
          ...({ kind: 'refused', message: 'no', choices: [], translator: 'offline', readAs } as const),
          usage: { promptTokens: 0, completionTokens: 0 },
        }),
      },
      undefined,
      { turns },
    );
    const answer = await refused.ask.ask('how many?', principal('ask'), IN_ONE);
    expect(answer.explanation).toMatch(/^Read as: “How many orders\?”\. The question could not/);
    const failing = spine({ execute: () => Promise.reject(new SwaliError('EXECUTE_TIMEOUT')) }, undefined, { turns });
    expect(await codeOf(failing.ask.ask('how many?', principal('ask'), IN_ONE))).toBe('EXECUTE_TIMEOUT');
    expect(kept.map(({ turn }) => [turn.status, turn.code, turn.sql, turn.readAs])).toEqual([
      ['refused', null, null, readAs],
      ['failed', 'EXECUTE_TIMEOUT', null, null],
    ]);
  });

  it('are of questions alone, and of none whose record could not be written', async () => {
    const { kept, turns } = remember();
    const { ask } = spine({}, undefined, { turns });
    await ask.runSql('SELECT 1', principal('sql:write-own'), IN_ONE);
    const nowhere = { begin: async () => undefined, write: async () => undefined };
    // What it fails with is no matter here: nothing streams in this test.
    await codeOf(ask.exportStream({ question: 'all?', format: 'csv' }, principal('export', 'ask'), IN_ONE, nowhere));
    const unwritten = spine({}, () => Promise.reject(new SwaliError('AUDIT_UNAVAILABLE')), { turns });
    expect(await codeOf(unwritten.ask.ask('how many?', principal('ask'), IN_ONE))).toBe('AUDIT_UNAVAILABLE');
    expect(kept).toEqual([]);
  });

  it('that are another’s refuse the question, and no translator hears of it', async () => {
    const before = () => Promise.reject(new SwaliError('CONVERSATION_UNKNOWN'));
    const { ask, asked, records } = spine({}, undefined, { turns: remember({ before }).turns });
    expect(await codeOf(ask.ask('how many?', principal('ask'), IN_ONE))).toBe('CONVERSATION_UNKNOWN');
    expect(asked).toEqual([]);
    expect(records[0]).toMatchObject({ event: 'question', code: 'CONVERSATION_UNKNOWN' });
  });
});
