/**
 * The manifest: the description of a GraphQL API as data. One schema validates it and provides its types and
 * defaults.
 *
 * It consists of documents that can be pasted into GraphiQL. `...record` stands for the fields of a resource
 * and marks where in a response its records are; values are passed as variables with fixed names, never as
 * text. Whatever is omitted has the safe default: no version, no preconditions, no listing, no idempotent
 * create.
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
      .describe('Versions of one record can be ordered: as integers, otherwise as text.'),
  })
  .describe(
    'How the API identifies versions of a record. A precondition is sent if every mutation that updates or removes declares $version. Default: it does not.',
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
      .describe(
        'Reads of several records in one call. A record that is missing in the response is read by id.',
      ),
  })
  .describe('Reads by id.')

const listBase = {
  query: document.describe('The listing; `...record` marks the records.'),
  size,
  total: path
    .optional()
    .describe('Path in `data` of the number of records; a list with fewer is no evidence of absence.'),
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
          'The API guarantees that no records are skipped while others are deleted. Without it, the list is no evidence of absence.',
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
  .describe('How all records are listed. Default: not supported.')

const changesSchema = z
  .strictObject({
    query: document.describe(
      'Records changed at or after $since, oldest first. $afterId, or a connection with $after, pages through records with equal timestamps.',
    ),
    position: path.describe('Where a record has the time of its change.'),
    format: timeFormat.default('iso'),
    timeZone,
    since: z
      .string()
      .includes('{since}', { error: 'expected a text with {since} in it' })
      .default('{since}')
      .describe("Format of the value of $since, such as updated_at:>='{since}'."),
    size,
    commitLag: duration
      .default(0)
      .describe('Changes may become visible this long after their time. Default 0s.'),
    overlap: duration
      .default(60_000)
      .describe('How far before the last position each poll starts. Default 60s.'),
  })
  .describe('How changes are read. Default: polls compare lists.')

const searchSchema = z
  .strictObject({
    query: document.describe('The search; `...record` marks the hits.'),
    variables: z
      .record(z.string().min(1), z.string().min(1))
      .refine((variables) => Object.keys(variables).length > 0, { error: 'name at least one field' })
      .describe('Path of a field: the variable that takes its value.'),
    lag: duration.default(0).describe('A record becomes visible to the search this much later. Default 0s.'),
    maxResults: z.int().min(1).optional().describe('Maximum number of records that the search returns.'),
    equality: z
      .enum(searchEqualities)
      .default('exact')
      .describe(
        'How the search compares texts. A search counts as evidence before a create only if it is as wide as the match rule. Default exact.',
      ),
    batch: z
      .strictObject({ max: z.int().min(2).max(250).default(50).describe('Searches per call. Default 50.') })
      .optional()
      .describe(
        'Several searches in one call: the query, several times under aliases. Default: one at a time.',
      ),
  })
  .describe('How records are searched by a value. Default: not supported.')

const mutation = document.describe(
  'The mutation. $input is the record; without $input, each property is the variable of its name.',
)

const createSchema = z
  .discriminatedUnion('as', [
    z.strictObject({
      as: z.literal('clientId').describe('The id is chosen by Isthmus: a second create with it is refused.'),
      query: mutation,
    }),
    z.strictObject({
      as: z
        .literal('upsertKey')
        .describe('The API keeps the Isthmus record id unique and returns the existing record.'),
      query: mutation,
      field: path.describe('Path of the Isthmus record id in a record.'),
    }),
    z.strictObject({
      as: z
        .literal('idempotencyKey')
        .describe('A repeated request with the same $idempotencyKey has no further effect.'),
      query: mutation,
      ttl: duration.describe('How long the API stores a key.'),
      replaysErrors: z
        .boolean()
        .default(false)
        .describe('A stored server error is returned again for the same key.'),
      field: path.optional().describe('Path of the Isthmus record id in a record, if it is stored.'),
    }),
    z.strictObject({
      as: z.literal('marker').describe('The record has a searchable field for the Isthmus record id.'),
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
  .describe('How duplicate creates are prevented. Default: unsupported.')

const updateSchema = z
  .strictObject({
    query: document.describe(
      'The mutation with $id and $input: `mutation ($id: ID!, $input: ProductInput!) { … }`.',
    ),
    idField: path.optional().describe('Path of the id in $input, for APIs without $id.'),
    with: z
      .enum(['patch', 'put'])
      .default('patch')
      .describe('patch: only named properties change; put: the whole record is replaced.'),
    nested: z
      .enum(['replace', 'merge'])
      .default('replace')
      .describe('How the mutation treats a nested object that the input names.'),
    omit: z
      .array(path)
      .default([])
      .describe(
        'Properties that are never sent: with put from the whole record, with patch from nested objects and list elements. A list in a path stands for each of its elements (lines.total).',
      ),
  })
  .describe('How records are updated. Default: not supported.')

const removeSchema = z
  .strictObject({
    delete: document.optional().describe('The mutation that deletes the record $id.'),
    archive: document.optional().describe('The mutation that archives the record $id.'),
  })
  .describe('How records are removed. Default: not supported.')

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
      .describe('A null result of a read without an error means that the record does not exist.'),
    gone: codes.describe('Codes that mean that the record does not exist.'),
    stale: codes.describe('Codes that indicate an outdated version.'),
    refused: codes.describe('Further codes that mean that the data was refused and nothing was changed.'),
    throttled: codes.describe(
      'Further codes that indicate throttling. THROTTLED and RATE_LIMITED are built in.',
    ),
    denied: codes.describe(
      'Further codes that refuse the credential. UNAUTHENTICATED, FORBIDDEN and ACCESS_DENIED are built in.',
    ),
    userErrorsArePartial: z
      .boolean()
      .default(false)
      .describe(
        'A mutation that lists refusals may have been carried out partially: the engine reads the record.',
      ),
  })
  .describe('How the API reports errors.')

/** One resource of the API. */
export const resourceSchema = z.strictObject({
  type: z
    .string()
    .regex(/^[_A-Za-z]\w*$/, { error: 'expected the name of a type' })
    .describe('Name of the object type.'),
  fields: document.describe('Selection of fields that are read, such as `id title price { amount }`.'),
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
      .describe('Path of the cost of the request in a response. Default extensions.cost.requestedQueryCost.'),
  })
  .describe('How the API counts the cost of queries. Responses without it are not counted.')

/** Validates a manifest and fills in its defaults. */
export const manifestSchema = z.strictObject({
  path: route.default('/graphql').describe('Path of the endpoint, below the URL of the system.'),
  resources: z.record(z.string(), resourceSchema).describe('The kinds of records, by name.'),
  cost: costSchema.prefault({}),
  webhooks: webhooksSchema.optional(),
  fingerprint: z
    .strictObject({
      query: document.describe('The query to ask.'),
      value: path.describe('Path of the account id in `data`.'),
    })
    .optional()
    .describe(
      'Where the system identifies the account of the credentials. Default: its URL identifies the account.',
    ),
})

/** A manifest as written by users. */
export type ManifestSource = z.input<typeof manifestSchema>
/** A validated manifest with its defaults. */
export type Manifest = z.output<typeof manifestSchema>
/** One resource, validated. */
export type ResourceManifest = z.output<typeof resourceSchema>
/** How the API reports errors. */
export type ErrorsManifest = ResourceManifest['errors']
