/** A system of the connector `odata`: the section of the definition. */
import { z } from 'zod'
import { odataShape } from '../kit/odata/settings.ts'

/** Keys of a system's section. */
export const odataConfig = z.strictObject({
  ...odataShape,
  csrf: z
    .enum(['ahead', 'when-asked'])
    .default('when-asked')
    .describe('When a CSRF token is fetched: ahead of the first write, or when-asked by a refusal.'),
})
