/** Parts that several resources share: identifiers, times, values and pages. */
import { z } from 'zod'

/** A record of Isthmus. */
export const recordIdSchema = z.uuid().describe('Id of the record in Isthmus.')

/** A moment. */
export const timeSchema = z.int().describe('Milliseconds since 1970-01-01T00:00:00Z.')

/** Deepest nesting of a value. */
const depthMax = 20

function isCanonical(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value !== 'object' || depth === depthMax) return false
  return Object.values(value).every((part) => isCanonical(part, depth + 1))
}

/** A value of a field, as it is stored: numbers and decimals are texts, so that they stay exact. */
export const valueSchema = z
  .unknown()
  .refine((value) => isCanonical(value), 'texts, booleans, null, lists and objects; numbers as texts')
  .meta({
    id: 'Value',
    description:
      'A text, boolean, null, list or object. Numbers are texts, so that they stay exact. Missing without the permission to read values.',
  })

/** Largest page of a list. */
export const pageSizeMax = 200

/** Query parameters of each list. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(pageSizeMax).default(50).describe('Rows of a page.'),
  cursor: z
    .string()
    .max(1000)
    .regex(/^-?\d+\/./, 'the cursor of a page of this list')
    .optional()
    .describe('`cursor` of the previous page.'),
})

/** A page of a list of `row`. */
export function pageOf<Row extends z.ZodType>(row: Row) {
  return z.object({
    rows: z.array(row),
    cursor: z.string().optional().describe('Names the next page. Missing: this is the last one.'),
  })
}
