/** Asks the systems for the form of their records, keeps it, and says what is new about it. */
import type { CallContext, ConnectedSystem } from '../../connectors/kit/contract.ts'
import type { ResourceDescription } from '../../connectors/kit/description.ts'
import type { Integration } from '../../model/integration.ts'
import type { Store } from '../../store/contract.ts'
import { type DriftReport, driftItems, schemaText } from './drift-report.ts'

export interface SchemaLook {
  readonly integration: Integration
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  readonly store: Store
  readonly context: CallContext
}

export interface SchemaLookResult {
  /** Resources that differ from the accepted form, and did not like this at the last look. */
  readonly news: readonly DriftReport[]
  /** Systems that did not answer. */
  readonly failed: readonly string[]
}

/** The resources that the definition uses, by system. */
export function usedResources({ entities }: Integration): ReadonlyMap<string, readonly string[]> {
  const used = new Map<string, Set<string>>()
  for (const entity of entities.values())
    for (const part of entity.systems.values()) {
      const names = used.get(part.system) ?? new Set()
      used.set(part.system, names.add(part.resource))
    }
  return new Map([...used].map(([system, names]) => [system, [...names].sort()]))
}

/** Descriptions of the used resources of one system; undefined when it can't tell, or does not answer. Never throws. */
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
    // A connector that throws where it has to answer told nothing either; the next look tries again.
    return undefined
  }
}

/** Looks once at every system that can describe itself. @throws what the store throws */
export async function lookAtSchemas(look: SchemaLook): Promise<SchemaLookResult> {
  const { integration, systems, store, context } = look
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
