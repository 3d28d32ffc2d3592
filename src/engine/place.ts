/** Everything that belongs to one entity in one system, looked up once. */
import type { ConnectedSystem, Resource } from '../connectors/kit/contract.ts'
import { UsageError } from '../model/errors.ts'
import type { Entity, EntitySystem, Integration, SystemSettings } from '../model/integration.ts'

/** One entity in one system. */
export interface Place {
  readonly system: string
  readonly entity: Entity
  readonly part: EntitySystem
  readonly settings: SystemSettings
  readonly resource: Resource
}

/** Where places are looked up. */
export interface Places {
  readonly integration: Integration
  readonly systems: ReadonlyMap<string, ConnectedSystem>
}

/**
 * Looks a place up.
 *
 * @throws ENGINE_UNKNOWN_PLACE when the definition has no such entity or the system takes no part in it
 */
export function placeOf(context: Places, system: string, entityName: string): Place {
  const entity = context.integration.entities.get(entityName)
  const part = entity?.systems.get(system)
  const settings = context.integration.systems.get(system)
  const connected = context.systems.get(system)
  if (entity === undefined || part === undefined || settings === undefined || connected === undefined) {
    throw new UsageError(
      'ENGINE_UNKNOWN_PLACE',
      `System "${system}" is not part of entity "${entityName}". ${knownPlaces(context.integration)}`,
      { details: { system, entity: entityName } },
    )
  }
  return { system, entity, part, settings, resource: connected.resource(part.resource) }
}

/** All places of the integration, in the order of the definition. */
export function allPlaces(context: Places): readonly Place[] {
  return [...context.integration.entities.values()].flatMap((entity) =>
    [...entity.systems.keys()].map((system) => placeOf(context, system, entity.name)),
  )
}

function knownPlaces(integration: Integration): string {
  const places = [...integration.entities.values()].map(
    (entity) => `${entity.name}: ${[...entity.systems.keys()].join(', ')}`,
  )
  return `The definition knows ${places.join('; ')}.`
}

/** The place's records can be listed. */
export function isListable(place: Place): boolean {
  return place.resource.capabilities.list.paging !== 'none'
}

/** The place offers a feed of changes. */
export function hasFeed(place: Place): boolean {
  return place.resource.changes !== undefined && place.resource.capabilities.changes.cursor !== 'none'
}
