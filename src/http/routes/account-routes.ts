import { z } from 'zod';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../../domain/principal.js';
import type { AccountChange, AccountManager } from '../../identify/manage-accounts.js';
import type { ManagedAccount } from '../../identify/managed-account.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

const wholeNumber = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, { error: 'expected a whole number' })
  .transform(Number);
const claims = z.record(z.string(), z.union([z.string(), z.number()]));

/** What may be stated of an account; which fields fit which kind is identify's to say. */
const DETAILS = {
  role: z.string().max(32).optional(),
  allow_tables: z.array(z.string().max(64)).max(1000).optional(),
  tier: z.string().max(32).optional(),
  claims: claims.optional(),
};

const ACCOUNT = z.strictObject({
  subject: z.string(),
  id: z.int(),
  identifier: z.string(),
  status: z.enum(['active', 'disabled']),
  tier: z.string(),
  claims,
  role: z.string().nullable(),
  allow_tables: z.array(z.string()).readonly().nullable(),
  customer_number: z.string().nullable(),
  created_at: z.iso.datetime(),
});

const SESSION = z.strictObject({
  id: z.string(),
  address: z.string(),
  created_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
  ended_by: z.string().nullable(),
});

const IDENTITY = z.strictObject({
  provider: z.string(),
  issuer: z.string(),
  subject: z.string(),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime(),
});

/** `/v1/admin/{customers,employees,admins}`: accounts, for those with `users:manage`. Identify audits each change. */
export function createAccountRoutes(manager: AccountManager, ports: ApiPorts): readonly ApiRoute[] {
  return PRINCIPAL_KINDS.flatMap((kind) => createRoutesOf(kind, manager, ports));
}

function createRoutesOf(kind: PrincipalKind, manager: AccountManager, ports: ApiPorts): readonly ApiRoute[] {
  const path = `/v1/admin/${kind}s`;
  const access = { permission: 'users:manage' } as const;
  const one = z.strictObject({ id: wholeNumber });
  return [
    createApiHandler(
      {
        method: 'GET',
        path,
        access,
        input: z.strictObject({
          limit: wholeNumber.refine((value) => value <= 200, { error: 'expected 200 at most' }).optional(),
          after: wholeNumber.optional(),
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
        input: z.strictObject({
          identifier: z.string().min(1).max(512),
          password: z.string().min(1).max(512),
          customer_number: z.string().min(1).max(512).optional(),
          ...DETAILS,
        }),
        output: ACCOUNT,
        limit: 'manage',
        audit: 'account',
        handle: async ({ input, principal, context }) => {
          const { customer_number, allow_tables, ...rest } = input;
          const account = {
            kind,
            ...withoutUndefined(rest),
            ...(customer_number === undefined ? {} : { customerNumber: customer_number }),
            ...(allow_tables === undefined ? {} : { allowTables: allow_tables }),
          };
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
          id: wholeNumber,
          status: z.enum(['active', 'disabled']).optional(),
          customer_number: z.string().min(1).max(512).nullable().optional(),
          ...DETAILS,
        }),
        output: ACCOUNT,
        limit: 'manage',
        audit: 'account',
        handle: async ({ input, principal, context }) => {
          const { id, customer_number, allow_tables, ...rest } = input;
          const change: AccountChange = {
            ...withoutUndefined(rest),
            ...(customer_number === undefined ? {} : { customerNumber: customer_number }),
            ...(allow_tables === undefined ? {} : { allowTables: allow_tables }),
          };
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
    createApiHandler(
      {
        method: 'GET',
        path: `${path}/:id/export`,
        access,
        input: one,
        output: z.strictObject({ account: ACCOUNT, sessions: z.array(SESSION), identities: z.array(IDENTITY) }),
        limit: 'manage',
        audit: 'account',
        handle: async ({ input, principal, context }) => {
          const { account, sessions, identities } = await manager.exportData(principal, kind, input.id, context);
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
          return { body: { account: printAccount(account), sessions: printed, identities: known } };
        },
      },
      ports,
    ),
  ];
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

/** A field that was not given is absent, not undefined. */
function withoutUndefined<Given extends object>(
  given: Given,
): { [Key in keyof Given]: Exclude<Given[Key], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
