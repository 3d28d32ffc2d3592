/** Conflict, delete and guard policies and matching of one entity. */
import type { ChangeGuard, ConflictPolicy, DeletePolicy, GuardLimit, MatchRule } from '../integration.ts'
import type { FieldType } from '../values.ts'
import { durationMs } from './duration.ts'
import { type DefinitionPath, problem } from './finding.ts'
import { suggestion } from './nearest.ts'
import { type Report, reportUnder } from './report.ts'
import type {
  ConflictDefinition,
  EntityDefinition,
  LimitDefinition,
  MatchRuleDefinition,
  PolicyDefinition,
} from './schema/entities.ts'
import { parseShare } from './schema/text.ts'

/** The names that policies may use. */
export interface PolicyContext {
  readonly entity: EntityDefinition
  readonly types: ReadonlyMap<string, FieldType>
  /** In the order of the definition. */
  readonly systems: readonly string[]
  /** Every system of the integration. */
  readonly known: readonly string[]
  /** Lookups that rules may use. @default none */
  readonly lookups?: ReadonlySet<string>
}

/** A finding about a system that is not part of the entity. */
export function absentSystem(
  system: string,
  path: DefinitionPath,
  context: Pick<PolicyContext, 'systems' | 'known'>,
) {
  const hint = context.known.includes(system)
    ? `add ${system} to the systems of the entity`
    : suggestion(system, context.systems)
  return problem('unknown-name', path, `${system} is not a system of this entity`, hint)
}

const skewMsDefault = 5000

/** The policy of every field. */
export function compileConflict(context: PolicyContext, report: Report): Map<string, ConflictPolicy> {
  const conflict = longConflict(context.entity.conflict)
  const under = reportUnder(report, ['conflict'])
  const skewMs = durationMs(conflict.skew ?? '') ?? skewMsDefault
  const compile = (definition: PolicyDefinition, at: DefinitionPath, rank: readonly string[]) =>
    compilePolicy(definition, at, { rank, skewMs, context, report: under })
  const isShort = typeof context.entity.conflict === 'string'
  const fallback = compile(conflict.default ?? 'prefer', isShort ? [] : ['default'], context.systems)
  const rank = fallback !== undefined && fallback.kind === 'prefer' ? fallback.rank : context.systems
  const policies = new Map<string, ConflictPolicy>()
  for (const [name, type] of context.types) {
    const own = conflict.fields?.[name]
    const merge = mergeOf(context.entity, name)
    const at: DefinitionPath = own === undefined ? ['default'] : ['fields', name]
    if (own !== undefined && merge !== undefined)
      under(problem('policy', at, `${name} already says merge: ${merge}`, 'keep one of them'))
    const policy =
      own === undefined ? (merge === undefined ? fallback : compile(merge, at, rank)) : compile(own, at, rank)
    if (policy === undefined) continue
    policies.set(name, policy)
    const misfit = policyMisfit(policy, type)
    if (misfit === undefined) continue
    if (merge !== undefined && own === undefined) report(problem('policy', ['fields', name, 'merge'], misfit))
    else under(problem('policy', isShort ? [] : at, `${name}: ${misfit}`))
  }
  for (const name of Object.keys(conflict.fields ?? {})) {
    if (!context.types.has(name)) under(unknownField(name, ['fields', name], context))
  }
  return policies
}

function longConflict(definition: ConflictDefinition | undefined): Exclude<ConflictDefinition, string> {
  return definition === undefined ? {} : typeof definition === 'string' ? { default: definition } : definition
}

function mergeOf(entity: EntityDefinition, name: string): 'union' | 'sum' | undefined {
  const field = entity.fields[name]
  return typeof field === 'object' ? field.merge : undefined
}

function policyMisfit(policy: ConflictPolicy, type: FieldType): string | undefined {
  if (policy.kind === 'union' && type.kind !== 'set') return `union is for sets, this is ${type.kind}`
  const isNumber = type.kind === 'decimal' || type.kind === 'integer'
  if (policy.kind === 'sum' && !isNumber) return `sum is for decimals and integers, this is ${type.kind}`
  return undefined
}

interface PolicySetting {
  readonly rank: readonly string[]
  readonly skewMs: number
  readonly context: PolicyContext
  readonly report: Report
}

const policyNames = ['prefer', 'latest', 'manual', 'union', 'sum']

function compilePolicy(
  definition: PolicyDefinition,
  at: DefinitionPath,
  setting: PolicySetting,
): ConflictPolicy | undefined {
  const { rank, skewMs, report } = setting
  if (typeof definition === 'function') return { kind: 'function', decide: definition, rank }
  const [name = '', ...named] = definition.split(/[\s,]+/).filter((word) => word !== '')
  if (!policyNames.includes(name)) {
    const hint = suggestion(name, policyNames)
    report(problem('policy', at, `${name} is not a conflict policy`, hint))
    return undefined
  }
  if (name !== 'prefer' && named.length > 0) {
    report(problem('policy', at, `${name} takes no systems`, 'only prefer names systems'))
    return undefined
  }
  switch (name) {
    case 'latest':
      return { kind: 'latest', skewMs, rank }
    case 'sum':
      return { kind: 'sum', rank }
    case 'manual':
    case 'union':
      return { kind: name }
    default:
      return preferPolicy(named, at, setting)
  }
}

function preferPolicy(
  named: readonly string[],
  at: DefinitionPath,
  { context, report }: PolicySetting,
): ConflictPolicy | undefined {
  const { systems } = context
  const unknown = named.filter((system) => !systems.includes(system))
  for (const system of unknown) report(absentSystem(system, at, context))
  if (unknown.length > 0) return undefined
  return { kind: 'prefer', rank: [...new Set([...named, ...systems])] }
}

/** A finding about a field that does not exist. */
export function unknownField(name: string, path: DefinitionPath, context: PolicyContext) {
  return problem('unknown-name', path, `there is no field ${name}`, suggestion(name, context.types.keys()))
}

/** True when a name is a field, or the part of a group (`address.postalCode`). */
function isFieldPath(name: string, context: PolicyContext): boolean {
  const [field = '', ...parts] = name.split('.')
  let type = context.types.get(field)
  for (const part of parts)
    type = type?.kind === 'group' && Object.hasOwn(type.fields, part) ? type.fields[part] : undefined
  return type !== undefined
}

/** The match rules, in order; weights scaled to add up to 1. None for `never`. */
export function compileMatch(context: PolicyContext, report: Report): MatchRule[] {
  const { match = 'never' } = context.entity
  return (match === 'never' ? [] : match).map((rule, index) =>
    compileMatchRule(rule, context, reportUnder(report, ['match', index])),
  )
}

function compileMatchRule(rule: MatchRuleDefinition, context: PolicyContext, report: Report): MatchRule {
  if (!('score' in rule)) {
    const [kind, fields] =
      'exact' in rule ? (['exact', rule.exact] as const) : (['normalised', rule.normalised] as const)
    for (const [index, name] of fields.entries())
      if (!isFieldPath(name, context)) report(unknownField(name, [kind, index], context))
    return { kind, fields }
  }
  const { link, review, ...given } = rule.score
  const weights = Object.entries(given).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  )
  for (const [name] of weights)
    if (!isFieldPath(name, context)) report(unknownField(name, ['score', name], context))
  if (weights.length === 0) report(problem('policy', ['score'], 'it weighs no field', 'add field: weight'))
  if (review > link)
    report(problem('policy', ['score', 'review'], 'review is above link, so nothing would be reviewed'))
  const sum = weights.reduce((total, [, weight]) => total + weight, 0)
  return {
    kind: 'score',
    weights: Object.fromEntries(weights.map(([name, weight]) => [name, weight / sum])),
    link,
    review,
  }
}

/** Which deletions are propagated; none without a `delete` section. */
export function compileDelete(context: PolicyContext, report: Report): DeletePolicy {
  const definition = context.entity.delete
  for (const [index, system] of (definition?.from ?? []).entries()) {
    if (!context.systems.includes(system)) report(absentSystem(system, ['delete', 'from', index], context))
  }
  return {
    from: definition?.from ?? [],
    action: definition?.action ?? 'unlink',
    confirmMs: durationMs(definition?.confirm ?? '') ?? 60_000,
  }
}

/**
 * Deletions are rare and costly, so a small share holds them; a first load creates everything, and the plan
 * approves it.
 */
const guardDefaults: ChangeGuard = {
  create: { share: 0.5, atLeast: 1000 },
  update: { share: 0.5, atLeast: 1000 },
  delete: { share: 0.01, atLeast: 10 },
}

/** Compiles the limits of the mass-change guard. */
export function compileGuard(entity: EntityDefinition): ChangeGuard {
  return {
    create: guardLimit(entity.guard?.create, guardDefaults.create),
    update: guardLimit(entity.guard?.update, guardDefaults.update),
    delete: guardLimit(entity.delete?.guard, guardDefaults.delete),
  }
}

function guardLimit(definition: LimitDefinition | undefined, fallback: GuardLimit): GuardLimit {
  return {
    share: parseShare(definition?.max ?? '') ?? fallback.share,
    atLeast: definition?.atLeast ?? fallback.atLeast,
  }
}
