/**
 * The manifest: the description of a REST API as data. One schema validates it and provides its types and
 * defaults.
 *
 * Whatever is omitted has the safe default: no version, no preconditions, no listing, no idempotent create.
 */
import { z } from 'zod'
import { searchEqualities } from '../../../model/equality.ts'
import { recordIdentity } from '../../kit/manifest/record-identity.ts'
import { recordMarks, timeFormat, timeZone } from '../../kit/manifest/record-marks.ts'
import { duration, path, route } from '../../kit/manifest/values.ts'
import { webhooksSchema } from '../../kit/manifest/webhooks.ts'
import { envelopeSchema } from './envelope.ts'

const query = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
const statuses = z.array(z.int().min(400).max(499))
const size = z
  .strictObject({
    parameter: z
      .string()
      .optional()
      .describe('Query parameter that asks for it. Default: none, the API decides.'),
    value: z.int().min(1).max(100_000).default(100).describe('Records per page.'),
  })
  .describe('Number of records per page.')
const items = path
  .optional()
  .describe('Where the list is in the response. Default: the response itself is the list.')
const inErrorBody = "in the error's body"

/**
 * Where a version is, and the format of a precondition. `path` is in the record, `header` in the response to
 * a read by id.
 */
const versionSchema = z
  .strictObject({
    path: path.optional().describe('Where the version is in the record.'),
    header: z
      .string()
      .toLowerCase()
      .optional()
      .describe('Header of the response to a read by id, such as etag.'),
    ordered: z
      .boolean()
      .default(false)
      .describe('Versions of one record can be ordered: as integers, otherwise as text.'),
    ifMatch: z
      .string()
      .includes('{version}', { error: 'expected a text with {version} in it' })
      .optional()
      .describe('Value of If-Match, containing {version}, if the API honours it. Default: it does not.'),
  })
  .describe('How the API identifies versions of a record. Default: it does not.')

const readSchema = z
  .strictObject({
    lag: duration.default(0).describe('A read may show a state this much older than now. Default 0s.'),
    batch: z
      .strictObject({
        parameter: z.string().describe('Query parameter that takes the ids.'),
        style: z.enum(['repeat', 'comma']).default('repeat').describe('repeat: id=1&id=2; comma: id=1,2.'),
        max: z.int().min(2).max(1_000).default(50).describe('Ids per call.'),
        query: query.default({}).describe('Further query parameters.'),
      })
      .optional()
      .describe(
        'Reads of several records in one call, through the list. A record that is missing in the response is read by id.',
      ),
  })
  .describe('Reads by id.')

const counted = {
  query: query.default({}).describe('Query parameters of every page.'),
  size: size.prefault({}),
  items,
  total: z
    .strictObject({
      path: path.optional().describe('Where it is in the response.'),
      header: z.string().toLowerCase().optional().describe('Header that holds it.'),
    })
    .optional()
    .describe('Where the system reports the number of records; a list with fewer is no evidence of absence.'),
  cap: z.int().min(1).optional().describe('Records after which the list silently stops.'),
}

const stable = z
  .boolean()
  .default(false)
  .describe(
    'The API guarantees that no records are skipped while others are deleted. Without it, the list is no evidence of absence.',
  )

const listSchema = z
  .discriminatedUnion('paging', [
    z.strictObject({ paging: z.literal('single').describe('Everything in one response.'), ...counted }),
    z.strictObject({
      paging: z
        .literal('keyset')
        .describe('Pages start after the id of the last record, or after the value of next.'),
      after: z.string().describe('Query parameter for it.'),
      next: path
        .optional()
        .describe('Path of the next position in the response. Default: the id of the last record.'),
      inclusive: z.boolean().default(false).describe('The record with that id is repeated on the next page.'),
      ...counted,
    }),
    z.strictObject({
      paging: z.literal('cursor').describe('A token from the last page.'),
      after: z.string().describe('Query parameter for it.'),
      next: path.describe('Where the response has the token.'),
      more: path
        .optional()
        .describe('Path in the response that indicates more pages. Default: a token indicates more.'),
      stable,
      ...counted,
    }),
    z.strictObject({
      paging: z.literal('link').describe('The Link header, rel="next".'),
      stable,
      ...counted,
    }),
    z.strictObject({
      paging: z.literal('next').describe('The response contains the URL of the next page.'),
      next: path.describe('Path of the URL in the response; a missing, null or empty one ends the list.'),
      stable,
      ...counted,
    }),
    z.strictObject({
      paging: z.literal('page').describe('Numbered pages.'),
      parameter: z.string().describe('Query parameter for the number.'),
      first: z.int().default(1).describe('Number of the first page.'),
      ...counted,
    }),
    z.strictObject({
      paging: z.literal('offset').describe('By the number of records to skip.'),
      parameter: z.string().describe('Query parameter for the number.'),
      ...counted,
    }),
  ])
  .describe('How all records are listed. Default: not supported.')

const feedBase = {
  path: route.optional().describe('Path of the feed. Default: the collection.'),
  query: query.default({}).describe('Further query parameters.'),
  size: size.prefault({}),
  items,
  more: path
    .optional()
    .describe('Path in the response that indicates more pages. Default: a full page indicates more.'),
}

const changesSchema = z
  .discriminatedUnion('by', [
    z.strictObject({
      by: z.literal('sequence').describe('A counter or token issued by the system.'),
      since: z.string().describe('Query parameter for it.'),
      next: path.describe('Where the response has the next one.'),
      id: path.optional().describe("Where an entry has the record's id. Default: as in the resource."),
      version: path
        .optional()
        .describe("Where an entry has the record's version. Default: as in the resource."),
      deleted: path.optional().describe('Path in an entry that indicates a deletion.'),
      expired: z.array(z.int()).default([410]).describe('Statuses that indicate an expired token.'),
      ...feedBase,
    }),
    z.strictObject({
      by: z.literal('timestamp').describe('Records changed at or after a time, oldest first.'),
      since: z.string().describe('Query parameter for the time.'),
      position: path.describe('Where a record has the time of its change.'),
      format: timeFormat.default('iso'),
      timeZone,
      afterId: z
        .string()
        .optional()
        .describe('Query parameter: of the records at exactly that time, only those after this id.'),
      page: z.string().optional().describe('Query parameter for the page within the query, from 1.'),
      commitLag: duration
        .default(0)
        .describe('Changes may become visible this long after their time. Default 0s.'),
      overlap: duration
        .default(60_000)
        .describe('How far before the last position each poll starts. Default 60s.'),
      ...feedBase,
    }),
  ])
  .describe('How changes are read. Default: polls compare lists.')

const searchSchema = z
  .strictObject({
    lag: duration.default(0).describe('A record becomes visible to the search this much later. Default 0s.'),
    maxResults: z.int().min(1).optional().describe('Maximum number of records that the search returns.'),
    equality: z
      .enum(searchEqualities)
      .default('exact')
      .describe(
        'How the search compares texts. A search counts as evidence before a create only if it is as wide as the match rule. Default exact.',
      ),
    query: query.default({}).describe('Further query parameters.'),
    filters: z
      .array(z.string().includes('{path}', { error: 'expected a text with {path} in it' }))
      .min(1)
      .default(['{path}'])
      .describe('Query parameters for a value; {path} is replaced by the path of the field.'),
    batch: z
      .strictObject({
        filters: z
          .array(z.string().includes('{path}', { error: 'expected a text with {path} in it' }))
          .min(1)
          .optional()
          .describe('Query parameters for several values, such as {path}[in]. Default: filters.'),
        style: z
          .enum(['repeat', 'comma'])
          .default('repeat')
          .describe('repeat: email=a&email=b; comma: email=a,b.'),
        max: z
          .int()
          .min(2)
          .max(1_000)
          .default(50)
          .describe('Values per call. It should be well below the number of records that a search returns.'),
      })
      .optional()
      .describe(
        'Several values of one field in one search, for APIs that return the records with any of them. A response that may be incomplete is asked again by fewer values at once. Default: one at a time.',
      ),
    items,
  })
  .describe('How records are searched by a value. Default: not supported.')

const createSchema = z
  .discriminatedUnion('as', [
    z.strictObject({ as: z.literal('clientId').describe('PUT to an id chosen by Isthmus.') }),
    z.strictObject({
      as: z
        .literal('upsertKey')
        .describe(
          'The API keeps the Isthmus record id unique: PUT to a path with it, or POST that returns the record that has it.',
        ),
      path: route
        .optional()
        .describe(
          'Path with {key} in it, such as /contacts/by-external/{key}. Default: POST to the collection.',
        ),
      field: path.describe('Path of the Isthmus record id in a record.'),
    }),
    z.strictObject({
      as: z.literal('idempotencyKey').describe('A repeated request with the same key has no further effect.'),
      header: z.string().default('idempotency-key').describe('Header for the key.'),
      ttl: duration.describe('How long the API stores a key.'),
      replaysErrors: z
        .boolean()
        .default(false)
        .describe('A stored server error is returned again for the same key.'),
      field: path.optional().describe('Path of the Isthmus record id in a record, if it is stored.'),
    }),
    z.strictObject({
      as: z.literal('marker').describe('The record has a searchable field for the Isthmus record id.'),
      field: path.describe('Where it is.'),
    }),
    z.strictObject({
      as: z.literal('naturalKey').describe('A created record is found by its match fields.'),
    }),
    z.strictObject({
      as: z.literal('none').describe('At most one attempt; an unknown outcome waits for a person.'),
    }),
    z.strictObject({ as: z.literal('unsupported').describe('Nothing can be created.') }),
  ])
  .describe('How duplicate creates are prevented. Default: unsupported.')

const writeSchema = z
  .strictObject({
    with: z
      .enum(['patch', 'put'])
      .default('patch')
      .describe('patch: only named properties change; put: the whole record is replaced.'),
    nested: z
      .enum(['replace', 'merge'])
      .default('replace')
      .describe('How PATCH treats a nested object that it names.'),
    returns: z
      .enum(['body+version', 'body', 'nothing'])
      .default('body')
      .describe('Content of the response to a write.'),
    omit: z
      .array(path)
      .default([])
      .describe(
        'Properties that are never sent: with PUT from the whole record, with PATCH from nested objects and list elements. A list in a path stands for each of its elements (lines.total).',
      ),
  })
  .describe('How records are changed.')

const removeSchema = z
  .strictObject({
    delete: z.boolean().default(false).describe('DELETE removes a record.'),
    archive: z.record(z.string(), z.unknown()).optional().describe('The patch that archives a record.'),
    restore: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('The patch that restores an archived record. Default: not supported.'),
  })
  .describe('How records are removed. Default: not supported.')

/** How the API reports that something does not exist; only this counts, never a proxy's page. */
const goneSchema = z
  .strictObject({
    statuses: statuses.default([404, 410]).describe('Statuses that say so.'),
    code: z
      .strictObject({
        path: path.describe(`Where it is ${inErrorBody}.`),
        equals: z.array(z.string()).min(1).describe('Values that say that the record does not exist.'),
      })
      .optional()
      .describe("The API's own code for it. Default: any JSON object counts."),
    mergedInto: path
      .optional()
      .describe(`Where, ${inErrorBody}, the id of the record is that this one was merged into.`),
  })
  .describe('How the API reports that a record does not exist.')

/** Errors in responses with a success status. */
const reportedSchema = z
  .strictObject({
    path: path
      .optional()
      .describe(
        'Where the errors are: an error is reported when there is a list, an object or a text that is not empty.',
      ),
    when: z
      .strictObject({
        path: path.describe('Where the value is.'),
        equals: z
          .array(z.union([z.string(), z.boolean(), z.number()]).transform(String))
          .min(1)
          .describe('Values that report an error, such as false.'),
      })
      .optional()
      .describe('A value of the response that reports an error, such as success: false.'),
    message: path
      .prefault('message')
      .describe(
        'Where an error has its words: in the first entry of path, or in the response. Default message.',
      ),
    code: path.prefault('code').describe('Where an error has a short code. Default code.'),
  })
  .refine(({ path, when }) => path !== undefined || when !== undefined, {
    error: 'say where errors are reported: path, when, or both',
  })
  .describe(
    'How a response with a success status reports that a write was refused. Default: the usual spellings (success: false, error, errors).',
  )

const errorsSchema = z
  .strictObject({
    gone: goneSchema.prefault({}),
    stale: statuses
      .default([412])
      .describe('Statuses of a conditional write that indicate an outdated version.'),
    code: path.optional().describe(`Where, ${inErrorBody}, a short code of the API's own is.`),
    message: path
      .optional()
      .describe(
        `Where, ${inErrorBody}, the API says in words what is wrong. They are kept with the failure, without the values that were sent. Default: the usual places (message, detail, error).`,
      ),
    reported: reportedSchema.optional(),
    fields: z
      .strictObject({
        items: path.describe(`Where the list of refused fields is ${inErrorBody}.`),
        name: path.optional().describe('Where an entry has the name. Default: the entry is the name.'),
      })
      .optional()
      .describe(
        'How refused fields are named. Default: the usual spellings (field, fields, errors with a pointer or path, a map from names to problems).',
      ),
  })
  .describe('How the API reports errors.')

/** One resource of the API. */
export const resourceSchema = z.strictObject({
  path: route.describe('Path of the collection, below the URL of the system.'),
  item: route.optional().describe('Path of one record, with {id} in it. Default: path + /{id}.'),
  id: path.prefault('id').describe('Where a record has its id.'),
  envelope: envelopeSchema.optional(),
  mediaType: z
    .string()
    .regex(/^[\w.+-]+\/[\w.+-]+$/, 'expected a media type such as application/vnd.api+json')
    .optional()
    .describe(
      'Media type that is requested and sent, if it is not application/json. It must be a JSON type.',
    ),
  ...recordMarks,
  ...recordIdentity,
  version: versionSchema.optional(),
  read: readSchema.prefault({}),
  search: searchSchema.optional(),
  list: listSchema.optional(),
  changes: changesSchema.optional(),
  create: createSchema.prefault({ as: 'unsupported' }),
  write: writeSchema.prefault({}),
  remove: removeSchema.prefault({}),
  inflight: duration
    .default(30_000)
    .describe('Longest time after our timeout during which a request may still take effect. Default 30s.'),
  errors: errorsSchema.prefault({}),
})

/** Validates a manifest and fills in its defaults. */
export const manifestSchema = z.strictObject({
  extends: z.string().optional().describe('Name of a built-in manifest that this one completes or changes.'),
  resources: z.record(z.string(), resourceSchema).describe('The collections of the API, by name.'),
  webhooks: webhooksSchema.optional(),
  fingerprint: z
    .strictObject({
      path: route.describe('Path to ask.'),
      value: path.describe('Where the response has the id of the account.'),
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
/** How a resource is listed. */
export type ListManifest = NonNullable<ResourceManifest['list']>
/** How a resource reports its changes. */
export type ChangesManifest = NonNullable<ResourceManifest['changes']>
