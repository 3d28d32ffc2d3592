/** What a manifest says of any record: when it changed, and what marks it as deleted. */
import { z } from 'zod'
import { path } from './values.ts'

export const timeFormat = z
  .enum(['iso', 'epochMs', 'epochSeconds'])
  .describe('How the time is spelt; iso without a zone is UTC.')

/** Keys of a resource; a manifest's schema spreads them. */
export const recordMarks = {
  changedAt: z
    .strictObject({ path: path.describe('Where it is.'), format: timeFormat.default('iso') })
    .optional()
    .describe("When the record was changed, by the system's own clock."),
  tombstone: z
    .strictObject({
      path: path.describe('Where it is.'),
      equals: z.union([z.string(), z.boolean()]).describe('Value that means deleted.'),
    })
    .optional()
    .describe('What marks a record that is still there but counts as deleted.'),
} as const
