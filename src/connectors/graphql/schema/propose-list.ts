/**
 * Determines how a GraphQL API lists one type of record, by the shape of the response and the names of the
 * arguments.
 */
import {
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLObjectType,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql'
import type { ManifestSource } from '../manifests/manifest.ts'
import type { OutputField } from './propose-mutations.ts'

type ListSource = NonNullable<ManifestSource['resources'][string]['list']>

/** A field that lists records of one type. */
export interface Listing {
  readonly type: GraphQLObjectType
  readonly isConnection: boolean
  /** Selection below the field, including `...record`. */
  readonly selection: string
  /** Field below it with the total number of records. */
  readonly total?: string
}

const itemsNames = ['items', 'nodes', 'results', 'data', 'records', 'list', 'entries', 'rows']
const totalNames = /^total(?:Items|Count|Results|Records)?$|^count$/

/**
 * A Relay connection with `nodes` or `edges`, a plain list of objects, or an object that contains a list and
 * a total.
 */
export function listingOf(field: OutputField): Listing | undefined {
  const type = getNullableType(field.type)
  if (field.args.some((one) => isRequiredArgument(one) && one.name !== 'first')) return undefined
  if (isListType(type)) {
    const entry = getNamedType(type)
    return isObjectType(entry) ? { type: entry, isConnection: false, selection: '{ ...record }' } : undefined
  }
  if (!isObjectType(type)) return undefined
  return type.getFields().pageInfo === undefined ? plainListing(type) : connectionListing(type)
}

function connectionListing(type: GraphQLObjectType): Listing | undefined {
  const fields = type.getFields()
  const total = totalOf(type)
  const end = `pageInfo { hasNextPage endCursor }${total === undefined ? '' : ` ${total}`} }`
  const more = { isConnection: true, ...(total === undefined ? {} : { total }) }
  const nodes = fields.nodes === undefined ? undefined : getNamedType(fields.nodes.type)
  if (isObjectType(nodes)) return { type: nodes, selection: `{ nodes { ...record } ${end}`, ...more }
  const edge = fields.edges === undefined ? undefined : getNamedType(fields.edges.type)
  const node = isObjectType(edge) ? edge.getFields().node : undefined
  const record = node === undefined ? undefined : getNamedType(node.type)
  return isObjectType(record)
    ? { type: record, selection: `{ edges { node { ...record } } ${end}`, ...more }
    : undefined
}

/** `{ items: [Product!]!, totalItems: Int! }`. */
function plainListing(type: GraphQLObjectType): Listing | undefined {
  const fields = Object.values(type.getFields())
  const lists = fields.filter(
    (one) => isListType(getNullableType(one.type)) && isObjectType(getNamedType(one.type)),
  )
  const total = totalOf(type)
  const items =
    lists.find(({ name }) => itemsNames.includes(name)) ?? (total === undefined ? undefined : lists[0])
  const record = items === undefined ? undefined : getNamedType(items.type)
  // A record with a list of its own is not a page of records.
  const isRecord = type.getFields().id !== undefined
  if (items === undefined || isRecord || !isObjectType(record)) return undefined
  const selection = `{ ${items.name} { ...record }${total === undefined ? '' : ` ${total}`} }`
  return { type: record, isConnection: false, selection, ...(total === undefined ? {} : { total }) }
}

function totalOf(type: GraphQLObjectType): string | undefined {
  return Object.values(type.getFields()).find(
    (one) => totalNames.test(one.name) && isLeafType(getNamedType(one.type)),
  )?.name
}

/** Arguments by name. */
export const argumentsOf = ({ args }: OutputField): ReadonlyMap<string, GraphQLArgument> =>
  new Map(args.map((one) => [one.name, one]))

/** Returns whether the field pages like a connection. */
export function hasCursor(field: OutputField): boolean {
  const names = argumentsOf(field)
  return names.has('first') && names.has('after')
}

/** One paging parameter. */
interface PageArgument {
  /** Name of the argument, or of the field of an input. */
  readonly name: string
  readonly type: GraphQLInputType
  /** Variable that provides the value. */
  readonly variable: 'first' | 'after' | 'offset'
}

const sizeNames = ['first', 'limit', 'take', 'pageSize', 'perPage', 'size']
const offsetNames = ['offset', 'skip', 'start']

/** Proposes the list; anything undetermined is added to the notes. */
export function proposeList(
  field: OutputField,
  { isConnection, selection, total }: Listing,
  notes: string[],
): ListSource {
  const pages = isConnection && hasCursor(field)
  const { used, wrap } = pages ? cursorArguments(field) : offsetArguments(field)
  const declared = used.map(({ variable, type }) => `$${variable}: ${String(type)}`).join(', ')
  const given = used.map(({ name, variable }) => `${name}: $${variable}`).join(', ')
  const passed = wrap === undefined ? given : `${wrap}: { ${given} }`
  const query =
    used.length === 0
      ? `query { ${field.name} ${selection} }`
      : `query (${declared}) { ${field.name}(${passed}) ${selection} }`
  const counted = total === undefined ? {} : { total: `${field.name}.${total}` }
  if (pages) return { paging: 'connection', query, ...counted }
  if (used.some(({ variable }) => variable === 'offset')) return { paging: 'offset', query, ...counted }
  if (used.length > 0 || total !== undefined)
    notes.push('the list has pages and no way to the next one that is known here: it reads one page')
  return { paging: 'single', query, ...counted }
}

interface Asked {
  readonly used: readonly PageArgument[]
  /** The argument whose input contains the parameters, where they are not arguments themselves. */
  readonly wrap?: string
}

function cursorArguments(field: OutputField): Asked {
  const args = argumentsOf(field)
  return {
    used: (['first', 'after'] as const).flatMap((variable) => {
      const one = args.get(variable)
      return one === undefined ? [] : [{ name: variable, type: one.type, variable }]
    }),
  }
}

/** Page size and offset: as arguments, or within an input such as `options: { take, skip }`. */
function offsetArguments(field: OutputField): Asked {
  const own = pageArguments(new Map(field.args.map((one) => [one.name, one.type])))
  if (own.length > 0) return { used: own }
  for (const argument of field.args) {
    const input = getNamedType(argument.type)
    if (!isInputObjectType(input)) continue
    const fields = Object.values(input.getFields())
    if (fields.some(isRequiredInputField)) continue
    const used = pageArguments(new Map(fields.map((one) => [one.name, one.type])))
    if (used.some(({ variable }) => variable === 'offset')) return { used, wrap: argument.name }
  }
  return { used: [] }
}

function pageArguments(types: ReadonlyMap<string, GraphQLInputType>): readonly PageArgument[] {
  const find = (names: readonly string[], variable: PageArgument['variable']): readonly PageArgument[] => {
    const name = names.find((one) => types.has(one) && isLeafType(getNamedType(types.get(one))))
    const type = name === undefined ? undefined : types.get(name)
    return name === undefined || type === undefined ? [] : [{ name, type, variable }]
  }
  return [...find(sizeNames, 'first'), ...find(offsetNames, 'offset')]
}
