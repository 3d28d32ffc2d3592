/**
 * The envelope of a record in an API: `{ "data": { … } }` in responses and bodies, `{ "node": { … } }` around
 * an element of a list.
 */
import { z } from 'zod'
import { path } from '../../kit/manifest/values.ts'

/** The long form; a single text applies to both directions. */
const parts = z.strictObject({
  response: path
    .optional()
    .describe(
      'Path of the record in the response to a read or a write of one record. Default: the response itself.',
    ),
  body: path
    .optional()
    .describe('Path of the record in the body of a create or an update. Default: the body itself.'),
  element: path
    .optional()
    .describe(
      'Path of the record in an element of a list, such as node in a Relay connection. Default: the element itself.',
    ),
  with: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe(
      'Properties that are added to each record that is sent, such as the type of JSON:API. A text with {id} in it stands for the id of the record, and is left out of creates.',
    ),
})

const meaning =
  'The wrapper of a record. As a text, it applies to responses and request bodies: data for {"data": {…}}. Default: nothing.'

/** Validates an envelope; both forms result in the long one. */
export const envelopeSchema = z
  .union([path.transform((at) => ({ response: at, body: at, element: undefined, with: {} })), parts])
  .describe(meaning)

/** A validated envelope. */
export type Envelope = z.output<typeof envelopeSchema>
