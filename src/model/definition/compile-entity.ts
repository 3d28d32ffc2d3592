/** One entity of a definition, ready to run. */
import { type CardNumberPolicy, cardNumberStep } from '../card-numbers/card-number-policy.ts'
import type { ConflictPolicy, Entity, EntitySystem, Field, Trigger } from '../integration.ts'
import { compileLens } from '../lens/compile-lens.ts'
import type { Lens } from '../lens/contract.ts'
import { isPathWithin } from '../lens/native-path.ts'
import type { LensSpec } from '../lens/spec.ts'
import type { FieldType } from '../values.ts'
import { checkElementKeys } from './check-element-keys.ts'
import { checkMatch } from './check-match.ts'
import { type CompiledMapping, compileMapping, type Identify, writtenPaths } from './compile-mapping.ts'
import { compileOnCreate } from './compile-on-create.ts'
import {
  absentSystem,
  compileConflict,
  compileDelete,
  compileGuard,
  compileMatch,
  type PolicyContext,
  unknownField,
} from './compile-policies.ts'
import { compileRules } from './compile-rules.ts'
import { compileScope } from './compile-scope.ts'
import { durationMs } from './duration.ts'
import { fieldType } from './field-type.ts'
import { problem } from './finding.ts'
import { lensIdentities, lensSetOf } from './lens-identities.ts'
import { parseNativePath } from './native-path.ts'
import { listedNormalisers, normaliserOf } from './normaliser-specs.ts'
import { type Report, reportUnder } from './report.ts'
import type { EntityDefinition, EntitySystemDefinition, TriggerDefinition } from './schema/entities.ts'
import { equalityOf } from './value-equality.ts'

export interface EntityInput {
  readonly name: string
  readonly definition: EntityDefinition
  /** Every system of the integration. */
  readonly systems: readonly string[]
  /** Lookups that rules may use. */
  readonly lookups: ReadonlySet<string>
  /** Hash of a text, for the identities of lenses. */
  readonly hash: (text: string) => string
  /** For fields without a policy of their own. @default allow */
  readonly cardNumbers?: CardNumberPolicy | undefined
}

/** Compiles an entity. Errors are reported; the result then lacks the parts concerned and must not be run. */
export function compileEntity(
  { name, definition, systems: known, lookups, hash, cardNumbers }: EntityInput,
  reportTo: Report,
): Entity {
  let isRefused = false
  const report: Report = (finding) => {
    isRefused ||= finding.severity === 'error'
    reportTo(finding)
  }
  const types = new Map(
    Object.entries(definition.fields).map(([field, type]) => [field, fieldType(type)] as const),
  )
  const context: PolicyContext = {
    entity: definition,
    types,
    systems: Object.keys(definition.systems),
    known,
    lookups,
  }
  const fields = compileFields(context, cardNumbers ?? 'allow', report)
  const systems = Object.entries(definition.systems).map(([system, part]) => {
    const under = reportUnder(report, ['systems', system])
    return [
      system,
      compileEntitySystem({ entity: name, system, definition: part, context, fields, hash }, under),
    ] as const
  })
  const entity: Entity = {
    name,
    fields,
    systems: new Map(systems),
    match: compileMatch(context, report),
    rules: compileRules(context, report),
    delete: compileDelete(context, report),
    guard: compileGuard(definition),
    oscillationLimit: definition.oscillationLimit ?? 5,
  }
  // A field that is mistyped in a map is read nowhere: findings that result from that are not reported.
  if (!isRefused) checkMatch(definition, entity, report)
  return entity
}

function compileFields(
  context: PolicyContext,
  cardNumbers: CardNumberPolicy,
  report: Report,
): Map<string, Field> {
  const policies = compileConflict(context, report)
  if (context.types.size === 0) report(problem('missing', ['fields'], 'the entity has no fields'))
  const fields = [...context.types].map(([name, type]) => {
    checkOwner(name, context, report)
    checkElementKeys(type, ['fields', name], report)
    const policy = policies.get(name)
    return [name, compileField({ name, type, policy, cardNumbers }, context, report)] as const
  })
  return new Map(fields)
}

interface FieldInput {
  readonly name: string
  readonly type: FieldType
  readonly policy: ConflictPolicy | undefined
  /** For fields without a policy of their own. */
  readonly cardNumbers: CardNumberPolicy
}

function compileField(
  { name, type, policy, cardNumbers: ofAll }: FieldInput,
  context: PolicyContext,
  report: Report,
): Field {
  const definition = context.entity.fields[name]
  const long = typeof definition === 'object' ? definition : undefined
  const cards = cardNumberStep(long?.cardNumbers ?? ofAll, type)
  const normalise = normaliserOf(
    listedNormalisers(long?.normalize),
    type,
    reportUnder(report, ['fields', name, 'normalize']),
  )
  const { replace } = cards
  return {
    name,
    type,
    required: long?.required ?? false,
    normalise: replace === undefined ? normalise : (value) => replace(normalise(value)),
    cardNumbers: cards,
    policy: policy ?? { kind: 'prefer', rank: context.systems },
    equality: equalityOf(listedNormalisers(long?.normalize)),
    ...(long?.owner === undefined ? {} : { owner: long.owner }),
    ...(long?.sensitivity === undefined ? {} : { sensitivity: long.sensitivity }),
  }
}

function checkOwner(name: string, context: PolicyContext, report: Report): void {
  const definition = context.entity.fields[name]
  const owner = typeof definition === 'object' ? definition.owner : undefined
  if (owner === undefined) return
  const at = ['fields', name, 'owner']
  const system = context.systems.includes(owner) ? context.entity.systems[owner] : undefined
  if (system === undefined) {
    report(absentSystem(owner, at, context))
  } else if (system.direction === 'target' || system.map[name] === undefined) {
    const hint = `map ${name} in ${owner}, or name another owner`
    report(problem('policy', at, `${owner} owns ${name} but it is never read there`, hint))
  }
}

interface PartInput {
  readonly entity: string
  readonly hash: EntityInput['hash']
  readonly system: string
  readonly definition: EntitySystemDefinition
  readonly context: PolicyContext
  readonly fields: ReadonlyMap<string, Field>
}

function compileEntitySystem(input: PartInput, report: Report): EntitySystem {
  const { system, definition } = input
  const { resource, key } = definition
  const direction = definition.direction ?? 'both'
  const operations = compileOperations(definition, report)
  const identify = lensIdentities(input)
  const mappings = compileMappings(
    input,
    { identify, writable: operations.create || operations.update },
    report,
  )
  if (key !== undefined) checkKey(key, mappings, report)
  const scope = compileScope(definition.where, reportUnder(report, ['where']))
  const onCreate = compileOnCreate(definition.onCreate, mappings, report)
  return {
    system,
    resource,
    direction,
    operations,
    ...(key === undefined ? {} : { key }),
    ...(onCreate === undefined ? {} : { onCreate }),
    fields: new Map(mappings.map(({ field }) => [field.name, field])),
    lens: lensOf({ fields: mappings.map(({ lens }) => lens) }, report),
    lenses: lensSetOf(input, { direction, operations, mappings }, report),
    ...choicesOf(definition, input.context.entity),
    inScope: scope.inScope,
    ...(scope.paths === undefined ? {} : { scopePaths: scope.paths }),
    triggers: compileTriggers(definition, direction, report),
  }
}

/**
 * How to handle creates that lack evidence or a key: specified for the system, or for all systems of the
 * entity.
 */
function choicesOf(
  system: EntitySystemDefinition,
  entity: EntityDefinition,
): Pick<EntitySystem, 'createWithoutEvidence' | 'createWithoutKey'> {
  const withoutEvidence = system.createWithoutEvidence ?? entity.createWithoutEvidence
  return {
    ...(withoutEvidence === undefined ? {} : { createWithoutEvidence: withoutEvidence }),
    createWithoutKey: system.createWithoutKey ?? entity.createWithoutKey ?? 'create',
  }
}

/** The property of our record ids must not be used by anything else. */
function checkKey(key: string, mappings: readonly CompiledMapping[], report: Report): void {
  const path = parseNativePath(key)
  if (path === undefined) {
    report(problem('mapping', ['key'], `${key} is not a path`))
    return
  }
  for (const { lens } of mappings) {
    const overlaps = writtenPaths(lens).some(
      (other) => isPathWithin(path, other) || isPathWithin(other, path),
    )
    if (!overlaps) continue
    const message = `${lens.name} is written to ${key}, which is reserved for record ids`
    report(problem('mapping', ['map', lens.name], message, 'set direction: read, or choose another key'))
  }
}

/** Mappings that are valid individually can still conflict, for example when two write to the same path. */
function lensOf(spec: LensSpec, report: Report): Lens {
  try {
    return compileLens(spec)
  } catch (error) {
    report(
      problem(
        'mapping',
        ['map'],
        error instanceof Error ? error.message : 'the mappings contradict each other',
      ),
    )
    return compileLens({ ...spec, fields: [] })
  }
}

function compileMappings(
  { definition, context, fields }: PartInput,
  { identify, writable }: { readonly identify: Identify; readonly writable: boolean },
  report: Report,
): CompiledMapping[] {
  return Object.entries(definition.map).flatMap(([name, mapping]) => {
    const field = fields.get(name)
    if (field === undefined) {
      report({ ...unknownField(name, ['map', name], context), at: 'key' })
      return []
    }
    const mappingContext = {
      field,
      identify,
      systemWritable: writable,
      acceptRaceWindow: definition.acceptRaceWindow ?? false,
      spells: definition.spells,
    }
    const compiled = compileMapping(mapping, mappingContext, reportUnder(report, ['map', name]))
    return compiled === undefined ? [] : [compiled]
  })
}

function compileOperations(definition: EntitySystemDefinition, report: Report): EntitySystem['operations'] {
  const isSource = definition.direction === 'source'
  const listed = definition.operations ?? (isSource ? [] : ['create', 'update', 'delete'])
  if (isSource && listed.length > 0) {
    const hint = 'leave operations out, or make the direction both'
    report(problem('policy', ['operations'], 'a source is only read', hint))
  }
  const has = (operation: (typeof listed)[number]) => listed.includes(operation)
  return { create: has('create'), update: has('update'), delete: has('delete') }
}

function compileTriggers(
  definition: EntitySystemDefinition,
  direction: EntitySystem['direction'],
  report: Report,
): Trigger[] {
  const triggers = definition.triggers ?? []
  if (triggers.length === 0 && direction !== 'target') {
    const hint = 'add triggers: [{ poll: 1m }, { full: "0 3 * * 0" }]'
    const finding = problem(
      'not-watched',
      [],
      'there are no triggers, so this system is only read manually',
      hint,
    )
    report({ ...finding, severity: 'warning', at: 'key' })
  }
  return triggers.map(compileTrigger)
}

function compileTrigger(trigger: TriggerDefinition): Trigger {
  if ('webhook' in trigger) return { kind: 'webhook', name: trigger.webhook }
  if ('poll' in trigger) return { kind: 'poll', everyMs: durationMs(trigger.poll) ?? 60_000 }
  return { kind: 'full', cron: trigger.full }
}
