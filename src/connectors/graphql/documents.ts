/**
 * Documents of a manifest, parsed once: which variables they declare, where in a response the records are,
 * and the same document several times under aliases. Values never become part of a document's text.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionSetNode,
  type TypeNode,
  visit,
} from 'graphql'
import { LosslessNumber } from 'lossless-json'
import { UsageError } from '../../model/errors.ts'

/** Name of the fragment that contains the fields of a resource. */
export const recordFragment = 'record'

/**
 * Alias for the type name of the object in the record's place in the response to a mutation: a union may
 * return a refusal there.
 */
export const typenameAlias = 'recordTypename'

/** A variable as a document declares it. */
export interface VariableDeclaration {
  /** Name of its type, without list and non-null marks. */
  readonly type: string
  readonly required: boolean
  readonly list: boolean
}

/** One document, ready to send. */
export interface GraphqlDocument {
  /** Its path in the manifest, for messages. */
  readonly place: string
  /** The text that is sent, including the fragment. */
  readonly text: string
  readonly variables: ReadonlyMap<string, VariableDeclaration>
  /** Response name of its one top-level field. */
  readonly root: string
  /** Response names from `data` to the records; undefined without `...record`. */
  readonly records: readonly string[] | undefined
  /** Response names from `data` to the object that selects `pageInfo`, if one does. */
  readonly connection: readonly string[] | undefined
  readonly ast: DocumentNode
  readonly operation: OperationDefinitionNode
  readonly fragment: FragmentDefinitionNode
}

/** Context for reading a document. */
export interface DocumentSource {
  readonly place: string
  readonly text: string
  readonly operation: 'query' | 'mutation'
  /** Fields of a record; see {@link readFragment}. */
  readonly fragment: FragmentDefinitionNode
}

const tokensMax = 20_000

/**
 * Reads the fields of a resource as a fragment. @throws UsageError CONNECTOR_CONFIG_INVALID when they are not
 * a selection
 */
export function readFragment(type: string, fields: string, place: string): FragmentDefinitionNode {
  const ast = parsed(`fragment ${recordFragment} on ${type} { ${fields} }`, place)
  const [fragment] = ast.definitions
  if (ast.definitions.length === 1 && fragment?.kind === Kind.FRAGMENT_DEFINITION) return fragment
  throw invalid(place, 'write only the fields of a record, without braces around them')
}

/** Reads one document. @throws UsageError CONNECTOR_CONFIG_INVALID with the path and the cause */
export function readDocument({ place, text, operation: wanted, fragment }: DocumentSource): GraphqlDocument {
  const ast = parsed(text, place)
  const [written, ...others] = ast.definitions
  if (written?.kind !== Kind.OPERATION_DEFINITION || others.length > 0)
    throw invalid(place, 'write one operation; `...record` is added by itself')
  const operation = wanted === 'mutation' ? withTypename(written) : written
  if (operation.operation !== wanted)
    throw invalid(place, `this is a ${operation.operation}, where a ${wanted} is expected`)
  const [field, ...more] = operation.selectionSet.selections
  if (field?.kind !== Kind.FIELD || more.length > 0)
    throw invalid(place, 'select one field at the top, so that it is clear which answer counts')
  assertOnlyRecord(ast, place)
  const records = pathTo(operation.selectionSet, selectsRecord)
  const whole: DocumentNode =
    records === undefined
      ? { kind: Kind.DOCUMENT, definitions: [operation] }
      : { kind: Kind.DOCUMENT, definitions: [operation, fragment] }
  return {
    place,
    text: print(whole),
    variables: declarations(operation),
    root: responseName(field),
    records,
    connection: pathTo(operation.selectionSet, selectsPageInfo),
    ast: whole,
    operation,
    fragment,
  }
}

function parsed(text: string, place: string): DocumentNode {
  try {
    return parse(text, { maxTokens: tokensMax })
  } catch (cause) {
    if (!(cause instanceof GraphQLError)) throw cause
    const [at] = cause.locations ?? []
    const where = at === undefined ? '' : ` (line ${at.line}, column ${at.column} of the document)`
    throw invalid(place, `this is not valid GraphQL: ${cause.message}${where}`)
  }
}

/** Adds the type name to the selection of the record. */
function withTypename(operation: OperationDefinitionNode): OperationDefinitionNode {
  return visit(operation, {
    SelectionSet(set) {
      if (!selectsRecord(set)) return undefined
      return { ...set, selections: [...set.selections, typename] }
    },
  })
}

const typename: FieldNode = {
  kind: Kind.FIELD,
  name: { kind: Kind.NAME, value: '__typename' },
  alias: { kind: Kind.NAME, value: typenameAlias },
}

function assertOnlyRecord(ast: DocumentNode, place: string): void {
  visit(ast, {
    FragmentSpread(node) {
      if (node.name.value === recordFragment) return
      throw invalid(place, `there is no fragment "${node.name.value}"; only ...${recordFragment} is known`)
    },
  })
}

function declarations(operation: OperationDefinitionNode): ReadonlyMap<string, VariableDeclaration> {
  return new Map(
    (operation.variableDefinitions ?? []).map((definition) => [
      definition.variable.name.value,
      {
        ...typeOf(definition.type),
        required: definition.type.kind === Kind.NON_NULL_TYPE && definition.defaultValue === undefined,
      },
    ]),
  )
}

function typeOf(node: TypeNode): { readonly type: string; readonly list: boolean } {
  switch (node.kind) {
    case Kind.NAMED_TYPE:
      return { type: node.name.value, list: false }
    case Kind.LIST_TYPE:
      return { type: typeOf(node.type).type, list: true }
    case Kind.NON_NULL_TYPE:
      return typeOf(node.type)
  }
}

/** Returns the name that a field has in the response. */
export function responseName(field: FieldNode): string {
  return field.alias?.value ?? field.name.value
}

const selectsRecord = (set: SelectionSetNode): boolean =>
  set.selections.some((one) => one.kind === Kind.FRAGMENT_SPREAD && one.name.value === recordFragment)

const selectsPageInfo = (set: SelectionSetNode): boolean =>
  set.selections.some((one) => one.kind === Kind.FIELD && one.name.value === 'pageInfo')

/** Returns the response names down to the first matching selection; inline fragments add none. */
function pathTo(
  set: SelectionSetNode,
  fits: (set: SelectionSetNode) => boolean,
): readonly string[] | undefined {
  if (fits(set)) return []
  for (const selection of set.selections) {
    if (selection.kind === Kind.FRAGMENT_SPREAD || selection.selectionSet === undefined) continue
    const below = pathTo(selection.selectionSet, fits)
    if (below === undefined) continue
    return selection.kind === Kind.FIELD ? [responseName(selection), ...below] : below
  }
  return undefined
}

/** Returns the alias of the top-level field and the names of the variables for one of several requests. */
export const aliasOf = (index: number): string => `r${index}`

/** Repeats the document `count` times in one: fields and variables carry the number of the request. */
export function aliased({ operation, fragment, records }: GraphqlDocument, count: number): string {
  const copies = Array.from({ length: count }, (_, index) => numbered(operation, index))
  const [first] = copies
  if (first === undefined) return ''
  const merged: OperationDefinitionNode = {
    ...first,
    variableDefinitions: copies.flatMap((copy) => copy.variableDefinitions ?? []),
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: copies.flatMap((copy) => copy.selectionSet.selections),
    },
  }
  const definitions = records === undefined ? [merged] : [merged, fragment]
  return print({ kind: Kind.DOCUMENT, definitions })
}

function numbered(operation: OperationDefinitionNode, index: number): OperationDefinitionNode {
  const renamed: OperationDefinitionNode = visit(operation, {
    Variable: (node) => ({ ...node, name: { ...node.name, value: `${node.name.value}_${index}` } }),
  })
  const selections = renamed.selectionSet.selections.map((field) =>
    field.kind === Kind.FIELD
      ? { ...field, alias: { kind: Kind.NAME, value: aliasOf(index) } as const }
      : field,
  )
  return { ...renamed, selectionSet: { ...renamed.selectionSet, selections } }
}

const numericTypes = /^(?:Int|Float|Decimal|BigInt|BigDecimal|Long|UnsignedInt64)$/

/**
 * Converts a value that we hold as text (id, version) to the variable's type: the API may use numbers for ids
 * and versions.
 */
export function scalarFor(declaration: VariableDeclaration | undefined, text: string): unknown {
  const isNumber = declaration !== undefined && numericTypes.test(declaration.type)
  return isNumber && /^-?\d{1,40}(?:\.\d{1,40})?$/.test(text) ? new LosslessNumber(text) : text
}

/** Creates the error for a part of the manifest that can't be used. */
export function invalid(place: string, what: string): UsageError {
  return new UsageError('CONNECTOR_CONFIG_INVALID', `${place}: ${what}.`)
}
