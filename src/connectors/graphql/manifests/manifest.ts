/**
 * The manifest: what there is to know about a GraphQL API, as data. One schema checks it, gives its types and its defaults.
 *
 * It is made of documents as one would paste them into GraphiQL. `...record` stands for the fields of a resource and marks where in an
 * answer its records are; values go in as variables of fixed names, never as text. What is left out has the careful meaning: no version,
 * no preconditions, no listing, no way to create twice-safe.
 */
import { z } from 'zod'
import { searchEqualities } from '../../../model/equality.ts'
import { recordIdentity } from '../../kit/manifest/record-identity.ts'
import { recordMarks, timeFormat, timeZone } from '../../kit/manifest/record-marks.ts'
import { duration, path, route } from '../../kit/manifest/values.ts'
import { webhooksSchema } from '../../kit/manifest/webhooks.ts'

const document = z.string().min(1)
const size = z
  .int()
  .min(1)
  .max(10_000)
  .default(100)
  .describe('Records per page, given as $first. Default 100.')
const codes = z.array(z.string().min(1)).default([])

const versionSchema = z
  .strictObject({
    path: path.describe('Where the version is in the record.'),
    ordered: z
      .boolean()
      .default(false)
      .describe('Versions of one record can be compared: as integers, else as text.'),
  })
  .describe(
    'How the API tells one state of a record from another. A precondition is sent where every mutation that changes or removes declares $version. Default: it does not.',
  )

const readSchema = z
  .strictObject({
    query: document.describe(
      'Reads one record by $id: `query ($id: ID!) { product(id: $id) { ...record } }`.',
    ),
    lag: duration.default(0).describe('A read may show a state this much older than now. Default 0s.'),
    batch: z
      .strictObject({
        query: document
          .optional()
          .describe(
            'Reads several by $ids, such as `nodes(ids: $ids)`. Default: the query for one, several times under aliases.',
          ),
        max: z.int().min(2).max(250).default(50).describe('Records per call. Default 50.'),
      })
      .optional()
      .describe('Reads of several records in one call. One that does not come back is read by id.'),
  })
  .describe('Reads by id.')

const listBase = {
  query: document.describe('The listing; `...record` marks the records.'),
  size,
  total: path
    .optional()
    .describe(
      'Where in `data` the system says how many records there are; fewer listed ones are no evidence of absence.',
    ),
  cap: z.int().min(1).optional().describe('Records after which the list silently stops.'),
}

const listSchema = z
  .discriminatedUnion('paging', [
    z.strictObject({
      paging: z.literal('connection').describe('A Relay connection: $after, pageInfo, endCursor.'),
      stable: z
        .boolean()
        .default(false)
        .describe(
          'The API promises not to skip records while others vanish. Without it, the list is no evidence of absence.',
        ),
      ...listBase,
    }),
    z.strictObject({
      paging: z.literal('keyset').describe('$after is the id of the last record; sorted by id.'),
      ...listBase,
    }),
    z.strictObject({
      paging: z.literal('offset').describe('$offset is the number of records to skip.'),
      ...listBase,
    }),
    z.strictObject({ paging: z.literal('single').describe('Everything in one response.'), ...listBase }),
  ])
  .describe('How everything is listed. Default: it can not be.')

const changesSchema = z
  .strictObject({
    query: document.describe(
      'Records changed at or after $since, oldest first. With $afterId or a connection with $after there is a way past records of one time.',
    ),
    position: path.describe('Where a record has the time of its change.'),
    format: timeFormat.default('iso'),
    timeZone,
    since: z
      .string()
      .includes('{since}', { error: 'expected a text with {since} in it' })
      .default('{since}')
      .describe("How the value of $since is spelt, such as updated_at:>='{since}'."),
    size,
    commitLag: duration
      .default(0)
      .describe('Changes may become visible this long after their time. Default 0s.'),
    overlap: duration.default(60_000).describe('How far each poll looks back. Default 60s.'),
  })
  .describe('How changes are told. Default: polls compare lists.')

const searchSchema = z
  .strictObject({
    query: document.describe('The search; `...record` marks the hits.'),
    variables: z
      .record(z.string().min(1), z.string().min(1))
      .refine((variables) => Object.keys(variables).length > 0, { error: 'name at least one field' })
      .describe('Path of a field: the variable that takes its value.'),
    lag: duration.default(0).describe('A record becomes visible to the search this much later. Default 0s.'),
    maxResults: z.int().min(1).optional().describe('Most records that the search responds with.'),
    equality: z
      .enum(searchEqualities)
      .default('exact')
      .describe(
        'Which texts the search takes for equal. A create only rests on a search that is as wide as the match rule. Default exact.',
      ),
  })
  .describe('How records are found by a value. Default: they can not be.')

const mutation = document.describe(
  'The mutation. $input is the record; without $input, each property is the variable of its name.',
)

const createSchema = z
  .discriminatedUnion('as', [
    z.strictObject({
      as: z.literal('clientId').describe('The id is of our choosing: a second create with it is refused.'),
      query: mutation,
    }),
    z.strictObject({
      as: z.literal('upsertKey').describe('The API keeps our id unique and responds with the record it has.'),
      query: mutation,
      field: path.describe('Where a record has our id.'),
    }),
    z.strictObject({
      as: z
        .literal('idempotencyKey')
        .describe('A repeated request with the same $idempotencyKey has no further effect.'),
      query: mutation,
      ttl: duration.describe('How long the API remembers a key.'),
      replaysErrors: z
        .boolean()
        .default(false)
        .describe('A stored server error comes back for the same key.'),
      field: path.optional().describe('Where a record has our id, if it keeps it.'),
    }),
    z.strictObject({
      as: z.literal('marker').describe('The record has a field for our id, which can be searched.'),
      query: mutation,
      field: path.describe('Where it is.'),
    }),
    z.strictObject({
      as: z.literal('naturalKey').describe('A created record is found by its match fields.'),
      query: mutation,
    }),
    z.strictObject({
      as: z.literal('none').describe('At most one attempt; an unknown outcome waits for a person.'),
      query: mutation,
    }),
    z.strictObject({ as: z.literal('unsupported').describe('Nothing can be created.') }),
  ])
  .describe('How a create is kept from happening twice. Default: unsupported.')

const updateSchema = z
  .strictObject({
    query: document.describe(
      'The mutation with $id and $input: `mutation ($id: ID!, $input: ProductInput!) { … }`.',
    ),
    idField: path.optional().describe('Where $input wants the id, for APIs without $id.'),
    with: z
      .enum(['patch', 'put'])
      .default('patch')
      .describe('patch: only named properties change; put: the whole record is replaced.'),
    nested: z
      .enum(['replace', 'merge'])
      .default('replace')
      .describe('What the mutation does to a nested object that the input names.'),
    omit: z
      .array(path)
      .default([])
      .describe(
        'Properties that are never sent back: from the whole record with put, and from the nested objects and list elements that a patch sends completed. A list on the way stands for each of its elements (lines.total).',
      ),
  })
  .describe('How records are changed. Default: they can not be.')

const removeSchema = z
  .strictObject({
    delete: document.optional().describe('The mutation that deletes the record $id.'),
    archive: document.optional().describe('The mutation that archives the record $id.'),
  })
  .describe('How records are removed. Default: they can not be.')

const errorsSchema = z
  .strictObject({
    code: path
      .prefault('extensions.code')
      .describe('Where an entry of `errors` has its code. Default extensions.code.'),
    user: path
      .prefault('userErrors')
      .describe(
        "Where a mutation's response lists what it refused. Default userErrors, or any list whose name ends with errors.",
      ),
    userCode: path.prefault('code').describe('Where such an entry has its code. Default code.'),
    userMessage: path
      .prefault('message')
      .describe(
        'Where such an entry says in words what is wrong. They are kept with the failure, without the values that were sent. Default message.',
      ),
    userField: path
      .prefault('field')
      .describe('Where such an entry names the field: a text or a list of steps. Default field.'),
    nullIsGone: z
      .boolean()
      .default(true)
      .describe('A read that answers null, without an error, says that the record does not exist.'),
    gone: codes.describe('Codes that say that the record does not exist.'),
    stale: codes.describe('Codes that say that the version is no longer current.'),
    refused: codes.describe('Further codes that say that the data was refused and nothing was done.'),
    throttled: codes.describe('Further codes that say "later". THROTTLED and RATE_LIMITED are known.'),
    denied: codes.describe(
      'Further codes that refuse the credential. UNAUTHENTICATED, FORBIDDEN and ACCESS_DENIED are known.',
    ),
    userErrorsArePartial: z
      .boolean()
      .default(false)
      .describe('A mutation that lists refusals may have done a part of its work: the engine looks again.'),
  })
  .describe("What the API's errors say.")

/** One resource of the API. */
export const resourceSchema = z.strictObject({
  type: z
    .string()
    .regex(/^[_A-Za-z]\w*$/, { error: 'expected the name of a type' })
    .describe('Name of the object type.'),
  fields: document.describe('What is read of a record: a selection such as `id title price { amount }`.'),
  id: path.prefault('id').describe('Where a record has its id. Default id.'),
  ...recordMarks,
  ...recordIdentity,
  version: versionSchema.optional(),
  read: readSchema,
  search: searchSchema.optional(),
  list: listSchema.optional(),
  changes: changesSchema.optional(),
  create: createSchema.prefault({ as: 'unsupported' }),
  update: updateSchema.optional(),
  remove: removeSchema.prefault({}),
  writeBatch: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe(
      'Mutations per call, under aliases, for APIs that run each by itself. Default 1: one at a time.',
    ),
  inflight: duration
    .default(30_000)
    .describe('Longest time after our timeout during which a request may still take effect. Default 30s.'),
  errors: errorsSchema.prefault({}),
})

const costSchema = z
  .strictObject({
    status: path
      .prefault('extensions.cost.throttleStatus')
      .describe(
        'Where a response has maximumAvailable, currentlyAvailable and restoreRate (points per second). Default extensions.cost.throttleStatus.',
      ),
    requested: path
      .prefault('extensions.cost.requestedQueryCost')
      .describe('Where a response says what its request cost. Default extensions.cost.requestedQueryCost.'),
  })
  .describe('How the API counts the cost of queries. Responses without it are not counted.')

/** Checks a manifest and fills in its defaults. */
export const manifestSchema = z.strictObject({
  path: route.default('/graphql').describe('Path of the endpoint, below the URL of the system.'),
  resources: z.record(z.string(), resourceSchema).describe('The kinds of records, by name.'),
  cost: costSchema.prefault({}),
  webhooks: webhooksSchema.optional(),
  fingerprint: z
    .strictObject({
      query: document.describe('The query to ask.'),
      value: path.describe('Where in `data` the id of the account is.'),
    })
    .optional()
    .describe('Where the system says which account answers. Default: its URL stands for the account.'),
})

/** A manifest as people write it. */
export type ManifestSource = z.input<typeof manifestSchema>
/** A checked manifest with its defaults. */
export type Manifest = z.output<typeof manifestSchema>
/** One resource, checked. */
export type ResourceManifest = z.output<typeof resourceSchema>
/** What the API's errors say. */
export type ErrorsManifest = ResourceManifest['errors']
