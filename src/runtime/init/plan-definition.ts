/** From described systems to a definition: one entity, its fields, how each system maps them, and what a person should look at. */
import type { FieldDescription, ResourceDescription } from '../../connectors/kit/description.ts'
import { UsageError } from '../../model/errors.ts'
import type { FieldType } from '../../model/values.ts'
import type { FieldPair } from '../proposals/field-pair.ts'
import { type MappingProposal, pairLosses, proposeMapping } from '../proposals/propose-mapping.ts'
import { isKeptUnique } from '../proposals/propose-match.ts'
import type { DescribedResource, DescribedSystem } from './described-system.ts'
import { fieldNamed, unseenField, wantedPair } from './wanted-fields.ts'

/** One system with the resource that was chosen of it. */
export interface ChosenSystem {
  readonly system: DescribedSystem
  readonly resource: DescribedResource
}

/** One field of the entity. */
export interface PlannedField {
  readonly name: string
  /** As a definition spells it. */
  readonly type: unknown
  /** Mapping by system, as a definition spells it. */
  readonly maps: Readonly<Record<string, unknown>>
  /** How sure the proposal is, why, and what would be lost. */
  readonly comments: readonly string[]
}

/** Everything a definition is written from. */
export interface DefinitionPlan {
  readonly integration: string
  readonly entity: string
  readonly systems: readonly ChosenSystem[]
  readonly fields: readonly PlannedField[]
  /** Fields of each match rule; none when nothing is known to be unique in all systems. */
  readonly match: readonly (readonly string[])[]
  /** Fields that sound like a key, without evidence that they are one. */
  readonly perhaps: readonly string[]
  /** Why the rules may be wrong, where they rest on records that were looked at alone. */
  readonly matchDoubt?: string
  /** What a create demands and nothing gives, by system. */
  readonly unmapped: Readonly<Record<string, readonly string[]>>
}

/** What is wanted beside the systems. */
export interface PlanWishes {
  readonly integration: string
  readonly entity: string
  /** Fields to match by, separated by commas, or `never`. @default what all systems are known to keep unique */
  readonly match?: string | undefined
  /** Names of the fields to take, in this order. @default every pair that is proposed */
  readonly fields?: readonly string[] | undefined
}

interface Draft {
  /** The field's name, where a person gave it. */
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
  // A rule needs all of its fields, and --fields may have left one out.
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

/** Where nobody told what is unique, the records that were looked at are all there is to go by. */
function sampleDoubt(systems: readonly ChosenSystem[]): string | undefined {
  const sampled = systems.flatMap(({ system, resource }) =>
    resource.sampled === undefined ? [] : [{ name: system.name, count: resource.sampled }],
  )
  if (sampled.length === 0) return undefined
  const seen = sampled.map(({ name, count }) => `the ${count} of ${name}`).join(' and ')
  const isLittle = sampled.some(({ count }) => count < fewRecords)
  return `${isLittle ? 'low' : 'medium'} confidence: unique among ${seen} that were looked at; make sure that it always is`
}

/** What `--match` says: `tenant,number` is one rule of two fields, `never` is none. @throws UsageError CLI_USAGE */
export function wantedRules(text: string): readonly (readonly string[])[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length === 0) throw new UsageError('CLI_USAGE', '--match: name a field, or never')
  return text === 'never' ? [] : [names]
}

/** For each further system the best combination that every system which has all of its fields keeps unique: a rule holds for all of them. */
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

/** One draft for each name that was asked for; undefined when none was. */
function wantedDrafts(
  { resource }: ChosenSystem,
  proposals: readonly (readonly [ChosenSystem, MappingProposal])[],
  names: readonly string[] | undefined,
): readonly Draft[] | undefined {
  if (names === undefined || names.length === 0) return undefined
  return names.map((name) => {
    // The first system may call it otherwise, and be paired with what the second one calls so.
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

/** A path, or the long form where this side needs one. */
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

/** Numbers that travel as JSON texts: strings of an OpenAPI document, scalars that a GraphQL schema defines itself, decimals of OData. */
function isSpeltAsText({ nativeType, type }: FieldDescription): boolean {
  if (type?.kind === 'string' || /^string\b/.test(nativeType)) return true
  return (
    /^(?:Decimal|BigDecimal|BigFloat|Money|BigInt|Long|UnsignedInt64)!?$/.test(nativeType) ||
    /^Edm\.(?:Decimal|Int64)/.test(nativeType)
  )
}

/** A path as a definition spells it. */
export function pathText({ path }: Pick<FieldDescription, 'path'>): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    if (/[.[\]"→]/.test(step)) return `${text}["${step}"]`
    return text === '' ? step : `${text}.${step}`
  }, '')
}

/** `Credit_Limit__c` → creditLimit; a name that is taken gets what stands above it in front. */
function freeName(path: readonly (string | number)[], taken: Set<string>): string {
  // What JSON:API and the like put all values in says nothing about one of them.
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
