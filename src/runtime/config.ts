/**
 * Settings and secrets: the only reader of the environment and of secret files.
 *
 * Variables come from the process environment and from a `.env` file next to the definition; the process
 * environment takes precedence. All settings are validated at startup. Secrets are non-enumerable on the
 * settings, so that logging the settings cannot expose them.
 */
import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { isRole } from '../api/contract/permissions.ts'
import { pathText } from '../model/definition/finding.ts'
import { replaceReferences, type SecretReference } from '../model/definition/secret-references.ts'
import { IsthmusError } from '../model/errors.ts'
import { keyOfText } from './master-key/key-text.ts'
import type { VaultKeyOptions } from './master-key/vault-key.ts'
import { readServerSettings, type ServerSettings } from './server-settings.ts'
import { readSignInSettings, type SignInSettings } from './sign-in-settings.ts'

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Values of `ISTHMUS_LOG_LEVEL`. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
/** One of {@link logLevels}. */
export type LogLevel = (typeof logLevels)[number]

/** Settings of one process. */
export interface Settings extends ServerSettings, SignInSettings {
  /** `DATABASE_URL`: PostgreSQL to use. @default an embedded one under `dataDir`. Secret, non-enumerable. */
  readonly databaseUrl?: string
  /** `ISTHMUS_DATABASE_SCHEMA`: PostgreSQL schema of this integration. @default 'isthmus' */
  readonly databaseSchema: string
  /**
   * `ISTHMUS_DATA_DIR`: where the embedded PostgreSQL and local files are stored; absolute. @default
   * '.isthmus'
   */
  readonly dataDir: string
  /** `ISTHMUS_PORT`: port of the server; 0 selects a free one. @default 4780 */
  readonly port: number
  /** `ISTHMUS_HOST`: address the server listens on. @default '127.0.0.1', this machine only */
  readonly host: string
  /** `ISTHMUS_LOG_LEVEL`. @default 'info' */
  readonly logLevel: LogLevel
  /**
   * `ISTHMUS_KEY`: the master key, 32 bytes as base64 or hex; usually given as `ISTHMUS_KEY_FILE`. @default the
   * key in Vault, or a file in `keysDir` for the embedded database. Secret, non-enumerable.
   */
  readonly masterKey?: Uint8Array
  /**
   * `ISTHMUS_VAULT_KEY`, `VAULT_ADDR`, `VAULT_TOKEN` and `VAULT_NAMESPACE`: a master key in the Transit engine of
   * Vault or OpenBao. Secret, non-enumerable.
   */
  readonly vault?: VaultKeyOptions
  /**
   * `ISTHMUS_SEALING`: `off` stores the values of a new database as they are; a sealed one stays sealed. @default 'on'
   */
  readonly sealing: 'on' | 'off'
  /**
   * `ISTHMUS_ANCHOR_FILE`: where the ends of journal and audit trail are stored, on other storage than the database; absolute. @default nowhere
   */
  readonly anchorFile?: string
  /**
   * `ISTHMUS_KEYS_DIR`: where the master keys of embedded databases are created; absolute. @default
   * `isthmus/keys` in `XDG_CONFIG_HOME` or `~/.config`
   */
  readonly keysDir: string
  /**
   * `ISTHMUS_MAC_KEY`: 32 bytes as base64 or hex; the key of the hashes that are stored with values. Secret,
   * non-enumerable.
   */
  readonly macKey?: Uint8Array
}

const secretBytesMax = 65_536

/**
 * Returns the variables of this process, completed from `.env` in a directory.
 *
 * @throws CONFIG_INVALID when `.env` exists but can't be read
 */
export function loadEnvironment(directory: string, base: Environment = process.env): Environment {
  const file = join(directory, '.env')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return { ...base }
    throw new IsthmusError('CONFIG_INVALID', `${file} could not be read`, { cause: error })
  }
  return { ...parseEnv(text), ...base }
}

/** True if `NO_COLOR` requests plain text (with any non-empty value, see no-color.org). */
export function wantsNoColour(environment: Environment = process.env): boolean {
  return (environment.NO_COLOR ?? '') !== ''
}

/**
 * Reads and validates the settings; reports all invalid variables together, by name and never by value.
 *
 * @throws CONFIG_INVALID
 */
export function readSettings(environment: Environment, directory: string): Settings {
  const reader = variableReader(environment, directory)
  const { text, problems } = reader
  const { tls, ...server } = readServerSettings(reader)
  const { oidc, ...signIn } = readSignInSettings(reader, isRole)
  const anchorFile = reader.text('ISTHMUS_ANCHOR_FILE')
  const settings = {
    ...(anchorFile === undefined ? {} : { anchorFile: resolve(directory, anchorFile) }),
    ...server,
    ...signIn,
    databaseSchema: checked(reader, 'ISTHMUS_DATABASE_SCHEMA', {
      fallback: 'isthmus',
      problemOf: schemaProblem,
    }),
    dataDir: resolve(directory, text('ISTHMUS_DATA_DIR') ?? '.isthmus'),
    port: Number(checked(reader, 'ISTHMUS_PORT', { fallback: '4780', problemOf: portProblem })),
    host: checked(reader, 'ISTHMUS_HOST', { fallback: '127.0.0.1', problemOf: hostProblem }),
    logLevel: logLevel(reader),
    sealing: sealing(reader),
    keysDir: keysDirectory(reader, directory),
  }
  const databaseUrl = text('DATABASE_URL')
  if (databaseUrl !== undefined && !isDatabaseUrl(databaseUrl))
    problems.push('DATABASE_URL is not an address such as postgres://user:password@host:5432/database')
  const masterKey = keyBytes(reader, 'ISTHMUS_KEY')
  const vault = vaultKey(reader)
  const macKey = keyBytes(reader, 'ISTHMUS_MAC_KEY')
  if (problems.length > 0)
    throw new IsthmusError('CONFIG_INVALID', problems.join('; '), { details: { problems } })
  return Object.freeze(
    Object.defineProperties(settings, {
      ...hidden('databaseUrl', databaseUrl),
      ...hidden('masterKey', masterKey),
      ...hidden('vault', vault),
      ...hidden('macKey', macKey),
      ...hidden('tls', tls),
      ...hidden('oidc', oidc),
    }),
  )
}

function hidden(name: string, value: unknown): PropertyDescriptorMap {
  return value === undefined ? {} : { [name]: { value, enumerable: false } }
}

/** Reads variables by name and collects the problems. */
interface VariableReader {
  /**
   * A variable, or the content of the file that `NAME_FILE` names (for mounted secrets). Empty counts as not
   * set.
   */
  readonly text: (name: string) => string | undefined
  readonly problems: string[]
}

function variableReader(environment: Environment, directory: string): VariableReader {
  const problems: string[] = []
  const text = (name: string): string | undefined => {
    const value = environment[name]?.trim()
    if (value) return value
    const file = environment[`${name}_FILE`]?.trim()
    if (!file) return undefined
    const content = secretFile(file, directory)
    if (typeof content === 'string') return content
    problems.push(`${name}_FILE: ${content.problem}`)
    return undefined
  }
  return { text, problems }
}

type ProblemOf = (value: string) => string | undefined

function checked(
  reader: VariableReader,
  name: string,
  rule: { fallback: string; problemOf: ProblemOf },
): string {
  const value = reader.text(name) ?? rule.fallback
  const problem = rule.problemOf(value)
  if (problem !== undefined) reader.problems.push(`${name} ${problem}`)
  return value
}

function schemaProblem(value: string): string | undefined {
  return /^[a-z_][a-z0-9_]{0,62}$/.test(value) && !value.startsWith('pg_')
    ? undefined
    : 'is not a schema name of lower-case letters, digits and underscores'
}

function portProblem(value: string): string | undefined {
  return /^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? undefined : 'is not a port from 0 to 65535'
}

function hostProblem(value: string): string | undefined {
  return /^[A-Za-z0-9.:_-]+$/.test(value) ? undefined : 'is not a host name or address'
}

function isDatabaseUrl(value: string): boolean {
  return URL.canParse(value) && ['postgres:', 'postgresql:'].includes(new URL(value).protocol)
}

function logLevel({ text, problems }: VariableReader): LogLevel {
  const value = text('ISTHMUS_LOG_LEVEL')
  if (value === undefined) return 'info'
  const level = logLevels.find((known) => known === value.toLowerCase())
  if (level === undefined) problems.push(`ISTHMUS_LOG_LEVEL is not one of ${logLevels.join(', ')}`)
  return level ?? 'info'
}

function keyBytes({ text, problems }: VariableReader, name: string): Uint8Array | undefined {
  const value = text(name)
  if (value === undefined) return undefined
  const bytes = keyOfText(value)
  if (bytes !== undefined) return bytes
  problems.push(`${name}, or the file that ${name}_FILE names, does not hold 32 bytes as base64 or hex`)
  return undefined
}

function sealing({ text, problems }: VariableReader): Settings['sealing'] {
  const value = text('ISTHMUS_SEALING') ?? 'on'
  if (value !== 'on' && value !== 'off') problems.push('ISTHMUS_SEALING is neither on nor off')
  return value === 'off' ? 'off' : 'on'
}

function keysDirectory({ text }: VariableReader, directory: string): string {
  const chosen = text('ISTHMUS_KEYS_DIR')
  if (chosen !== undefined) return resolve(directory, chosen)
  return join(text('XDG_CONFIG_HOME') ?? join(homedir(), '.config'), 'isthmus', 'keys')
}

function vaultKey({ text, problems }: VariableReader): VaultKeyOptions | undefined {
  const key = text('ISTHMUS_VAULT_KEY')
  if (key === undefined) return undefined
  const address = text('VAULT_ADDR')
  const token = text('VAULT_TOKEN')
  const namespace = text('VAULT_NAMESPACE')
  if (address === undefined || token === undefined) {
    problems.push('ISTHMUS_VAULT_KEY is set, and VAULT_ADDR and VAULT_TOKEN are needed with it')
    return undefined
  }
  return { address, token, key, ...(namespace === undefined ? {} : { namespace }) }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** Returns the text of a secret file without its last line break, or the problem. */
function secretFile(file: string, directory: string): string | { readonly problem: string } {
  const path = isAbsolute(file) ? file : join(directory, file)
  try {
    if (statSync(path).size > secretBytesMax)
      return { problem: `${file} is larger than ${secretBytesMax} bytes` }
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    return {
      problem: isMissing(error) ? `the file ${file} does not exist` : `the file ${file} could not be read`,
    }
  }
}

/** Sources for resolving references, and the name of the section that contains them. */
export interface ReferenceHome {
  readonly environment: Environment
  /** Base directory of file paths. */
  readonly directory: string
  /** For messages: `systems`. */
  readonly place: string
}

/**
 * Resolves every `${env:…}` and `${file:…}` inside a value.
 *
 * @throws CONFIG_SECRET_MISSING naming every missing variable and file with the places that use it
 */
export function resolveReferences<T>(value: T, { environment, directory, place }: ReferenceHome): T {
  const missing = new Map<string, string[]>()
  const resolved = resolveIn(value, [place], (reference, path) => {
    const found = referenced(reference, environment, directory)
    if (typeof found === 'string') return found
    missing.set(found.problem, [...(missing.get(found.problem) ?? []), pathText(path)])
    return ''
  })
  if (missing.size > 0) {
    const problems = [...missing].map(([problem, places]) => `${problem} (used by ${places.join(', ')})`)
    throw new IsthmusError('CONFIG_SECRET_MISSING', problems.join('; '), { details: { problems } })
  }
  // The traversal preserves the structure: only texts are replaced by texts.
  return resolved as T
}

function referenced(
  reference: SecretReference,
  environment: Environment,
  directory: string,
): string | { readonly problem: string } {
  if (reference.kind === 'file') return secretFile(reference.file, directory)
  const value = environment[reference.name]
  if (value !== undefined && value !== '') return value
  return reference.fallback ?? { problem: `the variable ${reference.name} is not set` }
}

type Path = readonly (string | number)[]

function resolveIn(
  value: unknown,
  path: Path,
  resolveOne: (reference: SecretReference, path: Path) => string,
): unknown {
  if (typeof value === 'string') return replaceReferences(value, (reference) => resolveOne(reference, path))
  if (Array.isArray(value)) return value.map((inner, index) => resolveIn(inner, [...path, index], resolveOne))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, resolveIn(inner, [...path, key], resolveOne)]),
  )
}

/** Whether npx or an npm script started this process. */
export function isStartedByNpm(): boolean {
  return process.env.npm_command !== undefined
}
