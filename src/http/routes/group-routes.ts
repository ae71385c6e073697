import { z } from 'zod';
import type { GroupManager } from '../../identify/manage-groups.js';
import type { ManagedGroup } from '../../identify/managed-group.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';
import { wholeText } from './whole-text.js';

const NAME = z.string().min(1).max(64);
const TABLES = z.array(z.string().max(64)).max(1000);
const SUBJECT = z.string().min(1).max(64);
const ONE = z.strictObject({ id: wholeText() });

const GROUP = z.strictObject({
  id: z.int(),
  name: z.string(),
  allow_tables: z.array(z.string()).readonly(),
  members: z.array(z.string()).readonly(),
  created_at: z.iso.datetime(),
});

const ACCESS = { permission: 'users:manage' } as const;

/** `/v1/groups`: groups of employees, for those with `users:manage`. Identify audits each change. */
export function createGroupRoutes(manager: GroupManager, ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/groups',
        access: ACCESS,
        input: z.strictObject({ limit: wholeText(200).optional(), after: wholeText().optional() }),
        output: z.strictObject({ groups: z.array(GROUP) }),
        limit: 'read',
        audit: null,
        handle: async ({ input, principal }) => {
          const { limit = 50, after } = input;
          const groups = await manager.list(principal, after === undefined ? { limit } : { limit, after });
          return { body: { groups: groups.map(printGroup) } };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/groups',
        access: ACCESS,
        input: z.strictObject({ name: NAME, allow_tables: TABLES.default([]) }),
        output: GROUP,
        limit: 'manage',
        audit: 'group',
        handle: async ({ input, principal, context }) => {
          const wanted = { name: input.name, allowTables: input.allow_tables };
          return { status: 201 as const, body: printGroup(await manager.create(principal, wanted, context)) };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/groups/:id',
        access: ACCESS,
        input: ONE,
        output: GROUP,
        limit: 'read',
        audit: null,
        handle: async ({ input, principal }) => ({ body: printGroup(await manager.get(principal, input.id)) }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'PATCH',
        path: '/v1/groups/:id',
        access: ACCESS,
        input: ONE.extend({ name: NAME.optional(), allow_tables: TABLES.optional() }),
        output: GROUP,
        limit: 'manage',
        audit: 'group',
        handle: async ({ input, principal, context }) => {
          const { id, name, allow_tables } = input;
          const change = {
            ...(name === undefined ? {} : { name }),
            ...(allow_tables === undefined ? {} : { allowTables: allow_tables }),
          };
          return { body: printGroup(await manager.change(principal, id, change, context)) };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'DELETE',
        path: '/v1/groups/:id',
        access: ACCESS,
        input: ONE,
        output: z.strictObject({}),
        limit: 'manage',
        audit: 'group',
        handle: async ({ input, principal, context }) => {
          await manager.remove(principal, input.id, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/groups/:id/members',
        access: ACCESS,
        input: ONE.extend({ subject: SUBJECT }),
        output: GROUP,
        limit: 'manage',
        audit: 'group',
        handle: async ({ input, principal, context }) => ({
          body: printGroup(await manager.join(principal, input.id, input.subject, context)),
        }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'DELETE',
        path: '/v1/groups/:id/members/:account',
        access: ACCESS,
        input: ONE.extend({ account: SUBJECT }),
        output: z.strictObject({}),
        limit: 'manage',
        audit: 'group',
        handle: async ({ input, principal, context }) => {
          await manager.leave(principal, input.id, input.account, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
  ];
}

function printGroup({ id, name, allowTables, members, createdAt }: ManagedGroup): z.input<typeof GROUP> {
  return { id, name, allow_tables: allowTables, members, created_at: new Date(createdAt).toISOString() };
}
