/** Binds the systems of a definition individually, so that a problem with one does not hide the others. */
import { dirname } from 'node:path'
import type { ConnectedSystem } from '../../connectors/kit/contract.ts'
import type { Connector } from '../../connectors/kit/define-connector.ts'
import { connectSystem } from '../../connectors/registry.ts'
import { compileSystems } from '../../model/definition/compile-systems.ts'
import type { IntegrationDefinition } from '../../model/definition/schema/root.ts'
import type { SystemDefinition } from '../../model/definition/schema/systems.ts'
import { replaceReferences } from '../../model/definition/secret-references.ts'
import { isIsthmusError } from '../../model/errors.ts'
import { type Environment, resolveReferences } from '../config.ts'
import type { SharedCredentials } from '../shared-credentials.ts'
import { type CheckRow, rowOfError } from './check-row.ts'

export interface BindOptions {
  readonly definition: IntegrationDefinition
  /** Absolute path of the definition. */
  readonly source: string
  readonly environment: Environment
  /** Missing variables are warnings and are replaced by a placeholder: no calls are sent. */
  readonly offline: boolean
  readonly connectors?: readonly Connector[]
  /** Dependencies of the connectors. */
  readonly dependenciesOf: SharedCredentials['dependenciesOf']
  /** Excluded systems, which must not be called. @default none */
  readonly without?: ReadonlySet<string>
}

export interface BoundSystems {
  /** The systems that could be bound. */
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  readonly rows: readonly CheckRow[]
  close(): Promise<void>
}

/** A placeholder that is valid as a URL and as a secret, and does not resolve (RFC 2606). */
const standIn = 'https://not-set.invalid'

/** Resolves secrets and binds every system. Each failure is returned as a row. */
export function bindSystems(options: BindOptions): BoundSystems {
  const systems = new Map<string, ConnectedSystem>()
  const rows: CheckRow[] = []
  for (const [name, system] of Object.entries(options.definition.systems)) {
    if (options.without?.has(name) === true) continue
    const resolved = resolveSystem(options, name, system, rows)
    if (resolved === undefined) continue
    const bound = bind(options, name, resolved)
    if ('row' in bound) rows.push(bound.row)
    else systems.set(name, bound.system)
  }
  return {
    systems,
    rows,
    close: async () => void (await Promise.allSettled([...systems.values()].map((one) => one.close()))),
  }
}

function resolveSystem(
  options: BindOptions,
  name: string,
  system: SystemDefinition,
  rows: CheckRow[],
): SystemDefinition | undefined {
  const { environment, offline, source } = options
  const directory = dirname(source)
  const place = `systems.${name}`
  try {
    const resolved = resolveReferences(system, { environment, directory, place })
    if (countReferences(system) > 0)
      rows.push({
        level: 'ok',
        area: 'credentials',
        subject: name,
        message: 'all references are resolved',
      })
    return resolved
  } catch (error) {
    for (const message of problemsOf(error))
      rows.push({
        level: offline ? 'warning' : 'error',
        area: 'credentials',
        subject: name,
        message,
        hint: 'set the variable (in the environment, or in .env next to the definition), or create the file',
      })
    if (!offline) return undefined
  }
  try {
    return resolveReferences(system, { environment: withStandIns(system, environment), directory, place })
  } catch {
    // There is no placeholder for a missing file; the rows above name it.
    return undefined
  }
}

function problemsOf(error: unknown): readonly string[] {
  const problems = isIsthmusError(error) ? error.details.problems : undefined
  if (Array.isArray(problems)) return problems.map(String)
  return [error instanceof Error ? error.message : 'a reference could not be resolved']
}

function countReferences(system: SystemDefinition): number {
  let count = 0
  replaceReferences(JSON.stringify(system), () => {
    count += 1
    return ''
  })
  return count
}

function withStandIns(system: SystemDefinition, environment: Environment): Environment {
  const completed: Record<string, string | undefined> = { ...environment }
  replaceReferences(JSON.stringify(system), (reference) => {
    if (reference.kind === 'env' && !completed[reference.name]) completed[reference.name] = standIn
    return ''
  })
  return completed
}

function bind(
  options: BindOptions,
  name: string,
  system: SystemDefinition,
): { readonly system: ConnectedSystem } | { readonly row: CheckRow } {
  const settings = compileSystems({ [name]: system }).get(name)
  try {
    if (settings === undefined) throw new TypeError(`systems.${name} is empty`)
    return { system: connectSystem(settings, options.dependenciesOf(settings), options.connectors) }
  } catch (error) {
    return { row: rowOfError('definition', `systems.${name}`, error) }
  }
}
