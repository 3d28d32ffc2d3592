/**
 * Compares the mappings with the current schemas of the systems, and these with the accepted schemas. Only
 * reads.
 */

import { existsSync } from 'node:fs'
import type { ConnectedSystem } from '../../connectors/kit/contract.ts'
import type { FieldDescription, ResourceDescription } from '../../connectors/kit/description.ts'
import { isIsthmusError } from '../../model/errors.ts'
import { counted } from '../../model/health/words.ts'
import type { EntitySystem, Integration } from '../../model/integration.ts'
import type { SchemaRow } from '../../store/admin-contract.ts'
import { describeUsed, usedResources } from '../drift/compare-schemas.ts'
import { type DriftItem, driftItems, schemaText } from '../drift/drift-report.ts'
import { settingsBeside } from '../open-integration.ts'
import { openStore } from '../open-store.ts'
import type { CheckRow } from './check-row.ts'

export interface SchemaCheck {
  readonly integration: Integration
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  /** Absolute path of the definition; the database is the one that belongs to it. */
  readonly source: string
  readonly signal: AbortSignal
}

const lookWithinMs = 60_000

/** Returns rows about every system that describes its schema. */
export async function checkSchemas(check: SchemaCheck): Promise<CheckRow[]> {
  const { integration, systems } = check
  const able = [...usedResources(integration)].filter(([name]) => systems.get(name)?.describe !== undefined)
  if (able.length === 0) return []
  const known = await acceptedForms(check)
  const rows: CheckRow[] = known.problem === undefined ? [] : [known.problem]
  for (const [name, resources] of able) {
    const signal = AbortSignal.any([check.signal, AbortSignal.timeout(lookWithinMs)])
    const system = systems.get(name)
    const context = { signal, priority: 'hand' } as const
    const described = system === undefined ? undefined : await describeUsed(system, resources, context)
    if (described === undefined) {
      const message = 'it did not describe its records'
      const hint = 'check whether the credential may read the description (metadata) of the system'
      rows.push({ level: 'warning', area: 'schema', subject: name, message, hint })
    } else rows.push(...described.flatMap((one) => rowsOfResource(integration, name, one, known.rows)))
  }
  return rows
}

function rowsOfResource(
  integration: Integration,
  system: string,
  description: ResourceDescription,
  accepted: readonly SchemaRow[],
): CheckRow[] {
  const place = { system, resource: description.name }
  const before = accepted.find((row) => row.system === system && row.resource === description.name)
  const items =
    before === undefined ? [] : driftItems(integration, place, before.accepted, schemaText(description))
  const rows = [
    ...items.map((item) => rowOfDrift(place, item)),
    ...rowsOfMappings(integration, place, description),
  ]
  if (rows.length > 0) return rows
  const message = `${counted(description.fields.length, 'field')}, compatible with the mapping`
  return [{ level: 'ok', area: 'schema', subject: `${description.name} in ${system}`, message }]
}

function rowOfDrift(
  place: { readonly system: string; readonly resource: string },
  item: DriftItem,
): CheckRow {
  const { path, message, harmful, fields, proposal } = item
  const reached = fields.length === 0 ? '' : `; it reaches ${fields.join(', ')}`
  return {
    level: harmful && fields.length > 0 ? 'warning' : 'ok',
    area: 'schema',
    subject: `${place.resource} in ${place.system}`,
    message: `${path} has changed: ${message}${reached}`,
    hint: `${proposal}; then isthmus drift accept ${place.system}`,
  }
}

function rowsOfMappings(
  { entities }: Integration,
  { system, resource }: { readonly system: string; readonly resource: string },
  description: ResourceDescription,
): CheckRow[] {
  return [...entities.values()].flatMap((entity) => {
    const part = entity.systems.get(system)
    if (part?.resource !== resource) return []
    const subject = `${entity.name} in ${system}`
    return problemsOf(part, description).map(
      ([message, hint]): CheckRow => ({ level: 'warning', area: 'schema', subject, message, hint }),
    )
  })
}

/** Finds properties that the mapping uses and the description does not contain. */
function problemsOf(part: EntitySystem, { fields }: ResourceDescription): (readonly [string, string])[] {
  const found: (readonly [string, string])[] = []
  for (const { name, native, writable } of part.fields.values())
    for (const path of native?.paths ?? []) {
      const text = path.join('.')
      const described = fields.filter((field) => meets(field, text))
      if (described.length === 0)
        found.push([
          `${name}: the system describes no ${text}`,
          'check the spelling of the path in `map` against the system',
        ])
      else if (writable && described.every(({ creatable, updatable }) => !creatable && !updatable))
        found.push([
          `${name}: the system declares that ${text} can't be written`,
          'set `direction: read` in `map`',
        ])
    }
  return found
}

function meets({ path }: FieldDescription, text: string): boolean {
  const described = path.join('.')
  return described === text || described.startsWith(`${text}.`) || text.startsWith(`${described}.`)
}

/** Reads the accepted schemas if the integration already has a database; a check does not create one. */
async function acceptedForms({
  integration,
  source,
}: SchemaCheck): Promise<{ readonly rows: readonly SchemaRow[]; readonly problem?: CheckRow }> {
  try {
    const settings = settingsBeside(source)
    if (settings.databaseUrl === undefined && !existsSync(settings.dataDir)) return { rows: [] }
    const { store, close } = await openStore(settings, integration.id)
    try {
      return { rows: await store.admin.schemas() }
    } finally {
      await close()
    }
  } catch (error) {
    const code = isIsthmusError(error) ? error.code : 'INTERNAL'
    const message = `no accepted schema to compare with: the database has none yet, or did not respond (${code})`
    return { rows: [], problem: { level: 'ok', area: 'schema', subject: 'database', message } }
  }
}
