/** A manifest's declarations about any record: when it changed, and what marks it as deleted. */
import { z } from 'zod'
import { isTimeZone } from '../../../model/canonical/time-zone.ts'
import { compileScope } from '../../../model/definition/compile-scope.ts'
import { whereRecordSchema } from '../../../model/definition/schema/mapping.ts'
import type { NativeRecord } from '../../../model/values.ts'
import { path } from './values.ts'

export const timeFormat = z
  .enum(['iso', 'sql', 'epochMs', 'epochSeconds'])
  .describe(
    'How the time is formatted: iso (2026-11-29T13:00:00Z), sql (2026-11-29 13:00:00, without a zone) or a count since 1970. Texts are read in either spelling.',
  )

export const timeZone = z
  .string()
  .refine(isTimeZone, { error: 'expected a zone such as Europe/Berlin, or an offset such as +01:00' })
  .optional()
  .describe(
    'Zone of times without one; times are sent in this zone, without an offset. Default: UTC, sent with Z.',
  )

/** Keys of a resource; a manifest's schema spreads them. */
export const recordMarks = {
  changedAt: z
    .strictObject({ path: path.describe('Where it is.'), format: timeFormat.default('iso'), timeZone })
    .optional()
    .describe("When the record was changed, by the system's own clock."),
  tombstone: z
    .strictObject({
      path: path.describe('Where it is.'),
      equals: z.union([z.string(), z.boolean()]).describe('Value that means deleted.'),
    })
    .optional()
    .describe('Marks a record that still exists but counts as deleted.'),
  where: whereRecordSchema
    .transform((where, context) => {
      const scope = compileScope(where, ({ message }) => context.addIssue({ code: 'custom', message }))
      return scope.inScope
    })
    .optional()
    .describe(
      'Which records the resource holds: path: value, path: [any of], path: { not: value }. It applies to lists, reads, changes and webhooks, regardless of query parameters. Default: all.',
    ),
} as const

/** Returns whether the resource's own filter excludes a record. */
export function isOutside(
  { where }: { readonly where?: ((native: NativeRecord) => boolean) | undefined },
  native: NativeRecord,
): boolean {
  return where !== undefined && !where(native)
}
