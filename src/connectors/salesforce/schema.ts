/**
 * The current schema of an object from its describe: cached for a while, since every list and read needs the
 * names of the fields.
 */
import { z } from 'zod'
import type { CallContext } from '../kit/contract.ts'
import { unusable } from '../kit/unusable.ts'
import type { SalesforceClient } from './client.ts'

const fieldSchema = z.object({
  name: z.string(),
  label: z.string().nullish(),
  type: z.string(),
  length: z.number().default(0),
  precision: z.number().default(0),
  scale: z.number().default(0),
  digits: z.number().default(0),
  nillable: z.boolean(),
  createable: z.boolean(),
  updateable: z.boolean(),
  defaultedOnCreate: z.boolean().default(false),
  externalId: z.boolean().default(false),
  unique: z.boolean().default(false),
  filterable: z.boolean().default(true),
  caseSensitive: z.boolean().default(false),
  restrictedPicklist: z.boolean().default(false),
  picklistValues: z.array(z.object({ active: z.boolean(), value: z.string() })).nullish(),
  referenceTo: z.array(z.string()).nullish(),
})

const objectSchema = z.object({
  name: z.string(),
  label: z.string().nullish(),
  queryable: z.boolean(),
  replicateable: z.boolean().default(false),
  fields: z.array(fieldSchema),
})

/** One field, as the org describes it. */
export type SalesforceField = z.output<typeof fieldSchema>

/** One object, as the org describes it. */
export interface ObjectSchema {
  readonly name: string
  readonly label: string | undefined
  readonly replicateable: boolean
  readonly fields: ReadonlyMap<string, SalesforceField>
}

/** Compound fields repeat their parts, and bulk jobs refuse them; blobs are returned one by one. */
const unread: ReadonlySet<string> = new Set(['address', 'location', 'base64', 'complexvalue', 'json'])
const keepMs = 600_000
const keptMax = 1_000

/** Describes of one org. */
export class Schemas {
  readonly #client: SalesforceClient
  readonly #monotonic: () => number
  readonly #kept = new Map<string, { readonly schema: ObjectSchema; readonly until: number }>()

  constructor(client: SalesforceClient, monotonic: () => number) {
    this.#client = client
    this.#monotonic = monotonic
  }

  /** @throws as a read does · IsthmusError CONNECTOR_RESPONSE_UNUSABLE */
  async of(object: string, context: CallContext): Promise<ObjectSchema> {
    const kept = this.#kept.get(object)
    if (kept !== undefined && this.#monotonic() < kept.until) return kept.schema
    const schema = await this.fresh(object, context)
    if (this.#kept.size >= keptMax) this.#kept.clear()
    this.#kept.set(object, { schema, until: this.#monotonic() + keepMs })
    return schema
  }

  /** The current schema, uncached, for drift detection. */
  async fresh(object: string, context: CallContext): Promise<ObjectSchema> {
    const response = await this.#client.read(`/sobjects/{object}/describe`, { path: { object } }, context)
    const parsed = objectSchema.safeParse(response.data)
    if (!parsed.success) throw unusable(`the describe of ${object} lacks names or fields`)
    const { name, label, replicateable, fields } = parsed.data
    return {
      name,
      label: label ?? undefined,
      replicateable,
      fields: new Map(fields.map((field) => [field.name, field])),
    }
  }

  /** The org refused a field of the cached describe: it was removed or hidden since. */
  forget(object: string): void {
    this.#kept.delete(object)
  }
}

/**
 * The fields to read: the requested ones, or all that can be read in every way; always the id and the time of
 * change.
 */
export function readableFields(
  schema: ObjectSchema,
  wanted: readonly string[] | undefined,
): readonly SalesforceField[] {
  if (wanted === undefined) return [...schema.fields.values()].filter(({ type }) => !unread.has(type))
  const names = new Set(['Id', 'SystemModstamp', ...wanted])
  return [...names].flatMap((name) => {
    const field = schema.fields.get(name)
    if (field !== undefined) return [field]
    // An object without a time of change can still be listed; a field named explicitly has to exist.
    if (name === 'SystemModstamp') return []
    throw unusable(`${schema.name} has no field ${name}`)
  })
}
