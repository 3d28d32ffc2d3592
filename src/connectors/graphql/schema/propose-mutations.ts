/** Creates, changes and removes of one type, recognised by the names and arguments of the schema's mutations. */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql'
import type { ManifestSource } from '../manifests/manifest.ts'

/** A field of an object. */
export type OutputField = GraphQLField<unknown, unknown>

type ResourceSource = ManifestSource['resources'][string]

/** What is known already, and where notes go. */
export interface MutationContext {
  /** Fields that can be searched for. */
  readonly search: Readonly<Record<string, string>>
  readonly notes: string[]
}

const markerNames = /^(?:external_?(?:id|ref|reference|key)|client_?reference(?:_?id)?|foreign_?id)$/i
const versionNames = /^(?:version|expected_?version|revision|etag|lock_?version)$/i

/** Proposes what the schema has. */
export function proposeMutations(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  context: MutationContext,
): Pick<ResourceSource, 'create' | 'update' | 'remove' | 'errors'> {
  const fields = Object.values(schema.getMutationType()?.getFields() ?? {})
  const named = (...verbs: readonly string[]): OutputField | undefined =>
    fields.find(({ name }) =>
      verbs.some((verb) =>
        [`${verb}${type.name}`, `${type.name}${verb}`].some(
          (one) => one.toLowerCase() === name.toLowerCase(),
        ),
      ),
    )
  const create = createOf(named('create', 'add', 'insert'), type, context)
  const update = updateOf(named('update', 'edit', 'modify'), type, context)
  const remove = removeOf(named('delete', 'remove', 'destroy'))
  if (create === undefined)
    context.notes.push('no mutation that creates was recognised: create is unsupported')
  if (update === undefined)
    context.notes.push('no mutation that changes was recognised: the system is only read')
  return {
    ...(create === undefined ? {} : { create }),
    ...(update === undefined ? {} : { update }),
    ...(remove === undefined ? {} : { remove: { delete: remove } }),
  }
}

/** The argument that takes the record. */
function inputOf({ args }: OutputField): GraphQLArgument | undefined {
  const inputs = args.filter((one) => isInputObjectType(getNamedType(one.type)))
  return inputs.find(({ name }) => name === 'input') ?? (inputs.length === 1 ? inputs[0] : undefined)
}

function createOf(
  field: OutputField | undefined,
  type: GraphQLObjectType,
  { search, notes }: MutationContext,
): ResourceSource['create'] {
  const input = field === undefined ? undefined : inputOf(field)
  const selection = field === undefined ? undefined : payloadOf(field, type)
  if (field === undefined || input === undefined || selection === undefined) return undefined
  if (field.args.some((one) => one !== input && isRequiredArgument(one))) return undefined
  const query = `mutation ($input: ${String(input.type)}) { ${field.name}(${input.name}: $input) ${selection} }`
  const marker = [...inputFieldNames(input)].find(
    (name) => markerNames.test(name) && Object.hasOwn(search, name),
  )
  if (marker !== undefined && type.getFields()[marker] !== undefined)
    return { as: 'marker', field: marker, query }
  notes.push(
    'nothing in the schema keeps a create from happening twice: after a lost response a person decides (create)',
  )
  return { as: 'none', query }
}

function updateOf(
  field: OutputField | undefined,
  type: GraphQLObjectType,
  { notes }: MutationContext,
): ResourceSource['update'] {
  const input = field === undefined ? undefined : inputOf(field)
  const selection = field === undefined ? undefined : (payloadOf(field, type) ?? plainPayload(field))
  if (field === undefined || input === undefined || selection === undefined) return undefined
  const id = field.args.find(({ name }) => name === 'id')
  const hasIdField = inputFieldNames(input).has('id')
  const version = field.args.find(({ name }) => versionNames.test(name))
  const others = field.args.filter(
    (one) => one !== input && one !== id && one !== version && isRequiredArgument(one),
  )
  if (others.length > 0 || (id === undefined && !hasIdField)) return undefined
  const given = [
    ...(id === undefined ? [] : [{ name: 'id', argument: id }]),
    { name: 'input', argument: input },
    ...(version === undefined ? [] : [{ name: 'version', argument: version }]),
  ]
  if (version !== undefined)
    notes.push(
      `$${version.name} is taken for a precondition: name the code of a version that is no longer current in errors.stale`,
    )
  const query = `mutation (${declared(given)}) { ${field.name}(${passed(given)}) ${selection} }`
  return { query, ...(id === undefined ? { idField: 'id' } : {}) }
}

function removeOf(field: OutputField | undefined): string | undefined {
  const id = field?.args.find(({ name }) => name === 'id')
  if (field === undefined || id === undefined) return undefined
  const version = field.args.find(({ name }) => versionNames.test(name))
  if (field.args.some((one) => one !== id && one !== version && isRequiredArgument(one))) return undefined
  const given = [
    { name: 'id', argument: id },
    ...(version === undefined ? [] : [{ name: 'version', argument: version }]),
  ]
  return `mutation (${declared(given)}) { ${field.name}(${passed(given)}) ${plainPayload(field)} }`
}

interface Given {
  /** Name of the variable. */
  readonly name: string
  readonly argument: GraphQLArgument
}

function declared(given: readonly Given[]): string {
  return given.map(({ name, argument }) => `$${name}: ${String(argument.type)}`).join(', ')
}

function passed(given: readonly Given[]): string {
  return given.map(({ name, argument }) => `${argument.name}: $${name}`).join(', ')
}

/** The selection below a mutation, `...record` in it; undefined when its response does not have the record. */
function payloadOf(field: OutputField, type: GraphQLObjectType): string | undefined {
  const payload = getNamedType(field.type)
  if (payload === type) return '{ ...record }'
  if (!isObjectType(payload)) return undefined
  const record = Object.values(payload.getFields()).find(
    (one) => getNamedType(one.type) === type && !one.args.some(isRequiredArgument),
  )
  return record === undefined ? undefined : `{ ${record.name} { ...record }${userErrors(payload)} }`
}

/** What can be selected without knowing more: values, and refusals. */
function plainPayload(field: OutputField): string {
  const payload = getNamedType(field.type)
  if (!isObjectType(payload)) return ''
  const values = Object.values(payload.getFields())
    .filter((one) => isLeafType(getNamedType(one.type)) && !one.args.some(isRequiredArgument))
    .map(({ name }) => name)
  const inner = `${values.join(' ')}${userErrors(payload)}`.trim()
  return `{ ${inner === '' ? '__typename' : inner} }`
}

function userErrors(payload: GraphQLObjectType): string {
  const field = payload.getFields().userErrors
  const entry = field === undefined ? undefined : getNamedType(field.type)
  if (!isObjectType(entry)) return ''
  const names = ['field', 'code'].filter((name) => isLeafType(getNamedType(entry.getFields()[name]?.type)))
  return ` userErrors { ${names.length === 0 ? '__typename' : names.join(' ')} }`
}

/** Fields of an input that a mutation takes, by name; empty when it is none. */
function inputFieldNames(argument: GraphQLArgument): ReadonlySet<string> {
  const named = getNamedType(argument.type)
  return new Set(isInputObjectType(named) ? Object.keys(named.getFields()) : [])
}
