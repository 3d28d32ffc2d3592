/**
 * Compares the systems' descriptions of their fields with the mappings: finds values that would be truncated,
 * rounded or refused, and required fields of a create without a value. Sampled records only show existing
 * values; a description shows all possible ones.
 */
import type { ConnectedSystem } from '../../connectors/kit/contract.ts'
import type { FieldDescription, ResourceDescription } from '../../connectors/kit/description.ts'
import { parseNativePath } from '../../model/definition/native-path.ts'
import type { IntegrationDefinition } from '../../model/definition/schema/root.ts'
import type { EntitySystem, Integration } from '../../model/integration.ts'
import { type Loss, lossesBetween } from '../proposals/field-types.ts'
import { checkPartialKeys } from './check-keys.ts'
import { type CheckRow, rowOfError } from './check-row.ts'

/** Inputs of the comparison. */
export interface DescribedCheck {
  readonly integration: Integration
  readonly definition: IntegrationDefinition
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  readonly signal: AbortSignal
}

/** One mapped field in one system, as written in the definition. */
interface Mapped {
  readonly path: string
  /** Limits that the mapping declares, which are not reported again. */
  readonly declares: ReadonlySet<Loss['kind']>
}

const describeMs = 30_000

/** Requests the fields of every system that can describe them, and compares them. Only reads. */
export async function checkDescribed(check: DescribedCheck): Promise<CheckRow[]> {
  const rows: CheckRow[] = []
  for (const [name, entity] of Object.entries(check.definition.entities)) {
    const compiled = check.integration.entities.get(name)
    if (compiled === undefined || !('systems' in entity)) continue
    const places: Place[] = []
    for (const part of compiled.systems.values()) {
      const description = await describe(check, part, rows)
      const map = entity.systems[part.system]?.map
      if (description !== undefined && map !== undefined)
        places.push({ part, description, map: mappedFields(map), givesMore: givesMore(map) })
    }
    for (const place of places) {
      rows.push(...unmappedRows(name, place))
      rows.push(...checkPartialKeys(compiled, place.part, place.description))
      for (const other of places) if (other !== place) rows.push(...lossRows(name, place, other))
    }
  }
  return rows
}

async function describe(
  { systems, signal }: DescribedCheck,
  part: EntitySystem,
  rows: CheckRow[],
): Promise<ResourceDescription | undefined> {
  const system = systems.get(part.system)
  if (system?.describe === undefined) return undefined
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(describeMs)])
  try {
    const described = await system.describe([part.resource], { signal: bounded, priority: 'hand' })
    if (described.kind === 'known') return described.resources[0]
    const { code, message } = described.failure
    const level = code === 'CONNECTOR_CONFIG_INVALID' ? 'error' : 'warning'
    rows.push({
      level,
      area: 'mapping',
      subject: part.system,
      message: `its fields can't be requested: ${message}`,
    })
  } catch (error) {
    rows.push(rowOfError('mapping', part.system, error))
  }
  return undefined
}

interface Place {
  readonly part: EntitySystem
  readonly description: ResourceDescription
  readonly map: ReadonlyMap<string, Mapped>
  /** True if an expression writes properties that no path names. */
  readonly givesMore: boolean
}

function mappedFields(map: Readonly<Record<string, unknown>>): ReadonlyMap<string, Mapped> {
  return new Map(
    Object.entries(map).flatMap(([name, mapping]): [string, Mapped][] => {
      if (typeof mapping === 'string') return [[name, { path: canonical(mapping), declares: new Set() }]]
      if (typeof mapping !== 'object' || mapping === null || !('path' in mapping)) return []
      const kinds = [
        ...('maxLength' in mapping ? ['length' as const] : []),
        ...('scale' in mapping ? ['scale' as const] : []),
        ...('values' in mapping || 'write' in mapping ? ['values' as const] : []),
      ]
      return [[name, { path: canonical(String(mapping.path)), declares: new Set(kinds) }]]
    }),
  )
}

/** Normalises a path for comparison with descriptions. */
function canonical(path: string): string {
  return JSON.stringify(parseNativePath(path) ?? [path])
}

/** A group or an expression may write more than its path says. */
function givesMore(map: Readonly<Record<string, unknown>>): boolean {
  return Object.values(map).some(
    (mapping) =>
      typeof mapping === 'object' && mapping !== null && (!('path' in mapping) || 'write' in mapping),
  )
}

function fieldAt({ fields }: ResourceDescription, path: string): FieldDescription | undefined {
  return fields.find((field) => JSON.stringify(field.path) === path)
}

function unmappedRows(entity: string, { part, description, map, givesMore: more }: Place): CheckRow[] {
  if (!part.operations.create || part.direction === 'source' || more) return []
  const given = new Set([...map.values()].map(({ path }) => path))
  // A mapping may write more than its path: a money field also has a currency.
  for (const { native } of part.fields.values())
    for (const path of native?.paths ?? []) given.add(JSON.stringify(path))
  if (part.key !== undefined) given.add(canonical(part.key))
  const fixed = new Set(Object.keys(part.onCreate ?? {}))
  const missing = description.fields.filter(
    ({ path, required }) => required && !given.has(JSON.stringify(path)) && !fixed.has(String(path[0])),
  )
  return missing.map((field) => ({
    level: 'warning',
    area: 'mapping',
    subject: `${entity} in ${part.system}`,
    message: `a create requires ${field.path.join('.')}, but no field supplies it`,
    hint: 'map it, set it in a write expression, or remove create from the operations there',
  }))
}

const hints: Readonly<Record<Loss['kind'], string>> = {
  length:
    'set maxLength in the mapping of the shorter side if it truncates; use a rule to refuse longer texts if it rejects them',
  scale: 'set scale in the mapping of the side that rounds',
  precision: 'larger numbers are rejected there: check whether there are any',
  values: 'set values in the mapping, a native value for each canonical one',
  null: 'set required on the field, or spells in the mapping',
  type: 'compare the types of both sides',
}

function lossRows(entity: string, from: Place, to: Place): CheckRow[] {
  if (to.part.direction === 'source' || from.part.direction === 'target') return []
  return [...to.map].flatMap(([name, there]) => {
    const here = from.map.get(name)
    const source = here === undefined ? undefined : fieldAt(from.description, here.path)
    const target = fieldAt(to.description, there.path)
    if (here === undefined || source === undefined || target === undefined) return []
    const isWritten = to.part.fields.get(name)?.writable === true && (target.creatable || target.updatable)
    if (!isWritten) return []
    return lossesBetween(source, target)
      .filter(
        ({ kind }) =>
          kind !== 'null' && !there.declares.has(kind) && !(kind === 'values' && here.declares.has(kind)),
      )
      .map(({ kind, message }) => ({
        level: 'warning' as const,
        area: 'mapping' as const,
        subject: `${entity} in ${to.part.system}`,
        message: `${name}, from ${from.part.system}: ${message}`,
        hint: hints[kind],
      }))
  })
}
