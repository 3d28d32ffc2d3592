/** What an API wraps around a record: `{ "data": { … } }` in responses and bodies, `{ "node": { … } }` around an element of a list. */
import { z } from 'zod'
import { path } from '../../kit/manifest/values.ts'

/** The long form; a text alone stands for both directions. */
const parts = z.strictObject({
  response: path
    .optional()
    .describe('Where the response to a read or a write of one record has it. Default: it is the response.'),
  body: path
    .optional()
    .describe('Where the body of a create or a change has the record. Default: it is the body.'),
  element: path
    .optional()
    .describe(
      'Where an element of a list has the record, such as node in a Relay connection. Default: it is the element.',
    ),
  with: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe(
      'Properties that each record carries when it is sent, such as the type of JSON:API. A text with {id} in it stands for the id of the record, and is left out of creates.',
    ),
})

const meaning =
  'What is wrapped around a record. As a text, responses and bodies alike have the record there: data for {"data": {…}}. Default: nothing.'

/** Checks an envelope; both forms come out as the long one. */
export const envelopeSchema = z
  .union([path.transform((at) => ({ response: at, body: at, element: undefined, with: {} })), parts])
  .describe(meaning)

/** A checked envelope. */
export type Envelope = z.output<typeof envelopeSchema>
