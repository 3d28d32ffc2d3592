/** Finds a resource of a system by its name. */
import { suggestion } from '../../model/definition/nearest.ts'
import { UsageError } from '../../model/errors.ts'

/**
 * Returns the resource of this name. @throws UsageError CONNECTOR_RESOURCE_UNKNOWN naming the nearest known
 * one
 */
export function resourceNamed<Value>(
  resources: ReadonlyMap<string, Value>,
  name: string,
  system: string,
): Value {
  const resource = resources.get(name)
  if (resource === undefined) throw unknownResource(system, name, resources.keys())
  return resource
}

/** Creates the error for a name that matches no resource of the system. */
export function unknownResource(system: string, name: string, known: Iterable<string>): UsageError {
  const hint = suggestion(name, known)
  return new UsageError(
    'CONNECTOR_RESOURCE_UNKNOWN',
    `The system ${system} has no resource "${name}"${hint === undefined ? '' : ` (${hint})`}.`,
  )
}
