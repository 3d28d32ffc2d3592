/**
 * Restricts a change to the properties that the API's input types accept.
 *
 * Nested objects and list elements are completed from the record last read before they are sent, and a record
 * often has fields that no input accepts (`__typename`, totals, ids). One of them would make the API refuse
 * the whole mutation, so they are removed according to the API's schema.
 */
import { type GraphQLSchema, getNamedType, isInputObjectType } from 'graphql'
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, UpdateRequest } from '../../kit/contract.ts'
import { isNativeRecord } from '../../kit/native.ts'
import type { GraphqlClient } from '../client.ts'
import type { GraphqlDocument } from '../documents.ts'
import { fetchSchema } from '../introspect.ts'
import type { ResourceContext } from './resource-context.ts'

/** The schema changes with a deployment at most, and so does an API's decision to disable introspection. */
const schemaKeptMs = 600_000

interface KnownSchema {
  readonly until: number
  /** Undefined when the API has no introspection: everything is then sent, except what the manifest omits. */
  readonly schema: Promise<GraphQLSchema | undefined>
}

const schemas = new WeakMap<GraphqlClient, KnownSchema>()

/**
 * Returns the requests without nested properties that no input type accepts. Reads the schema only when there
 * is a nested object.
 */
export async function fitRequests(
  owner: ResourceContext,
  requests: readonly UpdateRequest[],
  context: CallContext,
): Promise<readonly UpdateRequest[]> {
  const { update } = owner.documents
  if (update === undefined || !requests.some(({ patch }) => hasNested(patch))) return requests
  const schema = await schemaOf(owner, context)
  if (schema === undefined) return requests
  return requests.map((request) => ({
    ...request,
    patch: fitBody(schema, update, request.patch),
    ...(request.base === undefined ? {} : { base: fitBody(schema, update, request.base) }),
  }))
}

function schemaOf({ client, resource }: ResourceContext, context: CallContext): KnownSchema['schema'] {
  const now = performance.now()
  const known = schemas.get(client)
  if (known !== undefined && known.until > now) return known.schema
  const schema = fetchSchema(client, resource.errors, context).catch(() => undefined)
  schemas.set(client, { until: now + schemaKeptMs, schema })
  return schema
}

function hasNested(body: NativeRecord): boolean {
  return Object.values(body).some(
    (value) => isNativeRecord(value) || (Array.isArray(value) && value.some(isNativeRecord)),
  )
}

/** Top-level properties stay as they are: they are mapped, and the API reports a wrong one. */
function fitBody(schema: GraphQLSchema, { variables }: GraphqlDocument, body: NativeRecord): NativeRecord {
  const input = variables.get('input')
  const typeOf = (name: string): string | undefined =>
    input === undefined ? variables.get(name)?.type : fieldType(schema, input.type, name)
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, fitValue(schema, typeOf(name), value)]),
  )
}

function fitValue(schema: GraphQLSchema, typeName: string | undefined, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => fitValue(schema, typeName, one))
  const type = typeName === undefined ? undefined : schema.getType(typeName)
  if (!isNativeRecord(value) || !isInputObjectType(type)) return value
  const fields = type.getFields()
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => Object.hasOwn(fields, name))
      .map(([name, part]) => [name, fitValue(schema, fieldType(schema, type.name, name), part)]),
  )
}

function fieldType(schema: GraphQLSchema, typeName: string, name: string): string | undefined {
  const type = schema.getType(typeName)
  const field = isInputObjectType(type) ? type.getFields()[name] : undefined
  return field === undefined ? undefined : getNamedType(field.type).name
}
