/**
 * Systems that only provide lookups for rules: which lookups there are, and that such a system can't be part
 * of an entity.
 */
import type { EntityPlace } from './check-references.ts'
import { problem } from './finding.ts'
import type { Report } from './report.ts'
import type { IntegrationDefinition } from './schema/root.ts'

/** Lookups that a connector provides; undefined for one whose systems hold records. */
export type LookupsOf = (connector: string) => readonly string[] | undefined

/** The system that provides each lookup, by the lookup's name. */
export function compileLookups(
  { systems }: IntegrationDefinition,
  lookupsOf: LookupsOf,
  report: Report,
): ReadonlyMap<string, string> {
  const lookups = new Map<string, string>()
  for (const [system, { connector }] of Object.entries(systems)) {
    for (const lookup of lookupsOf(connector) ?? []) {
      const other = lookups.get(lookup)
      if (other === undefined) lookups.set(lookup, system)
      else {
        const message = `${other} and ${system} both define $${lookup}, so it is ambiguous`
        report(problem('policy', ['systems', system, 'connector'], message, 'leave one of them out'))
      }
    }
  }
  return lookups
}

/** Reports entities that include a system without records. */
export function sidesThatAreNone(
  { systems }: IntegrationDefinition,
  places: ReadonlyMap<string, EntityPlace>,
  { lookupsOf, report }: { readonly lookupsOf: LookupsOf | undefined; readonly report: Report },
): void {
  for (const { entity, namedAt } of places.values()) {
    for (const system of entity.systems.keys()) {
      const connector = systems[system]?.connector
      const lookups = connector === undefined ? undefined : lookupsOf?.(connector)
      if (lookups === undefined) continue
      const names = lookups.map((lookup) => `$${lookup}`).join(', ')
      const message = `${system} has no records: it only provides lookups for rules (${names})`
      report(problem('policy', namedAt(system), message, `use ${names} in a rule, and remove ${system} here`))
    }
  }
}
