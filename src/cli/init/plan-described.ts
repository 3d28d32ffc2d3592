/** `isthmus init` with descriptions: from flags to a plan. */
import { UsageError } from '../../model/errors.ts'
import type { Environment } from '../../runtime/config.ts'
import { chooseResources } from '../../runtime/init/choose-resources.ts'
import {
  type DescriptionKind,
  describeSystem,
  descriptionKinds,
  standInFor,
} from '../../runtime/init/describe-systems.ts'
import type { DescribedSystem } from '../../runtime/init/described-system.ts'
import { type DefinitionPlan, planDefinition } from '../../runtime/init/plan-definition.ts'

/** Flags that name descriptions. */
export interface DescribedOptions {
  readonly openapi: readonly string[]
  readonly metadata: readonly string[]
  readonly database: readonly string[]
  readonly graphql: readonly string[]
  readonly resource: readonly string[]
  readonly token: readonly string[]
  readonly integration: string
  readonly entity: string
  readonly match?: string
}

/** Where files are, and what the environment holds. */
export interface DescribedContext {
  readonly directory: string
  readonly environment: Environment
  readonly signal: AbortSignal
}

interface NamedSource {
  readonly kind: DescriptionKind
  readonly name: string
  readonly from: string
}

/** True when a flag names a description. */
export function hasDescriptions(options: DescribedOptions): boolean {
  return sourcesOf(options).length > 0
}

function sourcesOf(options: DescribedOptions): readonly NamedSource[] {
  const sources: NamedSource[] = []
  for (const [kind, { name: usual }] of Object.entries(descriptionKinds)) {
    for (const text of options[kind as DescriptionKind]) {
      const [, given, from = text] = /^([a-z][a-z0-9-]*)=(.+)$/s.exec(text) ?? []
      const same = sources.filter(({ name }) => name === usual || name.startsWith(`${usual}-`)).length
      sources.push({
        kind: kind as DescriptionKind,
        name: given ?? (same === 0 ? usual : `${usual}-${same + 1}`),
        from,
      })
    }
  }
  return sources
}

/** Reads the descriptions and proposes. @throws UsageError CLI_USAGE and what the readers throw */
export async function planDescribed(
  options: DescribedOptions,
  { directory, environment, signal }: DescribedContext,
): Promise<DefinitionPlan> {
  const sources = sourcesOf(options)
  const names = sources.map(({ name }) => name)
  if (new Set(names).size < names.length)
    throw new UsageError(
      'CLI_USAGE',
      `name each system once: ${names.join(', ')}; write --openapi crm=FILE and so on`,
    )
  const tokens = pairsOf(options.token, '--token', names)
  const resources = pairsOf(options.resource, '--resource', names)
  const systems: DescribedSystem[] = []
  for (const { kind, name, from } of sources) {
    const variable = tokens.get(name)
    const token = variable === undefined ? undefined : environment[variable]
    if (variable !== undefined && (token === undefined || token === ''))
      throw new UsageError(
        'CLI_USAGE',
        `--token ${name}=${variable}: there is no variable ${variable} in the environment`,
      )
    systems.push(await describeSystem(kind, { name, from, directory, token, signal }))
  }
  const chosen = chooseResources(systems, options.entity, resources)
  const pairs = systems.flatMap((system) => {
    const resource = chosen.get(system.name)
    return resource === undefined ? [] : [{ system, resource }]
  })
  const [only, ...others] = pairs
  if (only !== undefined && others.length === 0) {
    const system = standInFor(only.resource)
    const [resource] = system.resources
    if (resource !== undefined) pairs.push({ system, resource })
  }
  const plan = planDefinition(pairs, options)
  assertUsable(plan)
  return plan
}

function assertUsable({ fields, match, systems }: DefinitionPlan): void {
  if (fields.length === 0) {
    const what = systems.map(({ system, resource }) => `${resource.name} of ${system.name}`).join(' and ')
    throw new UsageError(
      'CLI_USAGE',
      `no field of ${what} goes together by name and type: name the resources with --resource <system>=<name>`,
    )
  }
  const unknown = match.flat().find((wanted) => !fields.some(({ name }) => name === wanted))
  if (unknown !== undefined)
    throw new UsageError(
      'CLI_USAGE',
      `--match ${unknown}: it is not among the fields ${fields.map(({ name }) => name).join(', ')}`,
    )
}

function pairsOf(
  flags: readonly string[],
  flag: string,
  names: readonly string[],
): ReadonlyMap<string, string> {
  return new Map(
    flags.map((text) => {
      const at = text.indexOf('=')
      const name = at === -1 ? (names[0] ?? '') : text.slice(0, at)
      if (!names.includes(name) || (at === -1 && names.length > 1))
        throw new UsageError(
          'CLI_USAGE',
          `${flag} ${text}: write <system>=<value> with one of ${names.join(', ')}`,
        )
      return [name, text.slice(at + 1)]
    }),
  )
}
