/**
 * Proposes creates, changes and removes of one type, by the names and arguments of the schema's mutations.
 */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type GraphQLUnionType,
  getNamedType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isUnionType,
} from 'graphql'
import type { ManifestSource } from '../manifests/manifest.ts'
import { inputFields, inputText, recordInput } from './record-input.ts'

/** A field of an object. */
export type OutputField = GraphQLField<unknown, unknown>

type ResourceSource = ManifestSource['resources'][string]

/** What is already known, and the notes. */
export interface MutationContext {
  /** Searchable fields. */
  readonly search: Readonly<Record<string, string>>
  readonly notes: string[]
}

const markerNames = /^(?:external_?(?:id|ref|reference|key)|client_?reference(?:_?id)?|foreign_?id)$/i
const versionNames = /^(?:version|expected_?version|revision|etag|lock_?version)$/i

/** Proposes the mutations that the schema has. */
export function proposeMutations(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  context: MutationContext,
): Pick<ResourceSource, 'create' | 'update' | 'remove' | 'errors'> {
  const fields = Object.values(schema.getMutationType()?.getFields() ?? {})
  const named = (...verbs: readonly string[]): readonly OutputField[] => {
    const names = verbs.flatMap((verb) =>
      [`${verb}${type.name}`, `${type.name}${verb}`, `${verb}${type.name}ById`].map((one) =>
        one.toLowerCase(),
      ),
    )
    return fields.filter(({ name }) => names.includes(name.toLowerCase()))
  }
  const create = first(named('create', 'add', 'insert'), (field) => createOf(field, type, context))
  const update = first(named('update', 'edit', 'modify'), (field) => updateOf(field, type, context))
  const remove = first(named('delete', 'remove', 'destroy'), removeOf)
  if (create === undefined) context.notes.push('no create mutation was recognised: create is unsupported')
  if (update === undefined) context.notes.push('no update mutation was recognised: the system is only read')
  return {
    ...(create === undefined ? {} : { create }),
    ...(update === undefined ? {} : { update }),
    ...(remove === undefined ? {} : { remove: { delete: remove } }),
  }
}

function first<Result>(
  fields: readonly OutputField[],
  propose: (field: OutputField) => Result | undefined,
): Result | undefined {
  for (const field of fields) {
    const result = propose(field)
    if (result !== undefined) return result
  }
  return undefined
}

function createOf(
  field: OutputField,
  type: GraphQLObjectType,
  { search, notes }: MutationContext,
): ResourceSource['create'] {
  const input = recordInput(field, type)
  const selection = payloadOf(field, type)
  if (input === undefined || selection === undefined || input.demands.length > 0) return undefined
  if (field.args.some((one) => one !== input.argument && isRequiredArgument(one))) return undefined
  const query = `mutation ($input: ${String(input.type)}) { ${field.name}(${inputText(input)}) ${selection} }`
  const marker = [...input.names].find((name) => markerNames.test(name) && Object.hasOwn(search, name))
  if (marker !== undefined && type.getFields()[marker] !== undefined)
    return { as: 'marker', field: marker, query }
  notes.push(
    'nothing in the schema keeps a create from happening twice: after a lost response a person decides (create)',
  )
  return { as: 'none', query }
}

function updateOf(
  field: OutputField,
  type: GraphQLObjectType,
  { notes }: MutationContext,
): ResourceSource['update'] {
  const input = recordInput(field, type)
  const selection = payloadOf(field, type) ?? plainPayload(field)
  if (input === undefined) return undefined
  const id = field.args.find(({ name }) => name === 'id')
  // Next to a record within an input, the id is a field of that input.
  const besideRecord = input.wrapper === undefined ? undefined : inputFields(input.argument.type).get('id')
  const version = field.args.find(({ name }) => versionNames.test(name))
  const others = field.args.filter(
    (one) => one !== input.argument && one !== id && one !== version && isRequiredArgument(one),
  )
  const isKnown = id !== undefined || besideRecord !== undefined || input.names.has('id')
  if (others.length > 0 || !isKnown || input.demands.some((name) => name !== 'id')) return undefined
  const given = [
    ...(id === undefined ? [] : [{ name: 'id', argument: id }]),
    ...(id !== undefined || besideRecord === undefined ? [] : [{ name: 'id', argument: besideRecord }]),
    { name: 'input', argument: input },
    ...(version === undefined ? [] : [{ name: 'version', argument: version }]),
  ]
  if (version !== undefined)
    notes.push(
      `$${version.name} is taken for a precondition: name the code of a version that is no longer current in errors.stale`,
    )
  const passedOn = [
    ...(id === undefined ? [] : [`${id.name}: $id`]),
    inputText(input, id === undefined && besideRecord !== undefined ? ['id: $id'] : []),
    ...(version === undefined ? [] : [`${version.name}: $version`]),
  ].join(', ')
  const query = `mutation (${declared(given)}) { ${field.name}(${passedOn}) ${selection} }`
  return { query, ...(id === undefined && besideRecord === undefined ? { idField: 'id' } : {}) }
}

function removeOf(field: OutputField): string | undefined {
  const id = field.args.find(({ name }) => name === 'id')
  const version = field.args.find(({ name }) => versionNames.test(name))
  const [only] = field.args
  if (id === undefined && only !== undefined && field.args.length === 1) {
    const fields = inputFields(only.type)
    const within = fields.get('id')
    const isEnough = [...fields.values()].every((one) => one === within || !isRequiredInputField(one))
    if (within === undefined || !isEnough) return undefined
    return `mutation ($id: ${String(within.type)}) { ${field.name}(${only.name}: { id: $id }) ${plainPayload(field)} }`
  }
  if (id === undefined) return undefined
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
  readonly argument: { readonly type: GraphQLInputType }
}

function declared(given: readonly Given[]): string {
  return given.map(({ name, argument }) => `$${name}: ${String(argument.type)}`).join(', ')
}

function passed(given: readonly { readonly name: string; readonly argument: GraphQLArgument }[]): string {
  return given.map(({ name, argument }) => `${argument.name}: $${name}`).join(', ')
}

/**
 * The selection below a mutation, including `...record`; undefined when its response does not contain the
 * record.
 */
function payloadOf(field: OutputField, type: GraphQLObjectType): string | undefined {
  const payload = getNamedType(field.type)
  if (payload === type) return '{ ...record }'
  if (isUnionType(payload)) return unionPayload(payload, type)
  if (!isObjectType(payload)) return undefined
  const record = Object.values(payload.getFields()).find(
    (one) => getNamedType(one.type) === type && !one.args.some(isRequiredArgument),
  )
  return record === undefined ? undefined : `{ ${record.name} { ...record }${userErrors(payload)} }`
}

const membersMax = 30

/** The record or a refusal: for the other union members, their messages and codes. */
function unionPayload(payload: GraphQLUnionType, type: GraphQLObjectType): string | undefined {
  const members = payload.getTypes()
  if (!members.includes(type)) return undefined
  const refusals = members.slice(0, membersMax).flatMap((member) => {
    const names = ['errorCode', 'code', 'message'].filter((name) => {
      const field = member.getFields()[name]
      return field !== undefined && isLeafType(getNamedType(field.type))
    })
    return member === type || names.length === 0 ? [] : [`... on ${member.name} { ${names.join(' ')} }`]
  })
  return `{ ${['...record', ...refusals].join(' ')} }`
}

/** Fields that can be selected without further knowledge: values and refusals. */
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
