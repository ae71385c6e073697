import { z } from 'zod';
import type { Principal } from '../../domain/principal.js';
import { type OwnHistory, showSqlTo } from '../../identify/own-history.js';
import type { PrincipalView } from '../../policy/view.js';
import type { KeptConversation, KeptTurn } from '../../store/turn-rows.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';
import { parsePlace, printPlace } from './page-place.js';
import { wholeText } from './whole-text.js';

const CONVERSATION = {
  id: z.string(),
  title: z.string(),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
};

const TURN = {
  question: z.string(),
  read_as: z.string().nullable(),
  sql: z.string().nullable(),
  status: z.enum(['answered', 'clarify', 'refused', 'failed']),
  code: z.string().nullable(),
  translator: z.string().nullable(),
  asked_at: z.iso.datetime(),
};

const PAGE = z.strictObject({ limit: wholeText(200).optional(), cursor: z.string().max(120).optional() });
const ONE = z.strictObject({ id: z.string().min(1).max(64) });
const ASKERS = { permission: 'ask' } as const;

/** Of a page where it states none. */
const USUAL_LIMIT = 50;

/**
 * `/v1/conversations` and `/v1/history`: an account's own questions and no other's. Identify audits each removal. A page on a
 * company's own site reads and removes the conversations that it knows the ids of; it lists nothing, as other sites and the
 * console have theirs.
 *
 * @param viewFor statements that were written under other rules than these are not shown
 */
export function createConversationRoutes(
  history: OwnHistory,
  viewFor: (principal: Principal) => PrincipalView,
  ports: ApiPorts,
): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/conversations',
        access: ASKERS,
        input: PAGE,
        output: z.strictObject({
          conversations: z.array(z.strictObject(CONVERSATION)),
          next_cursor: z.string().nullable(),
        }),
        limit: 'read',
        audit: null,
        handle: async ({ input: { limit = USUAL_LIMIT, cursor }, principal }) => {
          const before = cursor === undefined ? null : parseConversationPlace(cursor);
          // One more than is shown tells whether there is another page.
          const read = await history.listConversations(principal, { limit: limit + 1, before });
          const shown = read.slice(0, limit);
          const last = read.length > limit ? shown.at(-1) : undefined;
          const next = last ? printPlace('conversations', [last.lastUsedAt, last.id]) : null;
          return { body: { conversations: shown.map(printConversation), next_cursor: next } };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/conversations/:id',
        access: ASKERS,
        widget: true,
        input: ONE,
        output: z.strictObject({ ...CONVERSATION, turns: z.array(z.strictObject(TURN)) }),
        limit: 'read',
        audit: null,
        handle: async ({ input, principal }) => {
          const { conversation, turns } = await history.readConversation(principal, input.id);
          const print = printTurnsFor(principal, viewFor);
          return { body: { ...printConversation(conversation), turns: turns.map(print) } };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'DELETE',
        path: '/v1/conversations',
        access: ASKERS,
        input: z.strictObject({}),
        output: z.strictObject({}),
        limit: 'session',
        audit: 'history',
        handle: async ({ principal, context }) => {
          await history.removeConversations(principal, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'DELETE',
        path: '/v1/conversations/:id',
        access: ASKERS,
        widget: true,
        input: ONE,
        output: z.strictObject({}),
        limit: 'session',
        audit: 'history',
        handle: async ({ input, principal, context }) => {
          await history.removeConversation(principal, input.id, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/history',
        access: ASKERS,
        input: PAGE,
        output: z.strictObject({
          questions: z.array(z.strictObject({ ...TURN, conversation_id: z.string().nullable() })),
          next_cursor: z.string().nullable(),
        }),
        limit: 'read',
        audit: null,
        handle: async ({ input: { limit = USUAL_LIMIT, cursor }, principal }) => {
          const [before = null] = cursor === undefined ? [] : parsePlace('history', /^([0-9a-f]{32})$/, cursor);
          const read = await history.listQuestions(principal, { limit: limit + 1, before });
          const shown = read.slice(0, limit);
          const last = read.length > limit ? shown.at(-1) : undefined;
          const print = printTurnsFor(principal, viewFor);
          const questions = shown.map((turn) => ({ ...print(turn), conversation_id: turn.conversationId }));
          return { body: { questions, next_cursor: last ? printPlace('history', [last.id]) : null } };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'DELETE',
        path: '/v1/history',
        access: ASKERS,
        input: z.strictObject({}),
        output: z.strictObject({}),
        limit: 'session',
        audit: 'history',
        handle: async ({ principal, context }) => {
          await history.removeAll(principal, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
  ];
}

function parseConversationPlace(cursor: string): Pick<KeptConversation, 'id' | 'lastUsedAt'> {
  const [lastUsedAt, id = ''] = parsePlace('conversations', /^(\d{1,15}):([0-9a-f]{32})$/, cursor);
  return { lastUsedAt: Number(lastUsedAt), id };
}

const printTime = (ms: number): string => new Date(ms).toISOString();

function printConversation({ id, title, createdAt, lastUsedAt, expiresAt }: KeptConversation) {
  return {
    id,
    title,
    created_at: printTime(createdAt),
    last_used_at: printTime(lastUsedAt),
    expires_at: printTime(expiresAt),
  };
}

function printTurnsFor(principal: Principal, viewFor: (principal: Principal) => PrincipalView) {
  const showSql = showSqlTo(principal, viewFor);
  return (turn: KeptTurn) => ({
    question: turn.question,
    read_as: turn.readAs,
    sql: showSql(turn),
    status: turn.status,
    code: turn.code,
    translator: turn.translator,
    asked_at: printTime(turn.askedAt),
  });
}
