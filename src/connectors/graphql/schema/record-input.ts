/**
 * Finds the argument of a mutation that takes the record: an input, or a field within one, as in
 * `updateUser(input: { id, patch: { … } })`.
 */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLObjectType,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isLeafType,
  isListType,
  isRequiredInputField,
} from 'graphql'

/** The location of the record. */
export interface RecordInput {
  readonly argument: GraphQLArgument
  /** Field of the argument's input that takes the record; undefined when the argument does. */
  readonly wrapper?: string
  /** The declared type of the record. */
  readonly type: GraphQLInputType
  /** Properties that it accepts. */
  readonly names: ReadonlySet<string>
  /** Required fields next to the record. */
  readonly demands: readonly string[]
}

/** Finds the location; undefined when no argument takes an object. */
export function recordInput(
  { args }: GraphQLField<unknown, unknown>,
  type: GraphQLObjectType,
): RecordInput | undefined {
  const inputs = args.filter((one) => isInputObjectType(getNamedType(one.type)))
  const argument =
    inputs.find(({ name }) => name === 'input') ?? (inputs.length === 1 ? inputs[0] : undefined)
  if (argument === undefined) return undefined
  const fields = inputFields(argument.type)
  const inner = isOfRecord(fields, type) ? undefined : innerRecord(fields, type)
  if (inner === undefined)
    return { argument, type: argument.type, names: new Set(fields.keys()), demands: [] }
  const demands = [...fields.values()].filter((one) => one !== inner && isRequiredInputField(one))
  return {
    argument,
    wrapper: inner.name,
    type: inner.type,
    names: new Set(inputFields(inner.type).keys()),
    demands: demands.map(({ name }) => name),
  }
}

/** Formats the argument for a document. @param beside further fields of the input next to the record */
export function inputText({ argument, wrapper }: RecordInput, beside: readonly string[] = []): string {
  if (wrapper === undefined) return `${argument.name}: $input`
  return `${argument.name}: { ${[...beside, `${wrapper}: $input`].join(', ')} }`
}

/** Fields of an input by name; empty when the type is not an input. */
export function inputFields(type: GraphQLInputType): ReadonlyMap<string, GraphQLInputField> {
  const named = getNamedType(type)
  return new Map(isInputObjectType(named) ? Object.entries(named.getFields()) : [])
}

/** Values that the record also has, other than its id, mean that the input is the record. */
function isOfRecord(fields: ReadonlyMap<string, GraphQLInputField>, type: GraphQLObjectType): boolean {
  const own = type.getFields()
  return [...fields.values()].some(
    (one) => one.name !== 'id' && isLeafType(getNamedType(one.type)) && own[one.name] !== undefined,
  )
}

/** The only field that takes an object with values of the record. */
function innerRecord(
  fields: ReadonlyMap<string, GraphQLInputField>,
  type: GraphQLObjectType,
): GraphQLInputField | undefined {
  const found = [...fields.values()].filter(
    (one) => !isListType(getNullableType(one.type)) && isOfRecord(inputFields(one.type), type),
  )
  return found.length === 1 ? found[0] : undefined
}
