import { z } from 'zod';
import type { Principal } from '../../domain/principal.js';
import type { Reports } from '../../reports/manage-reports.js';
import type { Report, ReportChange } from '../../reports/report.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';
import type { KeptReceipts } from '../kept-receipts.js';
import { ANSWER } from './answer-schema.js';
import { toAskContext } from './ask-routes.js';
import { createReportExportRoutes } from './report-export-routes.js';
import {
  GIVEN_VALUES,
  LISTED_REPORT,
  printListed,
  printReport,
  printRun,
  REPORT,
  RUN,
  STATED_PARAMETER,
} from './report-schema.js';
import { wholeText } from './whole-text.js';

/** The id of a report, or of a run. */
const ID = z.string().regex(/^[0-9a-f]{32}$/, { error: 'expected the id of a report' });
const ONE = z.strictObject({ id: ID });
const PAGE = { limit: wholeText(100).optional(), after: ID.optional() };

const STATED = {
  title: z.string(),
  description: z.string(),
  question: z.string(),
  sql: z.string(),
  parameters: z.array(STATED_PARAMETER),
  shared_with: z.array(z.string()),
};

const ASK = { permission: 'ask' } as const;
const SAVE = { permission: 'report:save' } as const;

/** `/v1/reports`: saved questions and SQL. Who may see and run which, and the audit records, are reports' to say. */
export function createReportRoutes(reports: Reports, receipts: KeptReceipts, ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/reports',
        access: ASK,
        input: z.strictObject(PAGE),
        output: z.strictObject({ reports: z.array(LISTED_REPORT) }),
        limit: 'read',
        audit: null,
        handle: async ({ input, principal }) => {
          const found = await reports.list(principal, toPage(input));
          return { body: { reports: found.map((report) => printListed(report, principal)) } };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/reports',
        access: SAVE,
        input: z
          .strictObject({
            title: STATED.title,
            description: STATED.description.default(''),
            question: STATED.question.optional(),
            sql: STATED.sql.optional(),
            parameters: STATED.parameters.default([]),
            shared_with: STATED.shared_with.default([]),
          })
          .refine(({ question, sql }) => (question === undefined) !== (sql === undefined), {
            error: 'expected either question or sql',
          }),
        output: REPORT,
        limit: 'manage',
        audit: 'report',
        handle: async ({ input, principal, context }) => {
          const { title, description, question, sql, parameters, shared_with: sharedWith } = input;
          const kind = sql === undefined ? ('question' as const) : ('sql' as const);
          const stated = { kind, title, description, text: sql ?? question ?? '', parameters, sharedWith };
          const report = await reports.save(principal, stated, toAskContext(context));
          return { status: 201 as const, body: show(report, principal) };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/reports/:id',
        access: ASK,
        input: ONE,
        output: REPORT,
        limit: 'read',
        audit: null,
        handle: async ({ input, principal }) => ({ body: show(await reports.get(principal, input.id), principal) }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'PATCH',
        path: '/v1/reports/:id',
        access: SAVE,
        input: z
          .strictObject(STATED)
          .partial()
          .extend({ id: ID, revision: z.int().min(1) })
          .refine(({ question, sql }) => question === undefined || sql === undefined, {
            error: 'expected question or sql, not both',
          }),
        output: REPORT,
        limit: 'manage',
        audit: 'report',
        handle: async ({ input, principal, context }) => {
          const { id, ...given } = input;
          const report = await reports.change(principal, id, toChange(given), toAskContext(context));
          return { body: show(report, principal) };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'DELETE',
        path: '/v1/reports/:id',
        access: SAVE,
        input: ONE,
        output: z.strictObject({}),
        limit: 'manage',
        audit: 'report',
        handle: async ({ input, principal, context }) => {
          await reports.remove(principal, input.id, toAskContext(context));
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/reports/:id/run',
        access: ASK,
        input: ONE.extend({ parameters: GIVEN_VALUES.default({}) }),
        output: ANSWER,
        limit: 'ask',
        audit: ['question', 'sql'],
        handle: async ({ input, principal, context }) => ({
          body: await reports.run(principal, input.id, input.parameters, toAskContext(context)),
        }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/reports/:id/runs',
        access: ASK,
        input: ONE.extend(PAGE),
        output: z.strictObject({ runs: z.array(RUN) }),
        limit: 'read',
        audit: null,
        handle: async ({ input: { id, ...page }, principal }) => {
          const runs = await reports.runs(principal, id, toPage(page));
          return { body: { runs: runs.map(printRun) } };
        },
      },
      ports,
    ),
    ...createReportExportRoutes(reports, receipts, ID, ports),
  ];
}

function show(report: Report, principal: Principal): z.input<typeof REPORT> {
  return printReport(report, { subject: principal.subject, maySeeSql: principal.permissions.has('sql:read') });
}

function toPage({ limit = 50, after }: { readonly limit?: number | undefined; readonly after?: string | undefined }) {
  return after === undefined ? { limit } : { limit, after };
}

/** What was given of a change, in the words of reports; what was not is absent, not undefined. */
function toChange(
  given: {
    readonly [Field in keyof typeof STATED]?: z.output<(typeof STATED)[Field]> | undefined;
  } & { readonly revision: number },
): ReportChange {
  const { question, sql, shared_with: sharedWith, ...same } = given;
  const kind = sql === undefined ? (question === undefined ? undefined : ('question' as const)) : ('sql' as const);
  const stated = { ...same, kind, text: sql ?? question, sharedWith };
  return Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined)) as never;
}
