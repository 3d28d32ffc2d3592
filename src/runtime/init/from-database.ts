/** Describes a system from the catalogue of a PostgreSQL database. */
import type { ResourceDescription } from '../../connectors/kit/description.ts'
import { connectSystem } from '../../connectors/registry.ts'
import { UsageError } from '../../model/errors.ts'
import { createClock } from '../clock.ts'
import type { DescribedResource, DescribedSystem, DescriptionSource } from './described-system.ts'

const timing = { readTimeoutMs: 15_000, writeTimeoutMs: 15_000, concurrency: 2 }

/**
 * @throws UsageError CONNECTOR_DESCRIPTION_UNUSABLE when the database does not respond or has no table with a
 *   key
 */
export async function fromDatabase(source: DescriptionSource): Promise<DescribedSystem> {
  const { schema, url } = splitSchema(source.from)
  const system = connectSystem(
    { name: source.name, connector: 'postgres', config: { url, schema, tables: {} }, timing },
    { clock: createClock() },
  )
  try {
    const described = await system.describe?.(undefined, { signal: source.signal, priority: 'hand' })
    if (described === undefined || described.kind === 'unknown') {
      const why = described === undefined ? 'it describes nothing' : described.failure.message
      throw new UsageError('CONNECTOR_DESCRIPTION_UNUSABLE', `The database can't be described: ${why}`)
    }
    const resources = described.resources.filter(({ key }) => key.length > 0).map(resourceOf)
    const withoutKey = withoutKeyNote(described.resources)
    if (resources.length === 0) {
      const what = `the schema ${schema} has no table with a primary key that this user may see${withoutKey === undefined ? '' : ` (${withoutKey})`}`
      throw new UsageError('CONNECTOR_DESCRIPTION_UNUSABLE', `The database can't be used: ${what}.`)
    }
    return {
      name: source.name,
      connector: 'postgres',
      section: { url: '{env:URL}', ...(schema === 'public' ? {} : { schema }) },
      resourcesIn: 'tables',
      variables: [{ name: 'URL', value: withoutPassword(url) }],
      resources,
      notes: withoutKey === undefined ? [] : [withoutKey],
    }
  } finally {
    await system.close()
  }
}

const namedMax = 20

/**
 * Tables that can't be proposed, because the database does not declare which columns identify a row: views,
 * and tables without a primary key.
 */
function withoutKeyNote(resources: readonly ResourceDescription[]): string | undefined {
  const names = resources.filter(({ key }) => key.length === 0).map(({ name }) => name)
  if (names.length === 0) return undefined
  const more = names.length > namedMax ? ` and ${names.length - namedMax} more` : ''
  return `views and tables without a primary key are omitted: ${names.slice(0, namedMax).join(', ')}${more}; to use one, name the columns that identify a row in tables.NAME.key, and set version: none and changes: none for a view`
}

/** Columns for which no field can be proposed, and what to do if they are needed. */
function columnNotes({ fields }: ResourceDescription): readonly string[] {
  const untyped = fields
    .filter(({ type }) => type === undefined)
    .map(({ path, nativeType }) => `${path[0]} (${nativeType})`)
  const local = fields.filter(
    ({ nativeType }) =>
      nativeType?.startsWith('timestamp') === true && nativeType.endsWith('without time zone'),
  )
  return [
    ...(untyped.length === 0
      ? []
      : [
          `no field is proposed for ${untyped.join(', ')}: no type fits every value; map a part by its path (details.city), or the whole with read and write`,
        ]),
    ...(local.length === 0
      ? []
      : [
          `${local.map(({ path }) => path[0]).join(', ')} have no zone and are read as UTC; if the application uses another zone, set timeZone here and in the mapping`,
        ]),
  ]
}

/** Splits `postgres://…/crm#sales`, which also names the schema. */
function splitSchema(from: string): { readonly url: string; readonly schema: string } {
  if (!/^postgres(?:ql)?:\/\//.test(from) || !URL.canParse(from))
    throw new UsageError(
      'CLI_USAGE',
      'a database is specified by a URL such as postgresql://user:password@host:5432/name',
    )
  const url = new URL(from)
  const schema = decodeURIComponent(url.hash.slice(1))
  url.hash = ''
  return { url: url.href, schema: schema === '' ? 'public' : schema }
}

function withoutPassword(address: string): string {
  const url = new URL(address)
  url.password = ''
  return url.href
}

const markerNames = /^(?:isthmus_id|external_?id|external_?(?:ref|reference)|client_?reference)$/i

function resourceOf(description: ResourceDescription): DescribedResource {
  const key = description.key.map((path) => String(path[0]))
  const keyFields = description.fields.filter(({ path }) => key.includes(String(path[0])))
  const marker = description.fields.find(
    ({ path, unique, type, creatable }) =>
      markerNames.test(String(path[0])) && unique === true && type?.kind === 'string' && creatable,
  )
  const madeByDatabase = keyFields.some((field) => !field.required)
  const notes: string[] = [...columnNotes(description)]
  if (marker === undefined && madeByDatabase)
    notes.push(
      'the database generates the key: with a text column for the Isthmus record id and a unique index on it (create: { as: marker }), a create can be repeated safely',
    )
  const create =
    marker !== undefined
      ? { as: 'marker', column: String(marker.path[0]) }
      : madeByDatabase
        ? { as: 'none' }
        : { as: 'key' }
  const changed = description.fields.find(
    ({ path, type }) =>
      type?.kind === 'instant' && /^(?:updated|modified|changed)_?(?:at|on)?$/i.test(String(path[0])),
  )
  return {
    name: description.name,
    description,
    settings: { key, create, ...(changed === undefined ? {} : { changedAt: String(changed.path[0]) }) },
    canCreate: true,
    canUpdate: description.fields.some((field) => field.updatable),
    conditional: true,
    notes,
  }
}
