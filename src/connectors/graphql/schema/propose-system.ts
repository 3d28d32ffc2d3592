/**
 * From a GraphQL schema to a first manifest: queries and mutations are recognised by their shape (a list, a
 * field by id, a mutation with an input) and by the names that servers commonly use. Whatever a schema does
 * not guarantee keeps the safe default; notes list what to check.
 */
import {
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
} from 'graphql'
import { parseConfig } from '../../kit/config-findings.ts'
import type { ResourceDescription } from '../../kit/description.ts'
import { type ManifestSource, resourceSchema } from '../manifests/manifest.ts'
import { documentsOf } from '../resources.ts'
import { describeResource } from './describe.ts'
import { argumentsOf, hasCursor, type Listing, listingOf, proposeList } from './propose-list.ts'
import { type OutputField, proposeMutations } from './propose-mutations.ts'

/** One type of record as a resource of a manifest. */
export interface ProposedResource {
  readonly name: string
  readonly manifest: ManifestSource['resources'][string]
  readonly description: ResourceDescription
  /** Facts that the schema does not state and that need to be looked up. */
  readonly notes: readonly string[]
}

const resourcesMax = 200

/** Every type of record that the schema lists and reads by id, in the schema's order. */
export function proposeResources(schema: GraphQLSchema): readonly ProposedResource[] {
  const query = schema.getQueryType()
  if (query === undefined || query === null) return []
  const found = new Map<string, ProposedResource>()
  for (const field of Object.values(query.getFields())) {
    const listing = listingOf(field)
    if (listing === undefined || found.size >= resourcesMax) continue
    const made = proposeResource(schema, field, listing)
    const known = made === undefined ? undefined : found.get(made.manifest.type)
    // Of several lists of one type, a connection supports paging.
    const isBetter =
      known === undefined ||
      (known.manifest.list?.paging === 'single' && (listing.isConnection || listing.total !== undefined))
    if (made !== undefined && isBetter) found.set(made.manifest.type, made)
  }
  return [...found.values()]
}

function proposeResource(
  schema: GraphQLSchema,
  field: OutputField,
  listing: Listing,
): ProposedResource | undefined {
  const { type } = listing
  const idField = type.getFields().id
  const read = readOf(schema, type)
  if (idField === undefined || read === undefined) return undefined
  const notes: string[] = []
  const names = new Set(Object.keys(type.getFields()))
  const search = searchOf(field, type, listing)
  const mutations = proposeMutations(schema, type, { search: search?.search?.variables ?? {}, notes })
  if (listing.isConnection && hasCursor(field))
    notes.push('if the cursors are keys and skip nothing while records vanish, set list.stable: true')
  const since = field.args.find(({ name }) => /updated|modified|changed|since/i.test(name))
  if (since !== undefined)
    notes.push(
      `the argument ${since.name} looks like a feed of changes; if it sorts oldest first, add changes: { query, position }`,
    )
  const manifest: ProposedResource['manifest'] = {
    type: type.name,
    fields: selectionOf(type),
    ...(names.has('version')
      ? { version: { path: 'version', ordered: isWhole(type.getFields().version) } }
      : {}),
    ...changedAt(type),
    read,
    list: proposeList(field, listing, notes),
    ...search,
    ...mutations,
  }
  const resource = parseConfig(resourceSchema, manifest, field.name)
  const documents = documentsOf(resource, field.name)
  const description = describeResource(schema, { name: field.name, resource, documents })
  if (description === undefined) return undefined
  return { name: field.name, manifest, description: { ...description, ...uniquesOf(schema, type) }, notes }
}

/**
 * A field that looks one record up by it is unique: `customerByEmail(email: String!): Customer`. All
 * arguments of such a field have to be required, or there is only one, since it is unknown which of several
 * optional ones belong together.
 */
function uniquesOf(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
): Pick<ResourceDescription, 'uniques'> | undefined {
  const own = type.getFields()
  const lookups = Object.values(schema.getQueryType()?.getFields() ?? {}).filter(
    ({ type: response, args }) => {
      const isOne = !isListType(getNullableType(response)) && getNamedType(response) === type
      const isWhole = args.length === 1 || args.every(isRequiredArgument)
      const areFields = args.every(({ name, type: taken }) => {
        const same = own[name]
        return (
          same !== undefined &&
          isLeafType(getNullableType(taken)) &&
          getNamedType(taken) === getNamedType(same.type)
        )
      })
      return isOne && isWhole && areFields && args.length > 0 && args.every(({ name }) => name !== 'id')
    },
  )
  if (lookups.length === 0) return undefined
  return { uniques: lookups.map(({ args }) => args.map(({ name }) => [name])) }
}

function isWhole(field: OutputField | undefined): boolean {
  return field !== undefined && ['Int', 'BigInt', 'Long'].includes(getNamedType(field.type).name)
}

function changedAt(type: GraphQLObjectType): Partial<ProposedResource['manifest']> {
  const field = Object.values(type.getFields()).find(
    (one) =>
      /^(?:updated|modified|changed|lastModified)/i.test(one.name) &&
      /^(?:DateTime|Datetime|Timestamp)$/.test(getNamedType(one.type).name),
  )
  return field === undefined ? {} : { changedAt: { path: field.name } }
}

/** `product(id:)`, else `node(id:)`; several at once by `nodes(ids:)`, else under aliases. */
function readOf(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
): ProposedResource['manifest']['read'] | undefined {
  const fields = Object.values(schema.getQueryType()?.getFields() ?? {})
  const byId = fields.find((field) => {
    const id = argumentsOf(field).get('id')
    const others = field.args.filter((one) => one.name !== 'id' && isRequiredArgument(one))
    return (
      id !== undefined &&
      others.length === 0 &&
      !isListType(getNullableType(field.type)) &&
      getNamedType(field.type) === type
    )
  })
  const nodes = fields.find((field) => field.name === 'nodes' && reaches(field.type, type))
  const ids = nodes === undefined ? undefined : argumentsOf(nodes).get('ids')
  const batch =
    nodes === undefined || ids === undefined
      ? {}
      : {
          batch: {
            query: `query ($ids: ${String(ids.type)}) { nodes(ids: $ids) { ... on ${type.name} { ...record } } }`,
          },
        }
  const aliases = { batch: { max: 20 } }
  if (byId !== undefined) {
    const id = argumentsOf(byId).get('id')
    return {
      query: `query ($id: ${String(id?.type)}) { ${byId.name}(id: $id) { ...record } }`,
      ...aliases,
      ...batch,
    }
  }
  const node = fields.find((field) => field.name === 'node' && reaches(field.type, type))
  const id = node === undefined ? undefined : argumentsOf(node).get('id')
  if (id === undefined) return undefined
  return {
    query: `query ($id: ${String(id.type)}) { node(id: $id) { ... on ${type.name} { ...record } } }`,
    ...aliases,
    ...batch,
  }
}

function reaches(type: GraphQLOutputType, wanted: GraphQLObjectType): boolean {
  const named = getNamedType(type)
  return (
    isInterfaceType(named) &&
    wanted.getInterfaces().some((one: GraphQLInterfaceType) => one.name === named.name)
  )
}

/** Arguments of the list that are named like a field. */
function searchOf(
  field: OutputField,
  type: GraphQLObjectType,
  { selection }: Pick<Listing, 'selection'>,
): Partial<ProposedResource['manifest']> | undefined {
  const own = type.getFields()
  const filters = field.args.filter((one) => {
    const same = own[one.name]
    return (
      same !== undefined &&
      isLeafType(getNamedType(same.type)) &&
      isLeafType(getNamedType(one.type)) &&
      !isListType(getNullableType(one.type))
    )
  })
  if (filters.length === 0) return undefined
  const declared = filters.map((one) => `$${one.name}: ${String(one.type)}`).join(', ')
  const given = filters.map(({ name }) => `${name}: $${name}`).join(', ')
  return {
    search: {
      query: `query (${declared}) { ${field.name}(${given}) ${selection} }`,
      variables: Object.fromEntries(filters.map(({ name }) => [name, name])),
    },
  }
}

const depthMax = 2

/**
 * Every field without required arguments: values, and the values of nested objects. Lists of objects are
 * resources of their own.
 */
function selectionOf(type: GraphQLObjectType, depth = 0): string {
  return Object.values(type.getFields())
    .filter((field) => !field.args.some(isRequiredArgument) && field.deprecationReason == null)
    .flatMap((field) => {
      const named = getNamedType(field.type)
      if (isLeafType(named)) return [field.name]
      const isList = isListType(getNullableType(field.type))
      if (!isObjectType(named) || isList || depth + 1 >= depthMax || named.getFields().id !== undefined)
        return []
      const inner = selectionOf(named, depth + 1)
      return inner === '' || named.getFields().pageInfo !== undefined ? [] : [`${field.name} { ${inner} }`]
    })
    .join(' ')
}
