/**
 * Lookups that built-in connectors answer in rules, by the connector's name. Separate from the registry, so
 * that a definition can be compiled and the store opened without loading any connector.
 */
import { geocodeLookups } from './google-maps/lookups.ts'

const lookups: ReadonlyMap<string, readonly string[]> = new Map([['google-maps', geocodeLookups]])

/** Returns the names of a connector's lookups, or undefined when it has none or is not built in. */
export function builtInLookups(connector: string): readonly string[] | undefined {
  return lookups.get(connector)
}
