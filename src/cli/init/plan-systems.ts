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
import { fromSample, parseSystem } from '../../runtime/init/sample/from-sample.ts'
import { loginsOf } from '../../runtime/init/sample/login.ts'

/** Flags that name systems and what is wanted of them. */
export interface DescribedOptions {
  /** REST systems by the address of a collection. */
  readonly system: readonly string[]
  readonly manifest: readonly string[]
  readonly id: readonly string[]
  readonly offline?: boolean
  readonly apiKey: readonly string[]
  readonly basic: readonly string[]
  readonly fields?: string
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

/** Reads records and descriptions, and proposes. @throws UsageError CLI_USAGE and what the readers throw */
export async function planDescribed(
  options: DescribedOptions,
  context: DescribedContext,
): Promise<DefinitionPlan> {
  const sources = sourcesOf(options)
  const samples = options.system.map(parseSystem)
  const names = [...samples, ...sources].map(({ name }) => name)
  assertNames(names, samples.length, sources.length)
  const systems = [
    ...(await sampledSystems(samples, options, context)),
    ...(await describedSystems(sources, options, context)),
  ]
  const resources = pairsOf(options.resource, '--resource', names)
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
  const fields = listOf(options.fields)
  const plan = planDefinition(pairs, { ...options, fields })
  assertUsable(plan)
  return plan
}

function listOf(names: string | undefined): readonly string[] {
  return (names ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function assertNames(names: readonly string[], samples: number, sources: number): void {
  if (sources === 0 && samples < 2)
    throw new UsageError(
      'CLI_USAGE',
      'name two or more systems, each once: --system crm=https://… --system erp=https://…',
    )
  if (new Set(names).size < names.length)
    throw new UsageError(
      'CLI_USAGE',
      `name each system once: ${names.join(', ')}; write --openapi crm=FILE and so on`,
    )
}

/** Systems by records of them. */
async function sampledSystems(
  samples: readonly ReturnType<typeof parseSystem>[],
  options: DescribedOptions,
  { environment, signal }: DescribedContext,
): Promise<readonly DescribedSystem[]> {
  const names = samples.map(({ name }) => name)
  const own = (flags: readonly string[]): readonly string[] =>
    flags.filter((text) => names.includes(text.split('=', 1)[0] ?? ''))
  const described = sourcesOf(options).length > 0
  // A token of a described system has a meaning of its own; any other name is a mistake.
  const token = described ? own(options.token) : options.token
  const logins = loginsOf({ token, apiKey: options.apiKey, basic: options.basic }, names, environment)
  const manifests = pairsOf(options.manifest, '--manifest', names)
  const ids = pairsOf(options.id, '--id', names)
  return Promise.all(
    samples.map((sample) =>
      fromSample({
        ...sample,
        login: logins.get(sample.name),
        manifest: manifests.get(sample.name),
        id: ids.get(sample.name),
        offline: options.offline === true,
        signal,
      }),
    ),
  )
}

/** Systems by their descriptions. */
async function describedSystems(
  sources: readonly NamedSource[],
  options: DescribedOptions,
  { directory, environment, signal }: DescribedContext,
): Promise<readonly DescribedSystem[]> {
  const names = sources.map(({ name }) => name)
  const sampled = new Set(options.system.map((text) => text.split('=', 1)[0]))
  const flags = options.token.filter((text) => !sampled.has(text.split('=', 1)[0]))
  const tokens = sources.length === 0 ? new Map<string, string>() : pairsOf(flags, '--token', names)
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
  return systems
}

function assertUsable({ fields, match, systems }: DefinitionPlan): void {
  if (fields.length === 0) {
    const unread = systems.flatMap(({ system, resource }) =>
      resource.sampled === 0 ? [`${system.name}: ${resource.notes[0] ?? 'nothing was read'}`] : [],
    )
    const what = systems.map(({ system, resource }) => `${resource.name} of ${system.name}`).join(' and ')
    throw new UsageError(
      'CLI_USAGE',
      unread.length > 0
        ? `no field is known: name them with --fields name,email,… (${unread.join('; ')})`
        : `no field of ${what} corresponds by name and type: name the fields with --fields, or other resources with --resource <system>=<name>`,
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
