/**
 * References between the parts of a definition: systems, entities, channels. Cycles that could never be
 * created are refused.
 */
import type { Entity } from '../integration.ts'
import { referredEntities } from './field-type.ts'
import { type DefinitionPath, problem } from './finding.ts'
import { suggestion } from './nearest.ts'
import type { Report } from './report.ts'
import type { IntegrationDefinition } from './schema/root.ts'

export interface EntityPlace {
  readonly entity: Entity
  /** Path inside the ordinary form of the entity → path in the definition. */
  readonly written: (path: DefinitionPath) => DefinitionPath
  /** Path at which the entity names a system. */
  readonly namedAt: (system: string) => DefinitionPath
}

/**
 * Checks that entities name existing systems, and that references lead to entities that have counterparts
 * where they are written.
 */
export function checkEntityReferences(
  definition: IntegrationDefinition,
  entities: ReadonlyMap<string, EntityPlace>,
  report: Report,
): void {
  const systems = Object.keys(definition.systems)
  for (const place of entities.values()) {
    const { entity, written, namedAt } = place
    const names = [...entity.systems.keys()]
    for (const system of names) {
      if (systems.includes(system)) continue
      const finding = problem(
        'unknown-name',
        namedAt(system),
        `there is no system ${system}`,
        suggestion(system, systems),
      )
      report({ ...finding, at: 'key' })
    }
    if (names.length < 2) {
      const hint = 'an entity needs two systems to keep in agreement'
      report({
        ...problem('missing', written(['systems']), 'fewer than two systems are mapped', hint),
        severity: 'warning',
      })
    }
    for (const field of entity.fields.values()) {
      for (const target of new Set(referredEntities(field.type)))
        checkReference(place, field.name, target, { entities, systems, report })
    }
  }
}

interface ReferenceCheck {
  readonly entities: ReadonlyMap<string, EntityPlace>
  /** Existing systems: an unknown one is reported once, not again by each reference in it. */
  readonly systems: readonly string[]
  readonly report: Report
}

function checkReference(
  { entity, written }: EntityPlace,
  field: string,
  target: string,
  { entities, systems, report }: ReferenceCheck,
): void {
  const referred = entities.get(target)?.entity
  if (referred === undefined) {
    const hint = suggestion(target, entities.keys())
    report(problem('unknown-name', written(['fields', field]), `there is no entity ${target}`, hint))
    return
  }
  for (const part of entity.systems.values()) {
    if (!part.fields.has(field) || referred.systems.has(part.system) || !systems.includes(part.system))
      continue
    const message = `${field} refers to ${target}, which has no counterpart in ${part.system}`
    const hint = `add ${part.system} to the systems of ${target}`
    report(problem('mapping', written(['systems', part.system, 'map', field]), message, hint))
  }
  checkFilledLater(entity, field, report, written)
}

/**
 * An optional reference may be missing from a create, and is written once its target exists. Where nothing is
 * updated, it never is.
 */
function checkFilledLater(
  entity: Entity,
  field: string,
  report: Report,
  written: (path: DefinitionPath) => DefinitionPath,
): void {
  if (entity.fields.get(field)?.required === true) return
  for (const { system, operations, fields } of entity.systems.values()) {
    const { writable = false } = fields.get(field) ?? {}
    if (!writable || !operations.create || operations.update) continue
    const message = `a record is created in ${system} without ${field} when its target does not exist yet, and is never updated`
    const at = written(['systems', system, 'map', field])
    report({
      ...problem('mapping', at, message, `make ${field} required: the record waits for it`),
      severity: 'warning',
    })
  }
}

/**
 * Refuses entities that refer to each other through required fields only: neither could be created first. One
 * optional reference in the cycle is sufficient, because it can be written in a second step.
 */
export function checkRequiredCycles(entities: ReadonlyMap<string, EntityPlace>, report: Report): void {
  const needs = new Map<string, { field: string; target: string }[]>()
  for (const [name, { entity }] of entities) {
    const required = [...entity.fields.values()].filter((field) => field.required)
    needs.set(
      name,
      required.flatMap((field) =>
        referredEntities(field.type).map((target) => ({ field: field.name, target })),
      ),
    )
  }
  const reported = new Set<string>()
  for (const [start, place] of entities) {
    const circle = circleFrom(start, needs)
    if (circle === undefined || circle.some((step) => reported.has(step.entity))) continue
    for (const step of circle) reported.add(step.entity)
    const way = [...circle.map((step) => `${step.entity}.${step.field}`), start].join(' → ')
    const first = circle[0]?.field ?? ''
    report(
      problem(
        'reference-cycle',
        place.written(['fields', first]),
        `required references form a cycle: ${way}; none of these records could be created first`,
        'make one of these fields optional',
      ),
    )
  }
}

type Needs = ReadonlyMap<string, readonly { field: string; target: string }[]>

/** The shortest path from an entity back to itself. */
function circleFrom(start: string, needs: Needs): { entity: string; field: string }[] | undefined {
  const ways = [{ at: start, way: [] as { entity: string; field: string }[] }]
  const visited = new Set<string>()
  for (const { at, way } of ways) {
    for (const { field, target } of needs.get(at) ?? []) {
      const next = [...way, { entity: at, field }]
      if (target === start) return next
      if (visited.has(target)) continue
      visited.add(target)
      ways.push({ at: target, way: next })
    }
  }
  return undefined
}

/** Checks that objectives and alert routes name existing things. */
export function checkOperations(definition: IntegrationDefinition, report: Report): void {
  const entities = Object.keys(definition.entities)
  const systems = Object.keys(definition.systems)
  const { discrepancy, latency, freshness } = definition.objectives ?? {}
  checkNames({ discrepancy, latency }, 'entity', entities, report)
  checkNames({ freshness }, 'system', systems, report)
  const channels = Object.keys(definition.alerts?.channels ?? {})
  for (const [index, route] of (definition.alerts?.routes ?? []).entries()) {
    for (const [position, channel] of route.to.entries()) {
      if (channels.includes(channel)) continue
      const path = ['alerts', 'routes', index, 'to', position]
      report(problem('unknown-name', path, `there is no channel ${channel}`, suggestion(channel, channels)))
    }
  }
}

function checkNames(
  objectives: Readonly<Record<string, object | readonly object[] | undefined>>,
  key: 'entity' | 'system',
  known: readonly string[],
  report: Report,
): void {
  for (const [objective, given] of Object.entries(objectives)) {
    const isList = Array.isArray(given)
    for (const [index, item] of [given ?? []].flat().entries()) {
      const name: unknown = Reflect.get(item, key)
      if (typeof name !== 'string' || known.includes(name)) continue
      const path = ['objectives', objective, ...(isList ? [index] : []), key]
      report(problem('unknown-name', path, `there is no ${key} ${name}`, suggestion(name, known)))
    }
  }
}
