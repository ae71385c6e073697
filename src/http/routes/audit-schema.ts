import { z } from 'zod';

/** One record as answers tell it. */
export const AUDIT_RECORD = z.strictObject({
  id: z.number(),
  writer: z.string(),
  sequence: z.number(),
  at: z.iso.datetime(),
  hash: z.string(),
  event: z.unknown(),
});

/** Answer of `GET /v1/audit`. */
export const AUDIT_PAGE = z.strictObject({
  records: z.array(AUDIT_RECORD),
  next_cursor: z.string().nullable(),
});

/** Answer of `GET /v1/audit/verify`. */
export const VERIFY_REPORT = z.strictObject({
  intact: z.boolean(),
  records: z.int().nullable(),
  writers: z.int().nullable(),
  checkpoints: z.int().nullable(),
  archives: z.int().nullable(),
  fault_count: z.int().nullable(),
  faults: z.array(
    z.strictObject({
      kind: z.string(),
      writer: z.string(),
      sequence: z.number(),
      until: z.number(),
      message: z.string(),
    }),
  ),
  heads: z.array(z.strictObject({ writer: z.string(), sequence: z.number(), hash: z.string() })),
});
