/** Chooses the resource of each described system that most likely corresponds to the entity. */
import { suggestion } from '../../model/definition/nearest.ts'
import { UsageError } from '../../model/errors.ts'
import { pathSimilarity } from '../proposals/field-names.ts'
import { proposeMapping } from '../proposals/propose-mapping.ts'
import type { DescribedResource, DescribedSystem } from './described-system.ts'

/**
 * Comparing two resources costs the product of their numbers of fields; for large APIs, only this many are
 * compared.
 */
const comparedMax = 60

/**
 * Chooses one resource per system: the named one, or else the one with the name of the entity, or else the
 * one that has most in common with the previous systems.
 *
 * @param named resource by system
 * @throws UsageError CLI_USAGE for a name that the system does not have
 */
export function chooseResources(
  systems: readonly DescribedSystem[],
  entity: string,
  named: ReadonlyMap<string, string>,
): ReadonlyMap<string, DescribedResource> {
  const chosen = new Map<string, DescribedResource>()
  for (const system of systems) {
    const wanted = named.get(system.name)
    if (wanted !== undefined) chosen.set(system.name, byName(system, wanted))
  }
  for (const system of systems) {
    if (chosen.has(system.name)) continue
    const called = best(system.resources, ({ name }) => pathSimilarity([name], [entity]))
    const before = [...chosen.values()]
    const resource =
      called !== undefined && called.score >= 0.7
        ? called.resource
        : (best(system.resources.slice(0, comparedMax), (one) => inCommon(one, before, entity))?.resource ??
          system.resources[0])
    if (resource !== undefined) chosen.set(system.name, resource)
  }
  return chosen
}

function byName({ name, resources }: DescribedSystem, wanted: string): DescribedResource {
  const found = resources.find((one) => one.name === wanted)
  if (found !== undefined) return found
  const hint = suggestion(
    wanted,
    resources.map((one) => one.name),
  )
  const known = resources
    .slice(0, 20)
    .map((one) => one.name)
    .join(', ')
  throw new UsageError(
    'CLI_USAGE',
    `--resource ${name}=${wanted}: ${name} has no such resource${hint === undefined ? '' : ` (${hint})`}; it has ${known}`,
  )
}

function best(
  resources: readonly DescribedResource[],
  scoreOf: (resource: DescribedResource) => number,
): { readonly resource: DescribedResource; readonly score: number } | undefined {
  const scored = resources
    .map((resource) => ({ resource, score: scoreOf(resource) }))
    .filter(({ score }) => score > 0)
  return scored.reduce<(typeof scored)[number] | undefined>(
    (top, one) => (top === undefined || one.score > top.score ? one : top),
    undefined,
  )
}

const weights = { high: 1, medium: 0.5, low: 0.1 } as const

function inCommon(resource: DescribedResource, before: readonly DescribedResource[], entity: string): number {
  const shared = before
    .flatMap((other) => proposeMapping(other.description, resource.description, [entity]).pairs)
    .reduce((sum, { confidence }) => sum + weights[confidence], 0)
  return shared + pathSimilarity([resource.name], [entity]) * 2
}
