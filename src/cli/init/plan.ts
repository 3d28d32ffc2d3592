/** `isthmus init`: from flags to what the definition is written from. */
import { UsageError } from '../../model/errors.ts'

/** One system as the flags name it. */
export interface PlannedSystem {
  readonly name: string
  /** Address of the API, without the collection. */
  readonly url: string
  /** Path of the collection, with its slash. */
  readonly path: string
  /** Last segment of the path. */
  readonly resource: string
  /** A built-in manifest, when one was named. */
  readonly manifest?: string
  /** Property of the collection's records that identifies them. */
  readonly id: string
  /** Property of the collection's response that holds the list, when it is not the response itself. */
  readonly items?: string
  /** One record of it, when one could be fetched without credentials. */
  readonly sample?: Readonly<Record<string, unknown>>
  /** All records of that response. */
  readonly samples?: readonly Readonly<Record<string, unknown>>[]
}

export interface PlannedField {
  readonly name: string
  readonly type: 'string' | 'decimal' | 'boolean'
  /** Native path by system. */
  readonly paths: Readonly<Record<string, string>>
}

/** Everything that the files are written from. */
export interface InitPlan {
  readonly integration: string
  readonly entity: string
  readonly systems: readonly PlannedSystem[]
  readonly fields: readonly PlannedField[]
  /** Fields of each match rule; none for `match: never`. */
  readonly match: readonly (readonly string[])[]
  /** Fields that sound like a key, without evidence that they are one. */
  readonly perhaps: readonly string[]
}

const namePattern = /^[a-z][a-z0-9-]*$/

/** `crm=https://api.example.com/v1/users` → name, address and collection. @throws CLI_USAGE */
export function parseSystem(text: string): {
  readonly name: string
  readonly url: string
  readonly path: string
  readonly resource: string
} {
  const at = text.indexOf('=')
  const name = text.slice(0, Math.max(at, 0))
  if (!namePattern.test(name))
    throw new UsageError(
      'CLI_USAGE',
      `--system ${text}: write <name>=<url of the collection>, the name in lower case`,
    )
  const address = text.slice(at + 1)
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw new UsageError('CLI_USAGE', `--system ${name}: '${address}' is no http(s) address`)
  const url = new URL(address)
  const segments = url.pathname.split('/').filter((segment) => segment !== '')
  const resource = segments.at(-1)
  if (resource === undefined)
    throw new UsageError(
      'CLI_USAGE',
      `--system ${name}: the address must end with the collection, as in ${url.origin}/users`,
    )
  const base = segments.slice(0, -1).join('/')
  return { name, url: base === '' ? url.origin : `${url.origin}/${base}`, path: `/${resource}`, resource }
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

function typeOf(value: unknown): PlannedField['type'] | undefined {
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number') return 'decimal'
  return typeof value === 'string' ? 'string' : undefined
}

/**
 * Proposes fields: those asked for, or else every simple property that samples of all systems share by name, letter case and punctuation
 * aside. Ids are never proposed: they mean something in one system only.
 */
export function proposeFields(systems: readonly PlannedSystem[], wanted: readonly string[]): PlannedField[] {
  const [first, ...others] = systems
  if (first === undefined) return []
  if (wanted.length > 0) return wanted.map((name) => namedField(name, systems))
  return Object.entries(first.sample ?? {}).flatMap(([property, value]) => {
    const type = typeOf(value)
    if (type === undefined || property === first.id) return []
    const paths: Record<string, string> = { [first.name]: property }
    for (const system of others) {
      const twin = Object.keys(system.sample ?? {}).find(
        (name) => plain(name) === plain(property) && name !== system.id,
      )
      if (twin === undefined || typeOf(system.sample?.[twin]) === undefined) return []
      paths[system.name] = twin
    }
    return [{ name: camel(property), type, paths }]
  })
}

function namedField(name: string, systems: readonly PlannedSystem[]): PlannedField {
  const paths: Record<string, string> = {}
  let type: PlannedField['type'] = 'string'
  for (const system of systems) {
    const property = Object.keys(system.sample ?? {}).find((key) => plain(key) === plain(name)) ?? name
    type = typeOf(system.sample?.[property]) ?? type
    paths[system.name] = property
  }
  return { name: camel(name), type, paths }
}

function camel(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const joined = words
    .map((word, index) => (index === 0 ? word : word[0]?.toUpperCase() + word.slice(1)))
    .join('')
  return joined === '' ? 'field' : (joined[0]?.toLowerCase() ?? '') + joined.slice(1)
}

const keyNames = /e-?mail|number|code|sku/i
const sharedNames = /phone|mobile|fax|postal|post_?code|zip|country|currency|language/i

/**
 * Which field the systems are matched by: one that sounds like a key, that all records which were looked at have and no two of them share. One of
 * which nothing was seen, or that speaks against it, is only named.
 */
export function proposeMatch(
  systems: readonly PlannedSystem[],
  fields: readonly PlannedField[],
): Pick<InitPlan, 'match' | 'perhaps'> {
  const likely = fields.filter(({ name }) => keyNames.test(name) && !sharedNames.test(name))
  const proposed = likely.find((field) =>
    systems.every((system) => seemsUnique(system, field.paths[system.name])),
  )
  return {
    match: proposed === undefined ? [] : [[proposed.name]],
    perhaps: likely.map(({ name }) => name),
  }
}

/** Nothing speaks against it. */
function seemsUnique({ samples = [] }: PlannedSystem, path: string | undefined): boolean {
  const values = samples.map((record) => (path === undefined ? undefined : record[path]))
  const spelt = values.map((value) =>
    String(value ?? '')
      .trim()
      .toLowerCase(),
  )
  return spelt.length > 0 && spelt.every((value) => value !== '') && new Set(spelt).size === spelt.length
}
