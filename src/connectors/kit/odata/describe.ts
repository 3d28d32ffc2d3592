/** Resources as `$metadata` describes them. */
import type { FieldType } from '../../../model/values.ts'
import type { FieldDescription, ResourceDescription } from '../description.ts'
import type { EdmProperty, EntitySet, ServiceModel } from './metadata/model.ts'

/** One entity set under the name that a definition uses, with the parts that are read with it. */
export function describeSet(
  name: string,
  model: ServiceModel,
  set: EntitySet,
  parts: readonly string[] = [],
): ResourceDescription {
  const properties = [...set.type.properties.values()]
  const fields = [
    ...properties.flatMap((property) => fieldsOf(model, set, property, [])),
    ...parts.flatMap((part) => partField(set, part)),
  ]
  return {
    name,
    ...(set.label === undefined ? {} : { label: set.label }),
    fields,
    key: set.type.key.map((part) => [part]),
  }
}

/** Parts are created with the record and changed separately. */
function partField(set: EntitySet, name: string): readonly FieldDescription[] {
  const navigation = set.type.navigations.get(name)
  if (navigation === undefined) return []
  const nativeType = navigation.isMany ? `Collection(${navigation.target})` : navigation.target
  const may = { creatable: set.creatable, updatable: false }
  return [{ path: [name], nativeType, required: false, nullable: true, ...may }]
}

const depthMax = 4

/** A complex property is described by its parts. */
function fieldsOf(
  model: ServiceModel,
  set: EntitySet,
  property: EdmProperty,
  above: readonly string[],
): readonly FieldDescription[] {
  const path = [...above, property.name]
  const complex = model.types.get(property.type)
  if (complex !== undefined && !property.isCollection && path.length < depthMax) {
    return [...complex.properties.values()].flatMap((one) => fieldsOf(model, set, one, path))
  }
  const isKey = above.length === 0 && set.type.key.includes(property.name)
  const type = property.isCollection ? undefined : typeOf(property)
  const creatable = set.creatable && property.creatable
  return [
    {
      path,
      ...(property.label === undefined ? {} : { label: property.label }),
      nativeType: nativeType(property),
      ...(type === undefined ? {} : { type }),
      ...sizes(property),
      // A key that the system assigns is not nullable either: the metadata does not say what a create needs.
      required: false,
      nullable: property.nullable,
      creatable,
      updatable: set.updatable && property.updatable && !isKey,
      ...(isKey && set.type.key.length === 1 ? { unique: true } : {}),
    },
  ]
}

function sizes({ maxLength, precision, scale }: EdmProperty): Partial<FieldDescription> {
  return {
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(precision === undefined ? {} : { precision }),
    ...(scale === undefined ? {} : { scale }),
  }
}

/** `Edm.String(10)`, `Edm.Decimal(16,3)`. */
function nativeType({ type, isCollection, maxLength, precision, scale }: EdmProperty): string {
  const size = maxLength ?? (precision === undefined ? undefined : `${precision},${scale ?? 0}`)
  const whole = size === undefined ? type : `${type}(${size})`
  return isCollection ? `Collection(${whole})` : whole
}

const integers: ReadonlySet<string> = new Set([
  'Edm.Byte',
  'Edm.SByte',
  'Edm.Int16',
  'Edm.Int32',
  'Edm.Int64',
])

/** The canonical type that holds every value; undefined where the mapping has to decide. */
function typeOf({ type, isDay, maxLength, scale }: EdmProperty): FieldType | undefined {
  if (integers.has(type)) return { kind: 'integer' }
  switch (type) {
    case 'Edm.String':
      return { kind: 'string', ...(maxLength === undefined ? {} : { maxLength }) }
    case 'Edm.Guid':
    case 'Edm.Time':
    case 'Edm.TimeOfDay':
      return { kind: 'string' }
    case 'Edm.Decimal':
      return { kind: 'decimal', ...(scale === undefined ? {} : { scale }) }
    case 'Edm.Double':
    case 'Edm.Single':
      return { kind: 'decimal' }
    case 'Edm.Boolean':
      return { kind: 'boolean' }
    case 'Edm.DateTimeOffset':
      return { kind: 'instant' }
    case 'Edm.Date':
      return { kind: 'date' }
    case 'Edm.DateTime':
      // Without a zone it is not an instant, whatever it means in the system.
      return isDay ? { kind: 'date' } : undefined
    default:
      return undefined
  }
}
