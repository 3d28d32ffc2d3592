/** The small values that make up a manifest. */
import { z } from 'zod'
import { durationMs } from '../../../model/definition/duration.ts'
import { parseNativePath } from '../../../model/definition/native-path.ts'
import { durationSchema } from '../../../model/definition/schema/text.ts'
import { nativePath } from '../native.ts'

/** A path into a record or a response: `meta.version`, `items[0].id`. */
export const path = z
  .string()
  .refine((text) => parseNativePath(text) !== undefined, {
    error: 'expected a path into the record such as meta.version',
  })
  .transform(nativePath)

/** A duration; milliseconds once parsed. */
export const duration = durationSchema.transform((text) => durationMs(text) ?? 0)
/** A path below the URL of the system. */
export const route = z.string().startsWith('/', { error: 'expected a path that starts with a slash' })
