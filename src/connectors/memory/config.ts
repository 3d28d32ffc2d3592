/** A system of the connector `memory`: what it is to pretend. */
import { z } from 'zod'
import { searchEqualities } from '../../model/create-evidence.ts'
import type { RemoteCapabilities } from '../kit/contract.ts'

const ms = z.int().min(0).max(86_400_000)

/** Every capability can be chosen; the defaults are those of a well-made API. */
const capabilitiesSchema = z.strictObject({
  read: z.strictObject({ lagMs: ms.default(0), batch: z.int().min(1).max(1_000).default(100) }).prefault({}),
  search: z
    .strictObject({
      lagMs: ms.default(0),
      maxResults: z.int().min(1).optional(),
      equality: z.enum(searchEqualities).default('ignoringCase'),
      /** Searches per call; 1 = one at a time. */
      batch: z.int().min(1).max(1_000).default(1),
    })
    .nullable()
    .prefault({}),
  version: z.enum(['ordered', 'opaque', 'none']).default('ordered'),
  conditionalWrites: z.boolean().default(true),
  write: z.enum(['patch', 'put']).default('patch'),
  nested: z.enum(['replace', 'merge']).default('merge'),
  writeReturns: z.enum(['body+version', 'body', 'nothing']).default('body+version'),
  create: z
    .enum(['clientId', 'upsertKey', 'idempotencyKey', 'marker', 'naturalKey', 'none', 'unsupported'])
    .default('marker'),
  idempotency: z.strictObject({ ttlMs: ms, replaysErrors: z.boolean().default(false) }).optional(),
  inflightMs: ms.default(1_000),
  list: z
    .strictObject({
      paging: z.enum(['none', 'offset', 'keyset']).default('keyset'),
      pageSize: z.int().min(1).max(10_000).default(100),
    })
    .prefault({}),
  changes: z
    .strictObject({
      cursor: z.enum(['seq', 'ts+id', 'ts', 'none']).default('seq'),
      commitLagMs: ms.default(0),
    })
    .prefault({}),
  deletes: z.enum(['feed', 'tombstone', 'byId', 'none']).default('feed'),
  remove: z.enum(['delete', 'archive', 'both', 'none']).default('both'),
  /** Records per call of a create or an update; 1 = one at a time. */
  writeBatch: z.int().min(1).max(1_000).default(1),
})

/** Checks one resource of the section. */
export const memoryResourceSchema = z.strictObject({
  capabilities: capabilitiesSchema.prefault({}),
  /** Property that holds our record id. */
  marker: z.string().min(1).default('isthmusId'),
  /** What archiving sets. */
  archive: z.record(z.string(), z.unknown()).default({ archived: true }),
  /** What taking back out of the archive sets; `null`: that can't be done. */
  restore: z.record(z.string(), z.unknown()).nullable().default({ archived: false }),
  /** Records there are from the beginning, each with an `id`. */
  records: z.array(z.record(z.string(), z.unknown())).default([]),
})

/** Checks the system's section. */
export const memoryConfig = z.strictObject({
  resources: z.record(z.string(), memoryResourceSchema),
  webhooks: z.strictObject({ secret: z.string().min(1) }).optional(),
})

/** A checked section with its defaults. */
export type MemoryConfig = z.output<typeof memoryConfig>
/** A section as people write it. */
export type MemoryConfigInput = z.input<typeof memoryConfig>
/** One checked resource. */
export type MemoryResourceConfig = z.output<typeof memoryResourceSchema>

/** Creates of these kinds carry our record id; where there are none, records may carry one all the same. */
const marked: ReadonlySet<string> = new Set(['marker', 'upsertKey', 'unsupported'])

/** The chosen capabilities in the words of the contract. */
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
