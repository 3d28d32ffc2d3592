/** A system of the connector `memory`: the behaviour to simulate. */
import { z } from 'zod'
import { searchEqualities } from '../../model/equality.ts'
import type { RemoteCapabilities } from '../kit/capabilities.ts'

const ms = z.int().min(0).max(86_400_000)

/** Every capability can be chosen; the defaults are those of a well-designed API. */
const capabilitiesSchema = z.strictObject({
  read: z
    .strictObject({
      lagMs: ms.default(0).describe('Age of what a read shows, in milliseconds.'),
      batch: z.int().min(1).max(1_000).default(100).describe('Records per batch read; 1 = no batch read.'),
    })
    .prefault({})
    .describe('How records are read by id.'),
  search: z
    .strictObject({
      lagMs: ms.default(0).describe('Age of the index, in milliseconds.'),
      maxResults: z
        .int()
        .min(1)
        .optional()
        .describe('Results after which it is silently cut off. Default: all.'),
      equality: z
        .enum(searchEqualities)
        .default('ignoringCase')
        .describe('Which texts the search takes for equal.'),
      batch: z.int().min(1).max(1_000).default(1).describe('Searches per call; 1 = one at a time.'),
    })
    .nullable()
    .prefault({})
    .describe('Search by marker or values; null for none.'),
  version: z.enum(['ordered', 'opaque', 'none']).default('ordered').describe('What its versions say.'),
  conditionalWrites: z.boolean().default(true).describe('A version precondition is honoured.'),
  write: z
    .enum(['patch', 'put'])
    .default('patch')
    .describe('Whether an update names properties or replaces the record.'),
  nested: z
    .enum(['replace', 'merge'])
    .default('merge')
    .describe('What a patch does to a nested object that it names.'),
  writeReturns: z
    .enum(['body+version', 'body', 'nothing'])
    .default('body+version')
    .describe('What the response to a write carries.'),
  create: z
    .enum(['clientId', 'upsertKey', 'idempotencyKey', 'marker', 'naturalKey', 'none', 'unsupported'])
    .default('marker')
    .describe('Strongest identity that it offers for creates.'),
  idempotency: z
    .strictObject({
      ttlMs: ms.describe('How long a key is remembered, in milliseconds.'),
      replaysErrors: z.boolean().default(false).describe('A stored error comes back for the same key.'),
    })
    .optional()
    .describe('Idempotency keys. Default: a day where creates are made under one, else none.'),
  inflightMs: ms
    .default(1_000)
    .describe('Longest a request may still take effect after our time-out, in milliseconds.'),
  list: z
    .strictObject({
      paging: z.enum(['none', 'offset', 'keyset']).default('keyset').describe('How it is paged.'),
      pageSize: z.int().min(1).max(10_000).default(100).describe('Records per page.'),
    })
    .prefault({})
    .describe('How the resource is listed.'),
  changes: z
    .strictObject({
      cursor: z.enum(['seq', 'ts+id', 'ts', 'none']).default('seq').describe('What the feed is ordered by.'),
      commitLagMs: ms.default(0).describe('How late a change may appear, in milliseconds.'),
    })
    .prefault({})
    .describe('What the change feed is like.'),
  deletes: z.enum(['feed', 'tombstone', 'byId', 'none']).default('feed').describe('How a deletion shows.'),
  remove: z.enum(['delete', 'archive', 'both', 'none']).default('both').describe('What a removal can be.'),
  writeBatch: z
    .int()
    .min(1)
    .max(1_000)
    .default(1)
    .describe('Records per call of a create or an update; 1 = one at a time.'),
})

/** Validates one resource of the section. */
export const memoryResourceSchema = z.strictObject({
  capabilities: capabilitiesSchema.prefault({}).describe('What the resource can do.'),
  marker: z.string().min(1).default('isthmusId').describe('Property that holds our record id.'),
  archive: z.record(z.string(), z.unknown()).default({ archived: true }).describe('What archiving sets.'),
  restore: z
    .record(z.string(), z.unknown())
    .nullable()
    .default({ archived: false })
    .describe("What taking back out of the archive sets; null: that can't be done."),
  records: z
    .array(z.record(z.string(), z.unknown()))
    .default([])
    .describe('Records there are from the beginning, each with an id.'),
})

/** Validates the system's section. */
export const memoryConfig = z.strictObject({
  resources: z.record(z.string(), memoryResourceSchema).describe('The resources, by name.'),
  webhooks: z
    .strictObject({ secret: z.string().min(1).describe('Signing secret.') })
    .optional()
    .describe('How its deliveries are signed. Default: there are none.'),
})

/** A validated section with its defaults. */
export type MemoryConfig = z.output<typeof memoryConfig>
/** A section as written by users. */
export type MemoryConfigInput = z.input<typeof memoryConfig>
/** One validated resource. */
export type MemoryResourceConfig = z.output<typeof memoryResourceSchema>

/** Creates of these kinds carry our record id; without them, records may still carry one. */
const marked: ReadonlySet<string> = new Set(['marker', 'upsertKey', 'unsupported'])

/** Converts the chosen capabilities to those of the contract. */
export function memoryCapabilities({ capabilities, marker }: MemoryResourceConfig): RemoteCapabilities {
  const { search, idempotency, ...rest } = capabilities
  const key =
    idempotency ??
    (rest.create === 'idempotencyKey' ? { ttlMs: 86_400_000, replaysErrors: false } : undefined)
  return {
    ...rest,
    ...(search === null
      ? {}
      : {
          search: {
            lagMs: search.lagMs,
            equality: search.equality,
            ...(search.batch === 1 ? {} : { batch: search.batch }),
            ...(search.maxResults === undefined ? {} : { maxResults: search.maxResults }),
          },
        }),
    ...(key === undefined ? {} : { idempotency: key }),
    ...(marked.has(rest.create) ? { marker: [marker] } : {}),
  }
}
