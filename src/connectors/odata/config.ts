/** A system of the connector `odata`: the section of the definition, and what it says about each resource. */
import { z } from 'zod'
import { connectionShape } from '../kit/connection.ts'
import { duration } from '../kit/manifest/values.ts'

const name = z.string().regex(/^\w{1,128}$/, { error: 'expected the name of a property or entity set' })
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])

const markerField = {
  /** Property that holds our record id. */
  field: name,
  /** How the id is spelt there: `uuid` has 36 characters, `hex` has 32. */
  spelling: z.enum(['uuid', 'hex']).default('uuid'),
}

const createSchema = z.discriminatedUnion('as', [
  z.strictObject({
    as: z.literal('marker'),
    ...markerField,
    /** The property is not of the record itself but of one of its parts, which is made with it. */
    within: z
      .strictObject({
        /** Navigation property from the record to its parts. */
        navigation: name,
        /** Entity set of the parts, to search in. */
        entitySet: name,
        /** What tells our part from others. */
        values: z.record(name, scalar),
      })
      .optional(),
  }),
  z.strictObject({ as: z.literal('naturalKey') }),
  z.strictObject({ as: z.literal('none') }),
  z.strictObject({ as: z.literal('unsupported') }),
])

const track = z.union([
  /** One property with date and time. */
  z.strictObject({ field: name }),
  /** Date and time in two properties, on the wall of the system's zone. */
  z.strictObject({ date: name, time: name }),
])

const changesSchema = z.strictObject({
  /** Each is followed by itself: the time of the last change, and that of the creation where a new record has no time of change. */
  tracks: z.array(track).min(1).max(4),
  /** How records with the same time are passed: `id` compares keys, `skip` counts (for times that are spelt less exactly than they are kept). */
  ties: z.enum(['id', 'skip']).default('id'),
  /** Zone of times on the wall: a name such as Europe/Berlin. */
  timeZone: z.string().min(1).default('UTC'),
  commitLag: duration.default(60_000),
  overlap: duration.default(2_000),
})

/** What a definition says about one resource. Everything else comes from the service's `$metadata`. */
export const resourceSchema = z.strictObject({
  /** @default the name of the resource */
  entitySet: name.optional(),
  /** Path of the service below the system's URL. @default the system's URL is the service */
  service: z.string().startsWith('/').optional(),
  /** Properties asked for. @default all */
  select: z.array(name).min(1).optional(),
  /** Navigation properties that come along. */
  expand: z.array(z.string().min(1)).optional(),
  /** A `$filter` for everything that is listed. */
  where: z.string().min(1).optional(),
  /** Records have ETags and the service keeps to `If-Match`. */
  etag: z.boolean().default(false),
  /** Method of an update. `merge` is the older spelling of V2. */
  update: z.enum(['patch', 'merge', 'put', 'unsupported']).default('patch'),
  create: createSchema.default({ as: 'none' }),
  changes: changesSchema.optional(),
  /** A record with this value counts as deleted. */
  tombstone: z.strictObject({ field: name, equals: scalar }).optional(),
  remove: z
    .strictObject({
      delete: z.boolean().default(false),
      /** What is written to archive a record. */
      archive: z.record(name, scalar).optional(),
    })
    .default({ delete: false }),
  list: z
    .strictObject({
      /** `keyset`: after the last key, sorted by key · `server`: links that the service hands out. */
      paging: z.enum(['keyset', 'server']).default('keyset'),
      pageSize: z.int().min(1).max(10_000).default(1_000),
      /** The service says at the beginning how many there are. */
      count: z.boolean().default(true),
    })
    .default({ paging: 'keyset', pageSize: 1_000, count: true }),
  /** Requests per `$batch`; 1 = none. */
  batch: z
    .strictObject({
      read: z.int().min(1).max(1_000).default(1),
      write: z.int().min(1).max(1_000).default(1),
    })
    .default({ read: 1, write: 1 }),
  /** Longest time after a timeout during which a write may still take effect. */
  inflight: duration.default(300_000),
  /** A read or search may show a state that much older than now. */
  lag: duration.default(0),
})

/** A checked resource. */
export type ResourceSettings = z.output<typeof resourceSchema>
/** A resource as it is written. */
export type ResourceInput = z.input<typeof resourceSchema>

/** Keys that every system on OData has; `sap-s4` spreads them too. */
export const odataShape = {
  ...connectionShape,
  /** By the name that the definition uses. An entity set that is not named here can be read under its own name. */
  resources: z.record(z.string().min(1), resourceSchema).optional(),
  /** Query parameters on every request. */
  parameters: z.record(z.string().min(1), z.string()).optional(),
  /** How a `$batch` is spelt for V4 services; V2 has `multipart` only. */
  batchFormat: z.enum(['multipart', 'json']).default('multipart'),
  /** Codes of error answers that say that a record is locked by somebody, beside status 423. */
  lockCodes: z.array(z.string().min(1)).optional(),
} as const

/** Keys of a system's section. */
export const odataConfig = z.strictObject({
  ...odataShape,
  /** When a CSRF token is fetched: `ahead` of the first write, or `when-asked` by a refusal. */
  csrf: z.enum(['ahead', 'when-asked']).default('when-asked'),
})

/** A checked section. */
export type ODataConfig = z.output<typeof odataConfig>
