/**
 * The manifest: what there is to know about a REST API, as data. One schema checks it, gives its types and its defaults.
 *
 * Everything that is left out has the careful meaning: no version, no preconditions, no listing, no way to create twice-safe.
 */
import { z } from 'zod'
import { parseNativePath } from '../../../model/definition/native-path.ts'
import { durationMs, durationSchema } from '../../../model/definition/schema/text.ts'
import { nativePath } from '../../kit/native.ts'

const path = z
  .string()
  .refine((text) => parseNativePath(text) !== undefined, {
    error: 'expected a path into the record such as meta.version',
  })
  .transform(nativePath)

const duration = durationSchema.transform((text) => durationMs(text) ?? 0)
const route = z.string().startsWith('/', { error: 'expected a path that starts with a slash' })
const query = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
const size = z.strictObject({
  parameter: z.string().optional(),
  value: z.int().min(1).max(100_000).default(100),
})
const timeFormat = z.enum(['iso', 'epochMs', 'epochSeconds'])
/** The records of an answer: a path, or nothing when the answer itself is the list. */
const items = path.optional()

/** Where a version stands, and how a precondition is spelt. `path` is in the record, `header` in the answer to a read by id. */
const versionSchema = z.strictObject({
  path: path.optional(),
  header: z.string().toLowerCase().optional(),
  /** Versions of one record can be compared: as integers, else as text. */
  ordered: z.boolean().default(false),
  /** The API honours `If-Match`; this is its value. Missing: it does not. */
  ifMatch: z.string().includes('{version}', { error: 'expected a text with {version} in it' }).optional(),
})

const readSchema = z.strictObject({
  /** A read may show a state this much older than now. */
  lag: duration.default(0),
  /** Reads of several records at once, through the list. A record that does not come back is read by id. */
  batch: z
    .strictObject({
      parameter: z.string(),
      /** `repeat`: `id=1&id=2` · `comma`: `id=1,2` */
      style: z.enum(['repeat', 'comma']).default('repeat'),
      max: z.int().min(2).max(1_000).default(50),
      query: query.default({}),
    })
    .optional(),
})

const counted = {
  /** Query parameters of every page. */
  query: query.default({}),
  size: size.prefault({}),
  items,
  /** Where the system says how many records there are. */
  total: z.strictObject({ path: path.optional(), header: z.string().toLowerCase().optional() }).optional(),
  /** Records after which the list silently stops. */
  cap: z.int().min(1).optional(),
}

const listSchema = z.discriminatedUnion('paging', [
  /** Everything in one answer. */
  z.strictObject({ paging: z.literal('single'), ...counted }),
  /** After the id of the last record, or after what `next` says; `inclusive`: the record of that id comes again. */
  z.strictObject({
    paging: z.literal('keyset'),
    after: z.string(),
    next: path.optional(),
    inclusive: z.boolean().default(false),
    ...counted,
  }),
  /** A token from the last page. `stable`: the API promises not to skip records while others vanish. */
  z.strictObject({
    paging: z.literal('cursor'),
    after: z.string(),
    next: path,
    stable: z.boolean().default(false),
    ...counted,
  }),
  /** The `Link` header, `rel="next"`. */
  z.strictObject({ paging: z.literal('link'), stable: z.boolean().default(false), ...counted }),
  z.strictObject({ paging: z.literal('page'), parameter: z.string(), first: z.int().default(1), ...counted }),
  z.strictObject({ paging: z.literal('offset'), parameter: z.string(), ...counted }),
])

const feedBase = {
  path: route.optional(),
  query: query.default({}),
  size: size.prefault({}),
  items,
  more: path.optional(),
}

const changesSchema = z.discriminatedUnion('by', [
  /** A counter or token that the system hands out. `expired`: statuses that say it is no longer valid. */
  z.strictObject({
    by: z.literal('sequence'),
    since: z.string(),
    next: path,
    /** Id, version and deletion mark of one entry of the feed. @default as in the resource */
    id: path.optional(),
    version: path.optional(),
    deleted: path.optional(),
    expired: z.array(z.int()).default([410]),
    ...feedBase,
  }),
  /** Records changed at or after a time, oldest first. */
  z.strictObject({
    by: z.literal('timestamp'),
    since: z.string(),
    position: path,
    format: timeFormat.default('iso'),
    /** Parameter: of the records at exactly that time, only those after this id. */
    afterId: z.string().optional(),
    /** Parameter: page within the query, from 1. */
    page: z.string().optional(),
    commitLag: duration.default(0),
    overlap: duration.default(60_000),
    ...feedBase,
  }),
])

const searchSchema = z.strictObject({
  /** A record becomes visible to the search this much later. */
  lag: duration.default(0),
  maxResults: z.int().min(1).optional(),
  query: query.default({}),
  /** Query parameters that a value is given by, `{path}` standing for the path of the field. */
  filters: z
    .array(z.string().includes('{path}', { error: 'expected a text with {path} in it' }))
    .min(1)
    .default(['{path}']),
  items,
})

const createSchema = z.discriminatedUnion('as', [
  /** PUT to an id of our choosing. */
  z.strictObject({ as: z.literal('clientId') }),
  /** PUT to a path with our id in it: `/contacts/by-external/{key}`; or POST that answers with the record that has it. */
  z.strictObject({ as: z.literal('upsertKey'), path: route.optional(), field: path }),
  z.strictObject({
    as: z.literal('idempotencyKey'),
    header: z.string().default('idempotency-key'),
    ttl: duration,
    replaysErrors: z.boolean().default(false),
    field: path.optional(),
  }),
  /** A field of the record that holds our id and can be searched. */
  z.strictObject({ as: z.literal('marker'), field: path }),
  z.strictObject({ as: z.literal('naturalKey') }),
  z.strictObject({ as: z.literal('none') }),
  z.strictObject({ as: z.literal('unsupported') }),
])

const writeSchema = z.strictObject({
  with: z.enum(['patch', 'put']).default('patch'),
  /** What PATCH does to a nested object that it names. */
  nested: z.enum(['replace', 'merge']).default('replace'),
  returns: z.enum(['body+version', 'body', 'nothing']).default('body'),
  /** Properties that must not be sent back with PUT. */
  omit: z.array(path).default([]),
})

const removeSchema = z.strictObject({
  delete: z.boolean().default(false),
  /** The patch that archives a record. */
  archive: z.record(z.string(), z.unknown()).optional(),
})

/** How the API says that something does not exist; only this counts, a proxy's page never does. */
const goneSchema = z.strictObject({
  statuses: z.array(z.int().min(400).max(499)).default([404, 410]),
  /** In the error's body; missing: any JSON object. */
  code: z.strictObject({ path, equals: z.array(z.string()).min(1) }).optional(),
  /** In the error's body: the id of the record that this one was merged into. */
  mergedInto: path.optional(),
})

const errorsSchema = z.strictObject({
  gone: goneSchema.prefault({}),
  /** Statuses of a conditional write that say that the version is no longer current. */
  stale: z.array(z.int().min(400).max(499)).default([412]),
  /** In the error's body: a short code of the API's own. */
  code: path.optional(),
  /** In the error's body: a list of entries that name the refused fields, and where in each. */
  fields: z.strictObject({ items: path, name: path.optional() }).optional(),
})

/** One resource of the API. */
export const resourceSchema = z.strictObject({
  /** The collection. */
  path: route,
  /** One record. @default path + `/{id}` */
  item: route.optional(),
  id: path.prefault('id'),
  /** When the record was changed, by the system's own clock. */
  changedAt: z.strictObject({ path, format: timeFormat.default('iso') }).optional(),
  /** A record that is still there but counts as deleted. */
  tombstone: z.strictObject({ path, equals: z.union([z.string(), z.boolean()]) }).optional(),
  version: versionSchema.optional(),
  read: readSchema.prefault({}),
  search: searchSchema.optional(),
  list: listSchema.optional(),
  changes: changesSchema.optional(),
  create: createSchema.prefault({ as: 'unsupported' }),
  write: writeSchema.prefault({}),
  remove: removeSchema.prefault({}),
  /** Longest time after our timeout during which a request may still take effect. */
  inflight: duration.default(30_000),
  errors: errorsSchema.prefault({}),
})

const match = z.strictObject({
  path,
  equals: z.union([z.string(), z.boolean()]).optional(),
  endsWith: z.string().optional(),
})

/** How deliveries are verified and read. The secret is in the system's section. */
const webhooksSchema = z.strictObject({
  scheme: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('standard'), tolerance: duration.optional() }),
    z.strictObject({
      kind: z.literal('hmac'),
      header: z.string(),
      algorithm: z.enum(['sha1', 'sha256', 'sha512']).default('sha256'),
      encoding: z.enum(['hex', 'base64']).default('hex'),
      prefix: z.string().default(''),
      timestampHeader: z.string().optional(),
      tolerance: duration.optional(),
    }),
    z.strictObject({ kind: z.literal('token'), header: z.string(), prefix: z.string().default('') }),
  ]),
  /** Several events in one delivery: where the list is. */
  events: path.optional(),
  /** The resource: fixed, or at a path (up to `before`), renamed by `names`. */
  resource: z.union([
    z.strictObject({ fixed: z.string() }),
    z.strictObject({
      path,
      before: z.string().optional(),
      names: z.record(z.string(), z.string()).default({}),
    }),
  ]),
  id: path,
  version: path.optional(),
  deleted: match.optional(),
  /** The delivery's id, for schemes that have none. */
  delivery: z
    .union([z.strictObject({ header: z.string().toLowerCase() }), z.strictObject({ path })])
    .optional(),
})

/** Checks a manifest and fills in its defaults. */
export const manifestSchema = z.strictObject({
  /** Name of a built-in manifest that this one completes or changes. */
  extends: z.string().optional(),
  resources: z.record(z.string(), resourceSchema),
  webhooks: webhooksSchema.optional(),
  /** Where the system says which account answers. @default the base URL stands for the account */
  fingerprint: z.strictObject({ path: route, value: path }).optional(),
})

/** A manifest as people write it. */
export type ManifestSource = z.input<typeof manifestSchema>
/** A checked manifest with its defaults. */
export type Manifest = z.output<typeof manifestSchema>
/** One resource, checked. */
export type ResourceManifest = z.output<typeof resourceSchema>
/** How a resource is listed. */
export type ListManifest = NonNullable<ResourceManifest['list']>
/** How a resource tells its changes. */
export type ChangesManifest = NonNullable<ResourceManifest['changes']>
/** How deliveries are signed and read. */
export type WebhooksManifest = NonNullable<Manifest['webhooks']>
