/** The part of a manifest that declares how deliveries are verified and read. */
import { z } from 'zod'
import { duration, path } from './values.ts'

const match = z.strictObject({
  path: path.describe('Where it is in the event.'),
  equals: z.union([z.string(), z.boolean()]).optional().describe('Value that means deleted.'),
  endsWith: z.string().optional().describe('End of a value that means deleted, such as .deleted.'),
})

const tolerance = duration.optional().describe('How old a delivery may be. Default 5m.')

/** How deliveries are verified and read. The secret is in the system's section. */
export const webhooksSchema = z
  .strictObject({
    scheme: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('standard').describe('Standard Webhooks.'), tolerance }),
        z.strictObject({
          kind: z.literal('hmac').describe('A keyed hash of the body in a header.'),
          header: z.string().describe('Header with the signature.'),
          algorithm: z.enum(['sha1', 'sha256', 'sha512']).default('sha256').describe('Hash function.'),
          encoding: z.enum(['hex', 'base64']).default('hex').describe('Encoding of the signature.'),
          prefix: z.string().default('').describe('Text before the signature, such as sha256=.'),
          timestampHeader: z
            .string()
            .optional()
            .describe('Header with the time; it is signed together with the body.'),
          tolerance,
        }),
        z.strictObject({
          kind: z.literal('token').describe('A fixed secret in a header.'),
          header: z.string().describe('Header with the secret.'),
          prefix: z.string().default('').describe('Text before the secret.'),
        }),
      ])
      .describe('How the origin of a delivery is verified.'),
    events: path.optional().describe('Several events in one delivery: where the list is.'),
    resource: z
      .union([
        z.strictObject({ fixed: z.string().describe('Always this resource.') }),
        z.strictObject({
          path: path.describe('Where an event names it.'),
          before: z.string().optional().describe('Only the part before this text is used.'),
          names: z
            .record(z.string(), z.string())
            .default({})
            .describe("The event's name: the resource's name."),
        }),
      ])
      .describe('Which resource an event is about.'),
    id: path.describe("Where an event has the record's id."),
    version: path.optional().describe("Where an event has the record's version."),
    deleted: match.optional().describe('Marks an event as a deletion.'),
    delivery: z
      .union([
        z.strictObject({ header: z.string().toLowerCase().describe('Header that holds it.') }),
        z.strictObject({ path: path.describe('Where it is in the body.') }),
      ])
      .optional()
      .describe("The delivery's id, for schemes that have none."),
  })
  .describe("How deliveries are verified and read. The secret is in the system's section.")

/** The validated webhook part of a manifest. */
export type WebhooksManifest = z.output<typeof webhooksSchema>
