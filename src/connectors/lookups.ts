/**
 * Lookups that built-in connectors answer in rules, by the connector's name. Apart from the registry: a definition can be compiled, and the store
 * opened, without loading a single connector.
 */
import { geocodeLookups } from './google-maps/lookups.ts'

const lookups: ReadonlyMap<string, readonly string[]> = new Map([['google-maps', geocodeLookups]])

/** Names of the lookups of a connector; undefined when it has none, or is no built-in one. */
export function builtInLookups(connector: string): readonly string[] | undefined {
  return lookups.get(connector)
}
