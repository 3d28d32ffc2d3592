/** The settings of a system that speaks OData, and of each of its resources. */
import { z } from 'zod'
import { isTimeZone } from '../../../model/canonical/time-zone.ts'
import { searchEqualities } from '../../../model/equality.ts'
import { connectionShape } from '../connection.ts'
import { duration } from '../manifest/values.ts'

const name = z.string().regex(/^\w{1,128}$/, { error: 'expected the name of a property or entity set' })
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])

const markerField = {
  field: name.describe('Property that holds our record id.'),
  spelling: z
    .enum(['uuid', 'hex'])
    .default('uuid')
    .describe('How the id is spelt there: uuid has 36 characters, hex has 32.'),
}

const createSchema = z.discriminatedUnion('as', [
  z.strictObject({
    as: z.literal('marker'),
    ...markerField,
    within: z
      .strictObject({
        navigation: name.describe('Navigation property from the record to its parts.'),
        entitySet: name.describe('Entity set of the parts, to search in.'),
        values: z.record(name, scalar).describe('What tells our part from others.'),
      })
      .optional()
      .describe('The property is not of the record itself but of one of its parts, which is made with it.'),
  }),
  z.strictObject({ as: z.literal('naturalKey') }),
  z.strictObject({ as: z.literal('none') }),
  z.strictObject({ as: z.literal('unsupported') }),
])

const track = z.union([
  /** One property with date and time. */
  z.strictObject({ field: name }),
  /** Date and time in two properties, in the local time of the system's zone. */
  z.strictObject({ date: name, time: name }),
])

const changesSchema = z.strictObject({
  tracks: z
    .array(track)
    .min(1)
    .max(4)
    .describe(
      'Each is followed by itself: the time of the last change, and that of the creation where a new record has no time of change.',
    ),
  ties: z
    .enum(['id', 'skip'])
    .default('id')
    .describe(
      'How records with the same time are passed: id compares keys, skip counts (for times that are spelt less exactly than they are kept).',
    ),
  timeZone: z
    .string()
    .refine(isTimeZone, { error: 'expected a zone such as Europe/Berlin' })
    .default('UTC')
    .describe('Zone of times on the wall: a name such as Europe/Berlin.'),
  commitLag: duration
    .default(60_000)
    .describe('A change may become visible that long after its time. Default: 60s.'),
  overlap: duration
    .default(2_000)
    .describe('Read again beyond that, against small differences of clocks. Default: 2s.'),
})

/** The settings of one resource. Everything else comes from the service's `$metadata`. */
export const resourceSchema = z.strictObject({
  entitySet: name.optional().describe('Default: the name of the resource.'),
  service: z
    .string()
    .startsWith('/')
    .optional()
    .describe('Path of the service below the address of the system. Default: that address is the service.'),
  select: z.array(name).min(1).optional().describe('Properties asked for. Default: all.'),
  expand: z.array(z.string().min(1)).optional().describe('Navigation properties that come along.'),
  where: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A $filter that says which records the resource holds. It holds for lists, reads, changes and webhooks alike; the service evaluates it, with a second query for records that are read by id.',
    ),
  etag: z.boolean().default(false).describe('Records have ETags and the service keeps to If-Match.'),
  update: z
    .enum(['patch', 'merge', 'put', 'unsupported'])
    .default('patch')
    .describe('Method of an update. merge is the older spelling of V2.'),
  create: createSchema
    .default({ as: 'none' })
    .describe('The strongest identity that the service offers for creates. Default: none, at most once.'),
  changes: changesSchema.optional().describe('Times that changes are found by. Default: no change feed.'),
  tombstone: z
    .strictObject({ field: name, equals: scalar })
    .optional()
    .describe('A record with this value counts as deleted.'),
  remove: z
    .strictObject({
      delete: z.boolean().default(false).describe('The service deletes.'),
      archive: z.record(name, scalar).optional().describe('What is written to archive a record.'),
      restore: z
        .record(name, scalar)
        .optional()
        .describe('What is written to take an archived record back. Default: that can not be done.'),
    })
    .default({ delete: false }),
  list: z
    .strictObject({
      paging: z
        .enum(['keyset', 'server'])
        .default('keyset')
        .describe('keyset: after the last key, sorted by key · server: links that the service hands out.'),
      pageSize: z.int().min(1).max(10_000).default(1_000),
      count: z.boolean().default(true).describe('The service says at the beginning how many there are.'),
    })
    .default({ paging: 'keyset', pageSize: 1_000, count: true }),
  batch: z
    .strictObject({
      read: z.int().min(1).max(1_000).default(1),
      write: z.int().min(1).max(1_000).default(1),
    })
    .default({ read: 1, write: 1 })
    .describe('Requests per $batch; 1 = none.'),
  search: z
    .strictObject({
      equality: z
        .enum(searchEqualities)
        .default('exact')
        .describe(
          'Which texts eq takes for equal in this service. A create only rests on a search that is as wide as the match rule.',
        ),
      batch: z
        .int()
        .min(1)
        .max(100)
        .default(20)
        .describe('Searches by one property that are joined by or in one filter; 1 = none.'),
    })
    .default({ equality: 'exact', batch: 20 })
    .describe('How records are found by a value.'),
  inflight: duration
    .default(300_000)
    .describe('Longest time after a timeout during which a write may still take effect.'),
  lag: duration.default(0).describe('A read or search may show a state that much older than now.'),
})

/** A validated resource. */
export type ResourceSettings = z.output<typeof resourceSchema>
/** A resource as written in the definition. */
export type ResourceInput = z.input<typeof resourceSchema>

/** Keys of every system on OData; `sap-s4` spreads them too. */
export const odataShape = {
  ...connectionShape,
  resources: z
    .record(z.string().min(1), resourceSchema)
    .optional()
    .describe(
      'By the name that the definition uses. An entity set that is not named here can be read under its own name.',
    ),
  parameters: z
    .record(z.string().min(1), z.string())
    .optional()
    .describe('Query parameters on every request.'),
  batchFormat: z
    .enum(['multipart', 'json'])
    .default('multipart')
    .describe('How a $batch is spelt for V4 services; V2 has multipart only.'),
  lockCodes: z
    .array(z.string().min(1))
    .optional()
    .describe('Codes of error responses that say that a record is locked by somebody, beside status 423.'),
} as const

/** The validated settings of a system. */
export type ODataSettings = z.output<z.ZodObject<typeof odataShape>>
