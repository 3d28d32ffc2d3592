/** Converts a JSON schema of an OpenAPI document to the fields of a record. */
import type { FieldType } from '../../../model/values.ts'
import type { FieldDescription } from '../../kit/description.ts'
import { isNativeRecord } from '../../kit/native.ts'
import { type OpenApiDocument, type OpenApiNode, resolved, resolvedList, textOf } from './document.ts'

/** A schema with the parts of `allOf` merged, and null alternatives removed. */
export interface PlainSchema {
  readonly node: OpenApiNode
  /** By name, in the order of the document. */
  readonly properties: ReadonlyMap<string, unknown>
  readonly required: ReadonlySet<string>
  readonly nullable: boolean
  readonly types: readonly string[]
}

const depthMax = 5
const fieldsMax = 2_000
const partsMax = 50

/** Reads a schema; undefined when there is none. */
export function plainSchema(document: OpenApiDocument, value: unknown, depth = 0): PlainSchema | undefined {
  const node = resolved(document, value)
  if (node === undefined || depth > depthMax * 2) return undefined
  const parts = resolvedList(document, node.allOf).slice(0, partsMax)
  const options = [...resolvedList(document, node.oneOf), ...resolvedList(document, node.anyOf)].slice(
    0,
    partsMax,
  )
  const real = options.filter((option) => option.type !== 'null')
  const inner = [...parts, ...(real.length === 1 ? real : [])].map((part) =>
    plainSchema(document, part, depth + 1),
  )
  const known = inner.filter((part) => part !== undefined)
  const own =
    typeof node.type === 'string' ? [node.type] : Array.isArray(node.type) ? node.type.map(String) : []
  const types = own.length > 0 ? own : known.flatMap((part) => part.types)
  return {
    node: Object.assign({}, ...known.map((part) => part.node), node) as OpenApiNode,
    properties: new Map([
      ...known.flatMap((part) => [...part.properties]),
      ...(isNativeRecord(node.properties) ? Object.entries(node.properties) : []),
    ]),
    required: new Set([
      ...known.flatMap((part) => [...part.required]),
      ...(Array.isArray(node.required) ? node.required.map(String) : []),
    ]),
    nullable: node.nullable === true || types.includes('null') || real.length < options.length,
    types: types.filter((type) => type !== 'null'),
  }
}

/** What is known of the bodies of a create and a change. */
export interface WriteSchemas {
  readonly create: PlainSchema | undefined
  readonly update: PlainSchema | undefined
}

/** The fields of a record, with nested objects by path. */
export function schemaFields(
  document: OpenApiDocument,
  record: PlainSchema,
  writes: WriteSchemas,
): readonly FieldDescription[] {
  const fields: FieldDescription[] = []
  const walk = (
    schema: PlainSchema,
    { create, update }: WriteSchemas,
    path: readonly string[],
    isDemanded: boolean,
  ): void => {
    for (const [name, value] of schema.properties) {
      const one = plainSchema(document, value)
      if (one === undefined || fields.length >= fieldsMax) continue
      const below = [...path, name]
      const inner = {
        create: plainSchema(document, create?.properties.get(name)),
        update: plainSchema(document, update?.properties.get(name)),
      }
      if (one.properties.size > 0 && below.length < depthMax) {
        // Fields that an optional object requires are required only with it.
        walk(one, inner, below, isDemanded && create?.required.has(name) === true)
        continue
      }
      const isReadOnly = one.node.readOnly === true
      const required = isDemanded && create?.required.has(name) === true && !isReadOnly
      const nullable = one.nullable || !schema.required.has(name)
      fields.push({
        path: below,
        ...typeFacts(document, one),
        required,
        nullable,
        // A field that every record has and no create requires is set by the server.
        ...(isReadOnly || (!nullable && !required) ? { generated: true } : {}),
        creatable: inner.create !== undefined && !isReadOnly && inner.create.node.readOnly !== true,
        updatable: inner.update !== undefined && !isReadOnly && inner.update.node.readOnly !== true,
      })
    }
  }
  walk(record, writes, [], true)
  return fields
}

type TypeFacts = Pick<FieldDescription, 'label' | 'nativeType' | 'type' | 'maxLength' | 'scale' | 'values'>

function typeFacts(document: OpenApiDocument, schema: PlainSchema): TypeFacts {
  const { node, types } = schema
  const format = textOf(node, 'format')
  const label = textOf(node, 'title')
  const type = fieldType(document, schema)
  const values = Array.isArray(node.enum)
    ? node.enum.filter((value) => value !== null).map(String)
    : undefined
  const scale = scaleOf(node.multipleOf)
  return {
    nativeType: `${types.join('|') || 'any'}${format === undefined ? '' : `(${format})`}`,
    ...(label === undefined ? {} : { label }),
    ...(type === undefined ? {} : { type }),
    ...(typeof node.maxLength === 'number' && Number.isSafeInteger(node.maxLength) && node.maxLength > 0
      ? { maxLength: node.maxLength }
      : {}),
    ...(scale === undefined ? {} : { scale }),
    ...(values === undefined || values.length === 0 ? {} : { values }),
  }
}

/** `multipleOf: 0.01` means two decimal places. */
function scaleOf(multipleOf: unknown): number | undefined {
  if (typeof multipleOf !== 'number' || multipleOf <= 0) return undefined
  const places =
    /^1e-(\d+)$/.exec(String(multipleOf))?.[1] ?? /^0\.(0*1)$/.exec(String(multipleOf))?.[1]?.length
  return places === undefined ? undefined : Number(places)
}

const byFormat: Readonly<Record<string, FieldType>> = {
  'date-time': { kind: 'instant' },
  date: { kind: 'date' },
  email: { kind: 'string', format: 'email' },
  'idn-email': { kind: 'string', format: 'email' },
  uri: { kind: 'string', format: 'uri' },
  url: { kind: 'string', format: 'uri' },
  decimal: { kind: 'decimal' },
  int64: { kind: 'integer' },
}

/** The canonical type that holds every value of the schema. */
function fieldType(document: OpenApiDocument, { node, types }: PlainSchema): FieldType | undefined {
  const values = Array.isArray(node.enum) ? node.enum.filter((value) => value !== null) : []
  const [only] = types.length === 0 && values.length > 0 ? ['string'] : types
  if (types.length > 1) return undefined
  if (values.length > 0 && values.every((value) => typeof value === 'string' && value !== ''))
    return { kind: 'enum', values: values.map(String) }
  switch (only) {
    case 'string':
      return byFormat[textOf(node, 'format') ?? ''] ?? { kind: 'string' }
    case 'integer':
      return { kind: 'integer' }
    case 'number':
      return { kind: 'decimal' }
    case 'boolean':
      return { kind: 'boolean' }
    case 'array': {
      const items = plainSchema(document, node.items)
      const of = items === undefined || items.types.includes('array') ? undefined : fieldType(document, items)
      return of === undefined ? undefined : { kind: 'list', of }
    }
    default:
      return undefined
  }
}
