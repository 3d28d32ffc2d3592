/** Builders of merge inputs for the tests of the merge. */
import type {
  ConflictPolicy,
  Entity,
  EntitySystem,
  Field,
  Rule,
  SystemField,
} from '../../src/model/integration.ts'
import type { MergeInput, MergeMember, ObservedValues } from '../../src/model/merge/contract.ts'
import type { AgreedField, MemberField } from '../../src/model/state.ts'
import type { CanonicalDocument, CanonicalValue, FieldType } from '../../src/model/values.ts'

export interface FieldSpec {
  readonly type?: FieldType
  readonly policy?: ConflictPolicy
  readonly owner?: string
  readonly required?: boolean
  /** By system; systems left out don't map the field, `{}` maps it plainly. */
  readonly in?: Readonly<Record<string, Partial<SystemField>>>
}

export interface SystemSpec {
  readonly direction?: EntitySystem['direction']
  readonly operations?: Partial<EntitySystem['operations']>
}

export interface EntitySpec {
  readonly fields?: Readonly<Record<string, FieldSpec>>
  readonly systems?: Readonly<Record<string, SystemSpec>>
  readonly rules?: readonly Rule[]
  readonly oscillationLimit?: number
}

export const identity = (value: CanonicalValue): CanonicalValue => value

/** Keeps the first `length` characters, as narrow columns do. */
export const truncateTo =
  (length: number) =>
  (value: CanonicalValue): CanonicalValue =>
    typeof value === 'string' ? value.slice(0, length) : value

/** An entity over `crm` and `erp` with one text field `name`, unless told otherwise. */
export function entityOf(spec: EntitySpec = {}): Entity {
  const systems = Object.entries(spec.systems ?? { crm: {}, erp: {} })
  const names = systems.map(([name]) => name)
  const fields = Object.entries(spec.fields ?? { name: {} })
  const guard = { share: 0.01, atLeast: 10 }
  return {
    name: 'customer',
    fields: new Map(fields.map(([name, field]) => [name, fieldOf(name, field, names)])),
    systems: new Map(
      systems.map(
        ([name, system]) => [name, entitySystemOf(name, system, fields)] satisfies [string, EntitySystem],
      ),
    ),
    match: [],
    rules: spec.rules ?? [],
    delete: { from: [], action: 'archive', confirmMs: 60_000 },
    guard: { create: guard, update: guard, delete: guard },
    oscillationLimit: spec.oscillationLimit ?? 5,
  }
}

function fieldOf(name: string, spec: FieldSpec, systems: readonly string[]): Field {
  return {
    name,
    type: spec.type ?? { kind: 'string' },
    required: spec.required ?? false,
    normalise: identity,
    policy: spec.policy ?? { kind: 'prefer', rank: systems },
    ...(spec.owner === undefined ? {} : { owner: spec.owner }),
  }
}

function entitySystemOf(
  system: string,
  spec: SystemSpec,
  fields: readonly (readonly [string, FieldSpec])[],
): EntitySystem {
  const mapped = fields.flatMap(([name, field]): [string, SystemField][] => {
    const settings = field.in === undefined ? {} : field.in[system]
    return settings === undefined ? [] : [[name, systemFieldOf(name, settings)]]
  })
  return {
    system,
    resource: 'things',
    direction: spec.direction ?? 'both',
    operations: { create: true, update: true, delete: true, ...spec.operations },
    fields: new Map(mapped),
    lens: {
      read: () => ({ values: {}, problems: [] }),
      write: () => ({ patch: {}, problems: [] }),
    },
    inScope: () => true,
    triggers: [],
  }
}

function systemFieldOf(name: string, spec: Partial<SystemField>): SystemField {
  return {
    name,
    readable: true,
    writable: true,
    normalise: identity,
    neverOrigin: false,
    acceptRaceWindow: true,
    nullable: true,
    ...spec,
  }
}

/** Everything at time 1,000,000, long after any in-flight horizon of the tests. */
export const testNow = 1_000_000

export interface InputSpec {
  readonly entity?: Entity
  readonly rev?: number
  readonly fields?: Readonly<Record<string, AgreedField>>
  readonly members?: Readonly<Record<string, Partial<MergeMember>>>
  /** The observed values, by system. */
  readonly shown?: Readonly<Record<string, CanonicalDocument>>
  /** Further properties of the observations. */
  readonly observations?: Readonly<Record<string, Partial<ObservedValues>>>
  readonly guarded?: readonly string[]
  readonly referable?: (system: string, recordId: string) => boolean
  readonly now?: number
  readonly releasedRev?: number
}

export function inputOf(spec: InputSpec = {}): MergeInput {
  const now = spec.now ?? testNow
  let ids = 0
  return {
    entity: spec.entity ?? entityOf(),
    version: 'v1',
    rev: spec.rev ?? 1,
    fields: spec.fields ?? {},
    members: new Map(
      Object.entries(spec.members ?? {}).map(([system, member]) => [system, memberOf(system, member)]),
    ),
    observations: new Map(
      Object.entries(spec.shown ?? {}).map(([system, values]) => [
        system,
        { system, values, unknown: new Set<string>(), at: now, ...spec.observations?.[system] },
      ]),
    ),
    guarded: new Set(spec.guarded),
    referable: spec.referable ?? (() => true),
    now,
    newId: () => {
      ids += 1
      return `conflict-${ids}`
    },
    ...(spec.releasedRev === undefined ? {} : { releasedRev: spec.releasedRev }),
  }
}

function memberOf(system: string, member: Partial<MergeMember>): MergeMember {
  return { system, state: 'linked', fields: {}, settleMs: 0, writable: true, ...member }
}

export function agreedOf(value: CanonicalValue | undefined, rev = 1, src = 'crm'): AgreedField {
  return { value, rev, src, at: 0 }
}

/** A field in agreement: absorbed and acknowledged. */
export function syncedOf(value: CanonicalValue, acked = 1, more: Partial<MemberField> = {}): MemberField {
  return { shadow: value, acked, ...more }
}
