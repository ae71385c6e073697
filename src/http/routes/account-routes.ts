import { z } from 'zod';
import { printMicroUnits } from '../../domain/micro-units.js';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../../domain/principal.js';
import type { Invite } from '../../identify/invite.js';
import type { AccountChange, AccountManager } from '../../identify/manage-accounts.js';
import type { ManagedAccount } from '../../identify/managed-account.js';
import type { Reports } from '../../reports/manage-reports.js';
import type { ReadAudit } from '../audit-export.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';
import { readRecordsAbout } from '../records-about.js';
import { AUDIT_RECORD } from './audit-schema.js';
import { PERSONAL_REPORTS, printPersonalReports } from './report-schema.js';
import { wholeText } from './whole-text.js';

const claims = z.record(z.string(), z.union([z.string(), z.number()]));

/** What may be stated of an account; which fields fit which kind is identify's to say. */
const DETAILS = {
  role: z.string().max(32).optional(),
  allow_tables: z.array(z.string().max(64)).max(1000).optional(),
  tier: z.string().max(32).optional(),
  claims: claims.optional(),
};

const NEW_ACCOUNT = {
  identifier: z.string().min(1).max(512),
  customer_number: z.string().min(1).max(512).optional(),
  ...DETAILS,
};

const ACCOUNT = z.strictObject({
  subject: z.string(),
  id: z.int(),
  identifier: z.string(),
  status: z.enum(['active', 'invited', 'disabled']),
  tier: z.string(),
  claims,
  role: z.string().nullable(),
  allow_tables: z.array(z.string()).readonly().nullable(),
  customer_number: z.string().nullable(),
  created_at: z.iso.datetime(),
});

const MAILED_LINK = z.strictObject({
  purpose: z.string(),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  used_at: z.iso.datetime().nullable(),
});

const SESSION = z.strictObject({
  id: z.string(),
  address: z.string(),
  created_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
  ended_by: z.string().nullable(),
});

const MODEL_USE = z.strictObject({
  day: z.iso.date(),
  model_tokens: z.int(),
  model_calls: z.int(),
  /** A decimal, in the currency of the prices. */
  model_money: z.string(),
});
const QUESTION = z.strictObject({
  question: z.string(),
  conversation_id: z.string().nullable(),
  status: z.string(),
  asked_at: z.iso.datetime(),
});
const IDENTITY = z.strictObject({
  provider: z.string(),
  issuer: z.string(),
  subject: z.string(),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime(),
});

/** `/v1/admin/{customers,employees,admins}`: accounts, for those with `users:manage`. Identify audits each change. */
export function createAccountRoutes(
  manager: AccountManager,
  invite: Invite,
  readAudit: ReadAudit,
  reports: Pick<Reports, 'readPersonal'>,
  ports: ApiPorts,
): readonly ApiRoute[] {
  return PRINCIPAL_KINDS.flatMap((kind) => [
    // Before `/:id`, which answers for every path of its form.
    createInviteRoute(kind, invite, ports),
    ...createRoutesOf(kind, manager, ports),
    createExportRoute(kind, manager, readAudit, reports, ports),
  ]);
}

function createInviteRoute(kind: PrincipalKind, invite: Invite, ports: ApiPorts): ApiRoute {
  return createApiHandler(
    {
      method: 'POST',
      path: `/v1/admin/${kind}s/invite`,
      access: { permission: 'users:manage' },
      input: z.strictObject(NEW_ACCOUNT),
      output: ACCOUNT,
      limit: 'manage',
      audit: 'account',
      handle: async ({ input, principal, context }) => {
        const { account, isNew } = await invite(principal, { kind, ...toDetails(input) }, context);
        return { status: isNew ? (201 as const) : (200 as const), body: printAccount(account) };
      },
    },
    ports,
  );
}

function createRoutesOf(kind: PrincipalKind, manager: AccountManager, ports: ApiPorts): readonly ApiRoute[] {
  const path = `/v1/admin/${kind}s`;
  const access = { permission: 'users:manage' } as const;
  const one = z.strictObject({ id: wholeText() });
  return [
    createApiHandler(
      {
        method: 'GET',
        path,
        access,
        input: z.strictObject({
          limit: wholeText(200).optional(),
          after: wholeText().optional(),
          identifier: z.string().min(1).max(512).optional(),
        }),
        output: z.strictObject({ accounts: z.array(ACCOUNT) }),
        limit: 'read',
        audit: null,
        handle: async ({ input, principal }) => {
          const { limit = 50, after, identifier } = input;
          const page = {
            limit,
            ...(after === undefined ? {} : { after }),
            ...(identifier === undefined ? {} : { identifier }),
          };
          return { body: { accounts: (await manager.list(principal, kind, page)).map(printAccount) } };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path,
        access,
        input: z.strictObject({ ...NEW_ACCOUNT, password: z.string().min(1).max(512) }),
        output: ACCOUNT,
        limit: 'manage',
        audit: 'account',
        handle: async ({ input, principal, context }) => {
          const account = { kind, ...toDetails(input) };
          return { status: 201 as const, body: printAccount(await manager.create(principal, account, context)) };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'GET',
        path: `${path}/:id`,
        access,
        input: one,
        output: ACCOUNT,
        limit: 'read',
        audit: null,
        handle: async ({ input, principal }) => ({
          body: printAccount(await manager.get(principal, kind, input.id)),
        }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'PATCH',
        path: `${path}/:id`,
        access,
        input: z.strictObject({
          id: wholeText(),
          status: z.enum(['active', 'disabled']).optional(),
          customer_number: z.string().min(1).max(512).nullable().optional(),
          ...DETAILS,
        }),
        output: ACCOUNT,
        limit: 'manage',
        audit: 'account',
        handle: async ({ input, principal, context }) => {
          const { id, ...given } = input;
          const change: AccountChange = toDetails(given);
          return { body: printAccount(await manager.change(principal, kind, id, change, context)) };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'DELETE',
        path: `${path}/:id`,
        access,
        input: one,
        output: z.strictObject({}),
        limit: 'manage',
        audit: 'account',
        handle: async ({ input, principal, context }) => {
          await manager.erase(principal, kind, input.id, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
  ];
}

/** Everything that is kept of one person: what identify knows, their reports, and what the audit log says of them. */
function createExportRoute(
  kind: PrincipalKind,
  manager: AccountManager,
  readAudit: ReadAudit,
  reports: Pick<Reports, 'readPersonal'>,
  ports: ApiPorts,
): ApiRoute {
  return createApiHandler(
    {
      method: 'GET',
      path: `/v1/admin/${kind}s/:id/export`,
      access: { permission: 'users:manage' },
      input: z.strictObject({ id: wholeText(), audit_cursor: z.string().max(64).optional() }),
      output: z.strictObject({
        account: ACCOUNT,
        groups: z.array(z.string()).readonly(),
        sessions: z.array(SESSION),
        identities: z.array(IDENTITY),
        mailed_links: z.array(MAILED_LINK),
        model_use: z.array(MODEL_USE),
        ...PERSONAL_REPORTS,
        verified: z.array(z.strictObject({ question: z.string(), status: z.string(), created_at: z.iso.datetime() })),
        questions: z.array(QUESTION),
        audit: z.array(AUDIT_RECORD),
        next_audit_cursor: z.string().nullable(),
      }),
      limit: 'manage',
      audit: 'account',
      handle: async ({ input, principal, context }) => {
        const kept = await manager.exportData(principal, kind, input.id, context);
        const { account, groups, sessions, identities, mailedLinks, modelUse, questions } = kept;
        const verified = kept.verified.map(({ question, status, createdAt }) => ({
          question,
          status,
          created_at: new Date(createdAt).toISOString(),
        }));
        const printed = sessions.map(({ id, address, createdAt, endedAt, endedBy }) => ({
          id,
          address,
          created_at: printTime(createdAt),
          ended_at: endedAt === null ? null : printTime(endedAt),
          ended_by: endedBy,
        }));
        const known = identities.map(({ createdAt, lastUsedAt, ...identity }) => ({
          ...identity,
          created_at: printTime(createdAt),
          last_used_at: printTime(lastUsedAt),
        }));
        const links = mailedLinks.map(({ purpose, createdAt, expiresAt, usedAt }) => ({
          purpose,
          created_at: printTime(createdAt),
          expires_at: printTime(expiresAt),
          used_at: usedAt === null ? null : printTime(usedAt),
        }));
        const used = modelUse.map(({ day, modelTokens, modelCalls, modelMoney }) => ({
          day,
          model_tokens: modelTokens,
          model_calls: modelCalls,
          model_money: printMicroUnits(modelMoney),
        }));
        const asked = questions.map(({ question, conversationId, status, askedAt }) => ({
          question,
          conversation_id: conversationId,
          status,
          asked_at: printTime(askedAt),
        }));
        const { subject, tenant } = account;
        const about = await readRecordsAbout(readAudit, { tenant, subject, cursor: input.audit_cursor ?? null });
        const body = {
          account: printAccount(account),
          groups,
          sessions: printed,
          identities: known,
          mailed_links: links,
          model_use: used,
          ...printPersonalReports(await reports.readPersonal(tenant, subject)),
          verified,
          questions: asked,
          audit: about.records,
          next_audit_cursor: about.nextCursor,
        };
        return { body };
      },
    },
    ports,
  );
}

const printTime = (at: number): string => new Date(at).toISOString();

function printAccount(account: ManagedAccount): z.input<typeof ACCOUNT> {
  return {
    subject: account.subject,
    id: account.id,
    identifier: account.identifier,
    status: account.status,
    tier: account.tier,
    claims: account.claims,
    role: account.role,
    allow_tables: account.allowTables,
    customer_number: account.customerNumber,
    created_at: printTime(account.createdAt),
  };
}

/** The fields that were given, in identify's spelling; one that was not is absent, not undefined. */
function toDetails<Given extends object>(given: Given): Respelt<Given> {
  const own = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(own.map(([name, value]) => [SPELLING[name] ?? name, value])) as never;
}

const SPELLING: Readonly<Record<string, string>> = { customer_number: 'customerNumber', allow_tables: 'allowTables' };

type Respelt<Given> = {
  [Key in keyof Given as Key extends 'customer_number'
    ? 'customerNumber'
    : Key extends 'allow_tables'
      ? 'allowTables'
      : Key]: Exclude<Given[Key], undefined>;
};
