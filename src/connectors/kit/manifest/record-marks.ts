/** What a manifest says of any record: when it changed, and what marks it as deleted. */
import { z } from 'zod'
import { compileScope } from '../../../model/definition/compile-scope.ts'
import { whereRecordSchema } from '../../../model/definition/schema/mapping.ts'
import type { NativeRecord } from '../../../model/values.ts'
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
  where: whereRecordSchema
    .transform((where, context) => {
      const scope = compileScope(where, ({ message }) => context.addIssue({ code: 'custom', message }))
      return scope.inScope
    })
    .optional()
    .describe(
      'Which records the resource holds: path: value, path: [any of], path: { not: value }. It holds for lists, reads, changes and webhooks alike, whatever the queries ask for. Default: all.',
    ),
} as const

/** A record that the resource's own filter leaves out. */
export function isOutside(
  { where }: { readonly where?: ((native: NativeRecord) => boolean) | undefined },
  native: NativeRecord,
): boolean {
  return where !== undefined && !where(native)
}
