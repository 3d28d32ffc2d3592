/** The context of all operations on one object. */
import type { CallContext } from '../../kit/contract.ts'
import type { SalesforceClient } from '../client.ts'
import type { ResourceConfig, SalesforceConfig } from '../config.ts'
import { type ObjectSchema, readableFields, type SalesforceField, type Schemas } from '../schema.ts'

/** One object with its client and settings. */
export interface ObjectContext {
  /** API name. */
  readonly object: string
  readonly config: ResourceConfig
  readonly bulk: SalesforceConfig['bulk']
  readonly commitLagMs: number
  readonly client: SalesforceClient
  readonly schemas: Schemas
  readonly clock: { monotonic(): number }
}

/** The object with the fields to read. */
export interface ReadableObject {
  readonly schema: ObjectSchema
  readonly fields: readonly SalesforceField[]
  readonly names: readonly string[]
}

/** @throws as a read does */
export async function readableObject(owner: ObjectContext, context: CallContext): Promise<ReadableObject> {
  const schema = await owner.schemas.of(owner.object, context)
  const { externalId, fields: wanted } = owner.config
  const named = wanted === undefined || externalId === undefined ? wanted : [...wanted, externalId]
  const fields = readableFields(schema, named)
  return { schema, fields, names: fields.map(({ name }) => name) }
}
