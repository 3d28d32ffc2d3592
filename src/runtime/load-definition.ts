/** Finds, reads, validates and compiles the integration definition, with its secrets resolved. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { builtInLookups } from '../connectors/lookups.ts'
import {
  type Compilation,
  type CompileOptions,
  checkDefinition,
} from '../model/definition/compile-integration.ts'
import type { LookupsOf } from '../model/definition/compile-lookups.ts'
import { compileSystems } from '../model/definition/compile-systems.ts'
import { type Finding, refusedDefinition } from '../model/definition/finding.ts'
import { parseDefinition } from '../model/definition/parse-definition.ts'
import type { IntegrationDefinition } from '../model/definition/schema/root.ts'
import { IsthmusError } from '../model/errors.ts'
import type { Integration } from '../model/integration.ts'
import { type Environment, loadEnvironment, resolveReferences } from './config.ts'
import { shortHash } from './short-hash.ts'

/** File names that are tried, in this order. */
export const definitionFiles = [
  'isthmus.yaml',
  'isthmus.yml',
  'isthmus.config.ts',
  'isthmus.config.js',
] as const

/** Options for reading a definition. */
export interface LoadOptions {
  /** File to load. @default the first of {@link definitionFiles} in `directory` */
  readonly file?: string
  /** Directory that is searched, and that `file` is relative to. @default the working directory */
  readonly directory?: string
  /**
   * Variables for `${env:…}`. @default the process's variables, completed from `.env` next to the definition
   */
  readonly environment?: Environment
  /**
   * `keep` leaves `${…}` in the systems' configuration: for checks without credentials. @default 'resolve'
   */
  readonly secrets?: 'resolve' | 'keep'
  /** Lookups that a connector answers in rules. @default those of the built-in connectors */
  readonly lookups?: LookupsOf
}

/** A valid definition. */
export interface LoadedDefinition {
  /** The definition as it was written. */
  readonly definition: IntegrationDefinition
  /** The compiled definition, with secrets resolved unless `keep` was given. */
  readonly integration: Integration
  /** Absolute path of the file. */
  readonly source: string
  /** Warnings; errors are thrown. */
  readonly findings: readonly Finding[]
}

/**
 * Loads the definition.
 *
 * @throws DEFINITION_NOT_FOUND, DEFINITION_UNREADABLE, DEFINITION_INVALID (all findings by `findingsOf`),
 *   CONFIG_SECRET_MISSING
 */
export async function loadDefinition(options: LoadOptions = {}): Promise<LoadedDefinition> {
  const directory = resolve(options.directory ?? '.')
  const source = findDefinition(directory, options.file)
  const { findings, definition, integration } = await readDefinition(source, options)
  if (definition === undefined || integration === undefined) throw refusedDefinition(source, findings)
  const home = dirname(source)
  if (options.secrets === 'keep') return { definition, integration, source, findings }
  const environment = options.environment ?? loadEnvironment(home)
  const systems = compileSystems(
    resolveReferences(definition.systems, { environment, directory: home, place: 'systems' }),
  )
  return { definition, integration: { ...integration, systems }, source, findings }
}

/**
 * Checks a definition without running it: returns all findings including errors, and resolves no secrets.
 *
 * @throws DEFINITION_NOT_FOUND, DEFINITION_UNREADABLE
 */
export async function inspectDefinition(
  options: LoadOptions = {},
): Promise<Compilation & { readonly source: string }> {
  const source = findDefinition(resolve(options.directory ?? '.'), options.file)
  return { ...(await readDefinition(source, options)), source }
}

function findDefinition(directory: string, file: string | undefined): string {
  const wanted = file === undefined ? definitionFiles : [file]
  const found = wanted.map((name) => resolve(directory, name)).find((path) => existsSync(path))
  if (found !== undefined) return found
  const message =
    file === undefined
      ? `${directory} has none of ${wanted.join(', ')}`
      : `${join(directory, file)} is not there`
  throw new IsthmusError('DEFINITION_NOT_FOUND', message)
}

async function readDefinition(
  source: string,
  { lookups = builtInLookups }: LoadOptions,
): Promise<Compilation> {
  const options: CompileOptions = {
    hash: shortHash,
    source,
    lookups,
  }
  if (/\.(ya?ml|json)$/.test(source)) return parseDefinition(readText(source), options)
  return checkDefinition(await importDefinition(source), options)
}

function readText(source: string): string {
  try {
    return readFileSync(source, 'utf8')
  } catch (error) {
    throw new IsthmusError('DEFINITION_UNREADABLE', `${source} could not be read`, { cause: error })
  }
}

async function importDefinition(source: string): Promise<unknown> {
  let module: unknown
  try {
    module = await import(pathToFileURL(source).href)
  } catch (error) {
    throw new IsthmusError('DEFINITION_UNREADABLE', `${source} could not be run`, { cause: error })
  }
  if (typeof module === 'object' && module !== null && 'default' in module) return module.default
  throw new IsthmusError(
    'DEFINITION_UNREADABLE',
    `${source} has no default export: export default defineIntegration({ … })`,
  )
}
