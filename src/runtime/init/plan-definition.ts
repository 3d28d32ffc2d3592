/**
 * Plans a definition from described systems: one entity, its fields, the mapping of each system, and notes
 * for a review.
 */
import type { FieldDescription, ResourceDescription } from '../../connectors/kit/description.ts'
import { UsageError } from '../../model/errors.ts'
import type { FieldType } from '../../model/values.ts'
import type { FieldPair } from '../proposals/field-pair.ts'
import { type MappingProposal, pairLosses, proposeMapping } from '../proposals/propose-mapping.ts'
import { isKeptUnique } from '../proposals/propose-match.ts'
import type { DescribedResource, DescribedSystem } from './described-system.ts'
import { fieldNamed, unseenField, wantedPair } from './wanted-fields.ts'

/** One system with its chosen resource. */
export interface ChosenSystem {
  readonly system: DescribedSystem
  readonly resource: DescribedResource
}

/** One field of the entity. */
export interface PlannedField {
  readonly name: string
  /** As written in a definition. */
  readonly type: unknown
  /** Mapping by system, as written in a definition. */
  readonly maps: Readonly<Record<string, unknown>>
  /** Confidence and reason of the proposal, and what would be lost. */
  readonly comments: readonly string[]
}

/** The plan from which a definition is written. */
export interface DefinitionPlan {
  readonly integration: string
  readonly entity: string
  readonly systems: readonly ChosenSystem[]
  readonly fields: readonly PlannedField[]
  /** Fields of each match rule; none when nothing is known to be unique in all systems. */
  readonly match: readonly (readonly string[])[]
  /** Fields whose names look like a key, without evidence that they are one. */
  readonly perhaps: readonly string[]
  /** Why the rules may be wrong, if they are based only on sampled records. */
  readonly matchDoubt?: string
  /** Required fields of a create without a value, by system. */
  readonly unmapped: Readonly<Record<string, readonly string[]>>
}

/** Options in addition to the systems. */
export interface PlanWishes {
  readonly integration: string
  readonly entity: string
  /**
   * Fields to match by, separated by commas, or `never`. @default fields that all systems are known to keep
   * unique
   */
  readonly match?: string | undefined
  /** Names of the fields to use, in this order. @default every proposed pair */
  readonly fields?: readonly string[] | undefined
}

interface Draft {
  /** The field's name, if the user specified it. */
  readonly name?: string
  readonly left: FieldDescription
  readonly pairs: { readonly system: string; readonly pair: FieldPair }[]
}

/** Plans the definition; the first system is the one that the others are compared with. */
export function planDefinition(systems: readonly ChosenSystem[], wishes: PlanWishes): DefinitionPlan {
  const [first, ...others] = systems
  const { integration, entity } = wishes
  if (first === undefined)
    return { integration, entity, systems, fields: [], match: [], perhaps: [], unmapped: {} }
  const proposals = others.map((other): [ChosenSystem, MappingProposal] => [
    other,
    proposeMapping(first.resource.description, other.resource.description, [wishes.entity]),
  ])
  const drafts =
    wantedDrafts(first, proposals, wishes.fields) ?? draftsOf(first.resource.description, proposals)
  const names = new Set<string>()
  const fields = drafts.map((draft) => plannedField(draft, first, names))
  const nameOf = ({ left }: FieldPair): string =>
    fields[drafts.findIndex((draft) => draft.left === left)]?.name ?? ''
  const suggested = proposals.flatMap(([, { match }]) => [...match.proved.flat(), ...match.suggested])
  const match = wishes.match === undefined ? provedRules(proposals) : wantedRules(wishes.match)
  // A rule needs all of its fields, and --fields may have excluded one.
  const rules = match
    .map((rule) => rule.map((one) => (typeof one === 'string' ? one : nameOf(one))))
    .filter((rule) => rule.every((name) => name !== ''))
  const doubt = wishes.match === undefined && rules.length > 0 ? sampleDoubt(systems) : undefined
  return {
    integration,
    entity,
    systems,
    fields,
    match: rules,
    perhaps: [...new Set(suggested.map(nameOf))].filter((name) => name !== ''),
    ...(doubt === undefined ? {} : { matchDoubt: doubt }),
    unmapped: unmappedOf(first, drafts, proposals),
  }
}

const fewRecords = 5

/** If no unique keys are declared, the sampled records are the only evidence. */
function sampleDoubt(systems: readonly ChosenSystem[]): string | undefined {
  const sampled = systems.flatMap(({ system, resource }) =>
    resource.sampled === undefined ? [] : [{ name: system.name, count: resource.sampled }],
  )
  if (sampled.length === 0) return undefined
  const seen = sampled.map(({ name, count }) => `the ${count} of ${name}`).join(' and ')
  const isLittle = sampled.some(({ count }) => count < fewRecords)
  return `${isLittle ? 'low' : 'medium'} confidence: unique among ${seen} that were read; make sure that it always is`
}

/**
 * Parses `--match`: `tenant,number` is one rule with two fields, `never` is none. @throws UsageError
 * CLI_USAGE
 */
export function wantedRules(text: string): readonly (readonly string[])[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length === 0) throw new UsageError('CLI_USAGE', '--match: specify a field, or never')
  return text === 'never' ? [] : [names]
}

/**
 * Returns for each further system the best combination that is unique in every system that has all of its
 * fields, because a rule applies to all of them.
 */
function provedRules(
  proposals: readonly (readonly [ChosenSystem, MappingProposal])[],
): readonly (readonly FieldPair[])[] {
  const isUniqueEverywhere = (rule: readonly FieldPair[]): boolean =>
    proposals.every(([{ resource }, { pairs }]) => {
      const there = rule.map(({ left }) => pairs.find((pair) => pair.left === left)?.right)
      const known = there.filter((field) => field !== undefined)
      return known.length < rule.length || isKeptUnique(resource.description, known)
    })
  const rules = proposals.flatMap(([, { match }]) => match.proved.filter(isUniqueEverywhere).slice(0, 1))
  const spelt = (rule: readonly FieldPair[]): string => rule.map(({ left }) => pathText(left)).join('\n')
  return rules.filter((rule, index) => rules.findIndex((other) => spelt(other) === spelt(rule)) === index)
}

function draftsOf(
  { fields }: ResourceDescription,
  proposals: readonly (readonly [ChosenSystem, MappingProposal])[],
): readonly Draft[] {
  return fields.flatMap((left) => {
    const pairs = proposals.flatMap(([{ system }, proposal]) => {
      const pair = proposal.pairs.find((one) => one.left === left)
      return pair === undefined ? [] : [{ system: system.name, pair }]
    })
    return pairs.length === 0 ? [] : [{ left, pairs }]
  })
}

/** Returns one draft for each requested name; undefined if none was requested. */
function wantedDrafts(
  { resource }: ChosenSystem,
  proposals: readonly (readonly [ChosenSystem, MappingProposal])[],
  names: readonly string[] | undefined,
): readonly Draft[] | undefined {
  if (names === undefined || names.length === 0) return undefined
  return names.map((name) => {
    // The first system may use another name, and be paired with the field of this name in the second one.
    const paired = proposals
      .flatMap(([{ resource: other }, { pairs }]) => {
        const right = fieldNamed(other.description, name, [other.name])
        return pairs.filter((pair) => pair.right === right)
      })
      .at(0)?.left
    const left = fieldNamed(resource.description, name, [resource.name]) ?? paired ?? unseenField(name)
    const pairs = proposals.map(([{ system, resource: other }, { pairs: known }]) => {
      const proposed = known.find((pair) => pair.left === left)
      const right = fieldNamed(other.description, name, [other.name]) ?? unseenField(name)
      return { system: system.name, pair: proposed ?? wantedPair(left, right, system.name) }
    })
    return { name, left, pairs }
  })
}

function unmappedOf(
  first: ChosenSystem,
  drafts: readonly Draft[],
  proposals: readonly (readonly [ChosenSystem, MappingProposal])[],
): DefinitionPlan['unmapped'] {
  const left = first.resource.description.fields.filter(
    (field) => field.required && !drafts.some((draft) => draft.left === field),
  )
  const entries: [string, readonly string[]][] = [
    [first.system.name, left.map(pathText)],
    ...proposals.map(([{ system }, { unmapped }]): [string, readonly string[]] => [
      system.name,
      unmapped.right.map(pathText),
    ]),
  ]
  return Object.fromEntries(entries)
}

function plannedField(
  { name: given, left, pairs }: Draft,
  first: ChosenSystem,
  names: Set<string>,
): PlannedField {
  const name = freeName(given === undefined ? left.path : [given], names)
  const { name: hub } = first.system
  const type = pairs[0]?.pair.type ?? { kind: 'string' as const }
  const sources = new Set(pairs.map(({ pair }) => pair.source))
  const owner = sources.has('left') ? hub : pairs.find(({ pair }) => pair.source === 'right')?.system
  const isRequired = left.required || pairs.some(({ pair }) => pair.right.required)
  const narrowest = (field: FieldDescription): readonly FieldDescription[] =>
    [left, ...pairs.map(({ pair }) => pair.right)].filter((other) => other !== field)
  const maps = [
    [hub, mappingOf(left, type, { connector: first.system.connector, others: narrowest(left) })],
    ...pairs.map(({ system, pair: { right } }) => [
      system,
      mappingOf(right, type, { connector: '', others: narrowest(right) }),
    ]),
  ]
  const comments = pairs.flatMap(({ system, pair }) => [
    `${pair.confidence} confidence for ${system}: ${pair.reasons.join('; ')}`,
    ...pairLosses(pair, { left: hub, right: system }).map((loss) => `check ${loss}`),
  ])
  return {
    name,
    type: fieldDefinition(type, { isRequired, owner }),
    maps: Object.fromEntries(maps) as Record<string, unknown>,
    comments,
  }
}

function fieldDefinition(
  type: FieldType,
  { isRequired, owner }: { readonly isRequired: boolean; readonly owner: string | undefined },
): unknown {
  const inner = innerType(type)
  const more = { ...(isRequired ? { required: true } : {}), ...(owner === undefined ? {} : { owner }) }
  if (Object.keys(more).length === 0) return inner
  return typeof inner === 'string' ? { type: inner, ...more } : { ...(inner as object), ...more }
}

function innerType(type: FieldType): unknown {
  switch (type.kind) {
    case 'string':
      return type.format === undefined ? 'string' : { type: 'string', format: type.format }
    case 'enum':
      return { type: 'enum', values: type.values }
    case 'list':
    case 'set':
      return { type: type.kind, of: innerType(type.of) }
    default:
      return type.kind
  }
}

/** Returns a path, or the long form if this side needs one. */
function mappingOf(
  field: FieldDescription,
  type: FieldType,
  { others }: { readonly connector: string; readonly others: readonly FieldDescription[] },
): unknown {
  const { maxLength, scale } = field
  const isCut =
    type.kind === 'string' &&
    maxLength !== undefined &&
    others.some((one) => (one.maxLength ?? Infinity) > maxLength)
  const isRounded =
    type.kind === 'decimal' && scale !== undefined && others.some((one) => (one.scale ?? Infinity) > scale)
  const isNumber = type.kind === 'decimal' || type.kind === 'integer'
  const more = {
    ...(!field.creatable && !field.updatable ? { direction: 'read' } : {}),
    ...(isCut ? { maxLength } : {}),
    ...(isRounded ? { scale } : {}),
    ...(isNumber && isSpeltAsText(field) ? { as: 'text' } : {}),
    ...(type.kind === 'instant' && /^timestamp(?! with time zone|tz)/.test(field.nativeType)
      ? { offset: 'Z' }
      : {}),
  }
  const path = pathText(field)
  return Object.keys(more).length === 0 ? path : { path, ...more }
}

/**
 * Numbers that are sent as JSON texts: strings of an OpenAPI document, scalars that a GraphQL schema defines
 * itself, decimals of OData.
 */
function isSpeltAsText({ nativeType, type }: FieldDescription): boolean {
  if (type?.kind === 'string' || /^string\b/.test(nativeType)) return true
  return (
    /^(?:Decimal|BigDecimal|BigFloat|Money|BigInt|Long|UnsignedInt64)!?$/.test(nativeType) ||
    /^Edm\.(?:Decimal|Int64)/.test(nativeType)
  )
}

/** Formats a path for a definition. */
export function pathText({ path }: Pick<FieldDescription, 'path'>): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    if (/[.[\]"→]/.test(step)) return `${text}["${step}"]`
    return text === '' ? step : `${text}.${step}`
  }, '')
}

/** `Credit_Limit__c` → creditLimit; a name that is already used gets its parent's name as a prefix. */
function freeName(path: readonly (string | number)[], taken: Set<string>): string {
  // A container that JSON:API and similar formats use for all values carries no meaning for one of them.
  const own =
    path.length > 1 && /^(?:attributes|properties|fields)$/i.test(String(path[0])) ? path.slice(1) : path
  const steps = own.map((step) => String(step).replace(/__c$/i, ''))
  const candidates = steps.map((_step, index) => camel(steps.slice(steps.length - 1 - index).join(' ')))
  const whole = camel(steps.join(' '))
  const base = steps.length > 1 ? whole : (candidates[0] ?? 'field')
  let name = base
  for (let count = 2; taken.has(name); count += 1) name = `${base}${count}`
  taken.add(name)
  return name
}

function camel(text: string): string {
  const words = text
    .normalize('NFKD')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => (/^[A-Z0-9]+$/.test(word) && word.length > 1 ? word.toLowerCase() : word))
  const joined = words
    .map((word, index) => (index === 0 ? word : (word[0]?.toUpperCase() ?? '') + word.slice(1)))
    .join('')
  const named = (joined[0]?.toLowerCase() ?? '') + joined.slice(1)
  return /^[a-z]/.test(named) ? named.slice(0, 60) : `field${named}`.slice(0, 60)
}
