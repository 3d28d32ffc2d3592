/** The live schema, for drift detection and mapping proposals. */
import type { FieldType } from '../../model/values.ts'
import type { CallContext } from '../kit/contract.ts'
import type { FieldDescription, ResourceDescription } from '../kit/description.ts'
import { isNativeRecord } from '../kit/native.ts'
import { unusable } from '../kit/unusable.ts'
import type { SalesforceClient } from './client.ts'
import type { ObjectSchema, SalesforceField, Schemas } from './schema.ts'

/** Concurrent describes. */
const parallel = 4
/** Maximum number of objects that are described when none are named. */
const objectsMax = 1_000

/** @throws as a read does */
export async function describeObjects(
  client: SalesforceClient,
  schemas: Schemas,
  objects: readonly string[] | undefined,
  context: CallContext,
): Promise<readonly ResourceDescription[]> {
  const names = objects ?? (await syncableObjects(client, context))
  const described: ResourceDescription[] = []
  for (let start = 0; start < names.length; start += parallel) {
    const some = names.slice(start, start + parallel)
    const schemasOfSome = await Promise.all(some.map((name) => schemas.fresh(name, context)))
    described.push(...schemasOfSome.map(description))
  }
  return described
}

/**
 * Objects with records of their own that a client may read and write; not histories, shares and similar
 * dependents.
 */
async function syncableObjects(client: SalesforceClient, context: CallContext): Promise<readonly string[]> {
  const { data } = await client.read('/sobjects', {}, context)
  if (!isNativeRecord(data) || !Array.isArray(data.sobjects))
    throw unusable('the global describe has no sobjects')
  const names = data.sobjects.flatMap((entry: unknown) => {
    if (!isNativeRecord(entry) || typeof entry.name !== 'string') return []
    const fits = ['queryable', 'createable', 'updateable', 'replicateable', 'layoutable'].every(
      (key) => entry[key] === true,
    )
    return fits && entry.deprecatedAndHidden !== true ? [entry.name] : []
  })
  return names.slice(0, objectsMax)
}

/** Describes one object in the terms of the contract. */
export function description(schema: ObjectSchema): ResourceDescription {
  return {
    name: schema.name,
    ...(schema.label === undefined ? {} : { label: schema.label }),
    fields: [...schema.fields.values()].map(fieldDescription),
    key: [['Id']],
  }
}

function fieldDescription(field: SalesforceField): FieldDescription {
  const type = canonicalType(field)
  const values = field.restrictedPicklist ? activeValues(field) : undefined
  const references = field.referenceTo ?? []
  return {
    path: [field.name],
    ...(field.label === null || field.label === undefined ? {} : { label: field.label }),
    nativeType: nativeType(field),
    ...(type === undefined ? {} : { type }),
    ...(field.length > 0 ? { maxLength: field.length } : {}),
    ...(field.precision > 0 ? { precision: field.precision, scale: field.scale } : {}),
    required: field.createable && !field.nillable && !field.defaultedOnCreate,
    nullable: field.nillable,
    creatable: field.createable,
    updatable: field.updateable,
    ...(values === undefined ? {} : { values }),
    ...(field.unique || field.type === 'id' ? { unique: true } : {}),
    ...(references.length === 0 ? {} : { references }),
  }
}

function nativeType({ type, length, precision, scale, digits }: SalesforceField): string {
  if (precision > 0) return `${type}(${precision},${scale})`
  if (type === 'int' && digits > 0) return `int(${digits})`
  return length > 0 ? `${type}(${length})` : type
}

function activeValues({ picklistValues }: SalesforceField): readonly string[] {
  return (picklistValues ?? []).filter(({ active }) => active).map(({ value }) => value)
}

/**
 * The canonical type that holds every value of the field; undefined for compound fields and blobs. See
 * TYPES.md.
 */
function canonicalType(field: SalesforceField): FieldType | undefined {
  switch (field.type) {
    case 'boolean':
      return { kind: 'boolean' }
    case 'int':
    case 'long':
      return { kind: 'integer' }
    case 'double':
    case 'currency':
    case 'percent':
      return field.scale > 0 ? { kind: 'decimal', scale: field.scale } : { kind: 'decimal' }
    case 'date':
      return { kind: 'date' }
    case 'datetime':
      return { kind: 'instant' }
    case 'picklist':
      // An unrestricted picklist accepts any text.
      return field.restrictedPicklist ? { kind: 'enum', values: activeValues(field) } : textType(field)
    case 'address':
    case 'location':
    case 'base64':
    case 'complexvalue':
    case 'json':
    case 'anyType':
      return undefined
    default:
      return textType(field)
  }
}

const formats: Readonly<Record<string, 'email' | 'phone' | 'uri'>> = {
  email: 'email',
  phone: 'phone',
  url: 'uri',
}

function textType({ type, length }: SalesforceField): FieldType {
  const format = Object.hasOwn(formats, type) ? formats[type] : undefined
  return {
    kind: 'string',
    ...(length > 0 ? { maxLength: length } : {}),
    ...(format === undefined ? {} : { format }),
  }
}
