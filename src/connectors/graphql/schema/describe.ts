/**
 * Describes the fields of a resource by the API's schema: those that the manifest reads, and those that its
 * mutations accept.
 */
import {
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredInputField,
  Kind,
  type SelectionSetNode,
} from 'graphql'
import type { FieldType } from '../../../model/values.ts'
import type { FieldDescription, ResourceDescription } from '../../kit/description.ts'
import { type GraphqlDocument, responseName } from '../documents.ts'
import type { ResourceContext } from '../operations/resource-context.ts'

const depthMax = 8
const fieldsMax = 2_000

/** Describes one resource; undefined when the schema has no such type. */
export function describeResource(
  schema: GraphQLSchema,
  { name, resource, documents }: Pick<ResourceContext, 'name' | 'resource' | 'documents'>,
): ResourceDescription | undefined {
  const type = schema.getType(resource.type)
  if (!hasFields(type)) return undefined
  const { fragment } = documents.read
  const creating = inputFields(schema, documents.create)
  const updating = inputFields(schema, documents.update)
  const fields: FieldDescription[] = []
  for (const found of selected(schema, type, fragment)) {
    const key = found.path.join('.')
    const created = creating.get(key)
    fields.push({
      path: found.path,
      nativeType: String(found.type),
      ...canonical(found.type),
      required: created?.required === true,
      nullable: !isNonNullType(found.type),
      creatable: created !== undefined,
      updatable: updating.has(key),
      // A field that every record has and no create requires is set by the server.
      ...(isNonNullType(found.type) && created?.required !== true ? { generated: true } : {}),
    })
  }
  return { name, label: resource.type, fields, key: [resource.id] }
}

type WithFields = Extract<GraphQLNamedType, { getFields(): unknown }> & GraphQLObjectType

function hasFields(type: GraphQLNamedType | undefined): type is WithFields {
  return isObjectType(type) || isInterfaceType(type)
}

interface Selected {
  readonly path: readonly string[]
  readonly type: GraphQLOutputType
}

function selected(
  schema: GraphQLSchema,
  type: WithFields,
  fragment: FragmentDefinitionNode,
): readonly Selected[] {
  const found: Selected[] = []
  const walk = (owner: WithFields, set: SelectionSetNode, path: readonly string[]): void => {
    for (const selection of set.selections) {
      if (found.length >= fieldsMax || path.length >= depthMax) return
      if (selection.kind === Kind.FRAGMENT_SPREAD) continue
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const narrowed =
          selection.typeCondition === undefined ? owner : schema.getType(selection.typeCondition.name.value)
        if (hasFields(narrowed)) walk(narrowed, selection.selectionSet, path)
        continue
      }
      const field = owner.getFields()[selection.name.value]
      if (field === undefined) continue
      const below = [...path, responseName(selection)]
      const named = getNamedType(field.type)
      if (isLeafType(named) || isList(field.type) || selection.selectionSet === undefined)
        found.push({ path: below, type: field.type })
      else if (hasFields(named)) walk(named, selection.selectionSet, below)
    }
  }
  walk(type, fragment.selectionSet, [])
  return found
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type)
}

/** Fields of a mutation's `$input` by path, including nested inputs; without `$input`, nothing is known. */
function inputFields(
  schema: GraphQLSchema,
  document: GraphqlDocument | undefined,
): ReadonlyMap<string, { readonly required: boolean }> {
  const found = new Map<string, { readonly required: boolean }>()
  const walk = (typeName: string, path: readonly string[], isDemanded: boolean): void => {
    const type = schema.getType(typeName)
    if (!isInputObjectType(type) || path.length >= depthMax) return
    for (const field of Object.values(type.getFields())) {
      if (found.size >= fieldsMax) return
      const below = [...path, field.name]
      // Fields that an optional object requires are required only with it.
      const required = isDemanded && isRequiredInputField(field)
      found.set(below.join('.'), { required })
      if (!isListType(isNonNullType(field.type) ? field.type.ofType : field.type))
        walk(getNamedType(field.type).name, below, required)
    }
  }
  const declared = document?.variables.get('input')
  if (declared !== undefined) walk(declared.type, [], true)
  return found
}

/** Scalars by the names that servers commonly use; other scalars have no canonical type. */
const scalars: Readonly<Record<string, FieldType>> = {
  String: { kind: 'string' },
  ID: { kind: 'string' },
  Int: { kind: 'integer' },
  Float: { kind: 'decimal' },
  Boolean: { kind: 'boolean' },
  BigInt: { kind: 'integer' },
  Long: { kind: 'integer' },
  UnsignedInt64: { kind: 'integer' },
  Decimal: { kind: 'decimal' },
  BigDecimal: { kind: 'decimal' },
  BigFloat: { kind: 'decimal' },
  Money: { kind: 'decimal' },
  DateTime: { kind: 'instant' },
  Datetime: { kind: 'instant' },
  Timestamp: { kind: 'instant' },
  Date: { kind: 'date' },
  URL: { kind: 'string', format: 'uri' },
  URI: { kind: 'string', format: 'uri' },
  EmailAddress: { kind: 'string', format: 'email' },
  PhoneNumber: { kind: 'string', format: 'phone' },
  UUID: { kind: 'string' },
}

/** The canonical type of a field, and its allowed values if they are limited. */
export function canonical(type: GraphQLOutputType): Pick<FieldDescription, 'type' | 'values'> {
  const bare = isNonNullType(type) ? type.ofType : type
  if (isListType(bare)) {
    const of = canonical(bare.ofType).type
    return of === undefined ? {} : { type: { kind: 'list', of } }
  }
  if (isEnumType(bare)) {
    const values = bare.getValues().map(({ name }) => name)
    return { type: { kind: 'enum', values }, values }
  }
  const named = getNamedType(bare).name
  const scalar = Object.hasOwn(scalars, named) ? scalars[named] : undefined
  return scalar === undefined ? {} : { type: scalar }
}
