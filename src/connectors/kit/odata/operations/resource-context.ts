/** The context of all operations on one resource. */
import type { HttpClock } from '../../../../http/call.ts'
import { IsthmusError } from '../../../../model/errors.ts'
import type { Service } from '../client.ts'
import type { EdmProperty, EntitySet, ServiceModel } from '../metadata/model.ts'
import type { ResourceSettings } from '../settings.ts'

/** One resource: where it is and what the definition specifies for it. */
export interface ResourceContext {
  readonly name: string
  readonly settings: ResourceSettings
  readonly service: Service
  readonly clock: HttpClock
  readonly locks: ReadonlySet<string>
}

/** The resource with its metadata. */
export interface Bound {
  readonly model: ServiceModel
  readonly set: EntitySet
}

/**
 * Finds the resource in the metadata. @throws IsthmusError CONNECTOR_RESOURCE_UNKNOWN · the errors of reading
 * the metadata
 */
export async function boundTo({ name, settings, service }: ResourceContext): Promise<Bound> {
  const model = await service.metadata()
  return { model, set: entitySetOf(model, settings.entitySet ?? name) }
}

/** @throws IsthmusError CONNECTOR_RESOURCE_UNKNOWN */
export function entitySetOf(model: ServiceModel, name: string): EntitySet {
  const set = model.sets.get(name)
  if (set !== undefined) return set
  throw new IsthmusError(
    'CONNECTOR_RESOURCE_UNKNOWN',
    `The service has no entity set "${name}": name one of its $metadata as entitySet.`,
  )
}

/**
 * @throws IsthmusError CONNECTOR_RESOURCE_UNKNOWN when the definition names a property that does not exist
 */
export function propertyOf({ type, name: set }: EntitySet, name: string): EdmProperty {
  const property = type.properties.get(name)
  if (property !== undefined) return property
  throw new IsthmusError(
    'CONNECTOR_RESOURCE_UNKNOWN',
    `The entity set ${set} has no property "${name}": correct the definition of the resource.`,
  )
}
