/** Requests the schemas of the systems, stores them, and returns new differences. */
import type { CallContext, ConnectedSystem } from '../../connectors/kit/contract.ts'
import type { ResourceDescription } from '../../connectors/kit/description.ts'
import type { Integration } from '../../model/integration.ts'
import type { Store } from '../../store/contract.ts'
import { type DriftReport, driftItems, schemaText } from './drift-report.ts'

export interface SchemaComparisonOptions {
  readonly integration: Integration
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  readonly store: Store
  readonly context: CallContext
}

export interface SchemaComparison {
  /** Resources that differ from the accepted schema in a new way since the last check. */
  readonly news: readonly DriftReport[]
  /** Systems that did not respond. */
  readonly failed: readonly string[]
}

/** Returns the resources that the definition uses, by system. */
export function usedResources({ entities }: Integration): ReadonlyMap<string, readonly string[]> {
  const used = new Map<string, Set<string>>()
  for (const entity of entities.values())
    for (const part of entity.systems.values()) {
      const names = used.get(part.system) ?? new Set()
      used.set(part.system, names.add(part.resource))
    }
  return new Map([...used].map(([system, names]) => [system, [...names].sort()]))
}

/**
 * Returns descriptions of the used resources of one system; undefined if it offers none, or does not respond.
 * Never throws.
 */
export async function describeUsed(
  system: ConnectedSystem,
  resources: readonly string[],
  context: CallContext,
): Promise<readonly ResourceDescription[] | undefined> {
  try {
    const response = await system.describe?.(resources, context)
    if (response?.kind !== 'known') return undefined
    return response.resources.filter(({ name }) => resources.includes(name))
  } catch {
    // A connector that throws gives no information either; the next check tries again.
    return undefined
  }
}

/** Checks every system that describes its schema once. @throws errors of the store */
export async function compareSchemas(options: SchemaComparisonOptions): Promise<SchemaComparison> {
  const { integration, systems, store, context } = options
  const news: DriftReport[] = []
  const failed: string[] = []
  for (const [name, resources] of usedResources(integration)) {
    const system = systems.get(name)
    if (system?.describe === undefined) continue
    const described = await describeUsed(system, resources, context)
    if (described === undefined) failed.push(name)
    for (const description of described ?? []) {
      const place = { system: name, resource: description.name }
      const seen = schemaText(description)
      const before = await store.admin.saveSchema({ ...place, schema: seen })
      if (before === undefined || before.seen === seen) continue
      const items = driftItems(integration, place, before.accepted, seen)
      if (items.length > 0) news.push({ ...place, seenAt: await store.now(), items })
    }
  }
  return { news, failed }
}
