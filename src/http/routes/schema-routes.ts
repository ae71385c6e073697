import { z } from 'zod';
import type { Principal } from '../../domain/principal.js';
import { describeView } from '../../policy/policy.js';
import type { PrincipalView } from '../../policy/view.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

/** `GET /v1/schema`: the relations and columns that the caller may see, and nothing of the others. */
export function createSchemaRoutes(
  viewFor: (principal: Principal) => PrincipalView,
  ports: ApiPorts,
): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/schema',
        access: { permission: null },
        widget: true,
        input: z.strictObject({}),
        output: z.strictObject({
          relations: z
            .array(
              z.strictObject({
                name: z.string(),
                description: z.string().nullable(),
                columns: z
                  .array(
                    z.strictObject({
                      name: z.string(),
                      type: z.string(),
                      description: z.string().nullable(),
                      masked: z.boolean(),
                    }),
                  )
                  .readonly(),
              }),
            )
            .readonly(),
        }),
        limit: 'read',
        audit: null,
        handle: async ({ principal }) => ({ body: describeView(viewFor(principal)) }),
      },
      ports,
    ),
  ];
}
