/**
 * The parts of an entity that the merge iterates over, computed once per entity instead of once per record.
 */
import type { Entity, EntitySystem, Field, SystemField } from '../integration.ts'

/**
 * Whether a change observed in a system may become the agreed value.
 *
 * - `allowed` · `owner`: another system owns the field · `one-way`: the system is only written to
 * - `poorer`: the system's copy is lossy (`neverOrigin`); it counts only where nothing was ever agreed
 */
export type OriginRight = 'allowed' | 'owner' | 'one-way' | 'poorer'

/** One field in one system. */
export interface FieldRole {
  readonly system: string
  /** Position of the system in the definition; ties are broken by it. */
  readonly index: number
  readonly settings: SystemField
  readonly origin: OriginRight
}

/** One field and its part in every system. */
export interface FieldShape {
  readonly name: string
  readonly field: Field
  /** In the order of the definition, so that the result never depends on the order of the observations. */
  readonly roles: readonly FieldRole[]
  /** Some system has only some parts of this group. */
  readonly isPartial: boolean
}

/** One field as one system's lane sees it. */
export interface LaneField {
  readonly shape: FieldShape
  readonly role: FieldRole
}

/** One system and its fields. */
export interface LaneShape {
  readonly entitySystem: EntitySystem
  readonly fields: readonly LaneField[]
}

/** An entity, by field and by system. */
export interface EntityShape {
  readonly fields: readonly FieldShape[]
  /** In the order of the definition; `FieldRole.index` points here. */
  readonly lanes: readonly LaneShape[]
}

const shapes = new WeakMap<Entity, EntityShape>()

/** The entity's shape; computed once, since entities are immutable after compilation. */
export function shapeOf(entity: Entity): EntityShape {
  const known = shapes.get(entity)
  if (known !== undefined) return known
  const systems = [...entity.systems.values()]
  const fields = [...entity.fields.values()].map((field) => {
    const roles = rolesOf(field, systems)
    const isPartial = roles.some(({ settings }) => settings.parts !== undefined)
    return { name: field.name, field, roles, isPartial }
  })
  const lanes = systems.map((entitySystem, index) => ({
    entitySystem,
    fields: fields.flatMap((shape) =>
      shape.roles.filter((role) => role.index === index).map((role) => ({ shape, role })),
    ),
  }))
  const shape: EntityShape = { fields, lanes }
  shapes.set(entity, shape)
  return shape
}

function rolesOf(field: Field, systems: readonly EntitySystem[]): readonly FieldRole[] {
  return systems.flatMap((entitySystem, index) => {
    const settings = entitySystem.fields.get(field.name)
    if (settings === undefined) return []
    return [
      { system: entitySystem.system, index, settings, origin: originRight(field, entitySystem, settings) },
    ]
  })
}

function originRight(field: Field, entitySystem: EntitySystem, settings: SystemField): OriginRight {
  if (entitySystem.direction === 'target') return 'one-way'
  if (field.owner !== undefined && field.owner !== entitySystem.system) return 'owner'
  return settings.neverOrigin ? 'poorer' : 'allowed'
}
