/** From described systems to a definition: one entity, its fields, how each system maps them, and what a person should look at. */
import type { FieldDescription, ResourceDescription } from '../../connectors/kit/description.ts'
import type { FieldType } from '../../model/values.ts'
import {
  type FieldPair,
  type MappingProposal,
  pairLosses,
  proposeMapping,
} from '../proposals/propose-mapping.ts'
import type { DescribedResource, DescribedSystem } from './described-system.ts'

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
  readonly match: string | undefined
  /** What a create demands and nothing gives, by system. */
  readonly unmapped: Readonly<Record<string, readonly string[]>>
}

/** What is wanted beside the systems. */
export interface PlanWishes {
  readonly integration: string
  readonly entity: string
  /** Field to match by. @default the surest of the proposals */
  readonly match?: string | undefined
}

interface Draft {
  readonly left: FieldDescription
  readonly pairs: { readonly system: string; readonly pair: FieldPair }[]
}

/** Plans the definition; the first system is the one that the others are compared with. */
export function planDefinition(systems: readonly ChosenSystem[], wishes: PlanWishes): DefinitionPlan {
  const [first, ...others] = systems
  if (first === undefined) return { ...wishes, systems, fields: [], match: undefined, unmapped: {} }
  const proposals = others.map((other): [ChosenSystem, MappingProposal] => [
    other,
    proposeMapping(first.resource.description, other.resource.description, [wishes.entity]),
  ])
  const drafts = draftsOf(first.resource.description, proposals)
  const names = new Set<string>()
  const fields = drafts.map((draft) => plannedField(draft, first, names))
  const keys = proposals.flatMap(([, { keys: found }]) =>
    found.map(({ left }) => drafts.findIndex((draft) => draft.left === left)),
  )
  const match = wishes.match ?? (keys[0] === undefined ? undefined : fields[keys[0]]?.name)
  return { ...wishes, systems, fields, match, unmapped: unmappedOf(first, drafts, proposals) }
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

function plannedField({ left, pairs }: Draft, first: ChosenSystem, names: Set<string>): PlannedField {
  const name = freeName(left.path, names)
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
  const steps = path.map((step) => String(step).replace(/__c$/i, ''))
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
