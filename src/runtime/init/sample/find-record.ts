/**
 * Detects how an unknown API represents one record: its id, URL, wrapper, version, and allowed operations.
 */
import { textAt } from '../../../connectors/kit/native.ts'
import type { NativeRecord } from '../../../model/values.ts'
import { findRecord, plain } from './list-shape.ts'
import type { SampleClient } from './sample-client.ts'

/** Result of reading one record of the list. */
export interface FoundRecord {
  readonly id: string
  /** Undefined if no record could be read by its id. */
  readonly envelope?: readonly string[]
  readonly etag?: string
  /** Methods that the API allows on one record, and on the collection, if it reports them. */
  readonly methods?: ReadonlySet<string>
  readonly collectionMethods?: ReadonlySet<string>
  readonly mergesPatches: boolean
  readonly notes: readonly string[]
}

/** Reads the first record by its id. @param given the id property that the user named */
export async function findRecordFacts(
  client: SampleClient,
  {
    path,
    records,
    resource,
    given,
  }: {
    readonly path: string
    readonly records: readonly NativeRecord[]
    readonly resource: string
    readonly given: string | undefined
  },
): Promise<FoundRecord> {
  const candidates = given === undefined ? idCandidates(records, resource) : [given]
  const nothing: FoundRecord = { id: candidates[0] ?? 'id', mergesPatches: false, notes: [] }
  const [first] = records
  if (first === undefined) return nothing
  for (const id of candidates) {
    const value = textAt(first, id.split('.'))
    if (value === undefined) continue
    const item = `${path}/${encodeURIComponent(value)}`
    const one = await client.get(item)
    const envelope = one?.status === 200 ? findRecord(one.body, id.split('.'), value) : undefined
    if (one === undefined || envelope === undefined) continue
    const response = await client.options(item)
    const collection = await client.options(path)
    const { etag } = one.headers
    const methods = allowed(response?.headers.allow)
    const collectionMethods = allowed(collection?.headers.allow)
    return {
      id,
      envelope,
      ...(etag === undefined ? {} : { etag }),
      ...(methods === undefined ? {} : { methods }),
      ...(collectionMethods === undefined ? {} : { collectionMethods }),
      mergesPatches: /merge-patch/.test(response?.headers['accept-patch'] ?? ''),
      notes: [],
    }
  }
  const note =
    candidates.length === 0
      ? `no property of the records looks like an id: name it with --id SYSTEM=PROPERTY`
      : `${path}/{id} did not return the record when requested by ${candidates.join(', ')}: see item and id of the manifest`
  return { ...nothing, notes: [note] }
}

/** Properties whose names say nothing are tried too, since reading a record shows whether it is its id. */
const othersTried = 3

/** Returns properties that all records have with distinct values, the most likely first. */
function idCandidates(records: readonly NativeRecord[], resource: string): readonly string[] {
  const [first] = records
  if (first === undefined) return []
  const singular = plain(resource).replace(/ies$/, 'y').replace(/s$/, '')
  const usual = [
    'id',
    'uid',
    'uuid',
    'guid',
    `${singular}id`,
    'key',
    `${singular}number`,
    `${singular}no`,
    'number',
    'code',
    'slug',
  ]
  const keys = Object.keys(first)
  const valuesOf = (key: string) => records.map((record) => textAt(record, [key]))
  const named = usual
    .flatMap((name) => keys.filter((key) => plain(key) === name))
    .filter((key) => isUnique(valuesOf(key)))
  const others = keys.filter((key) => !named.includes(key) && isUnique(valuesOf(key), isToken))
  return [...named.slice(0, 4), ...others.slice(0, othersTried)]
}

/** Neither an address, nor words, nor a time. */
function isToken(value: string): boolean {
  return /^[\w.:-]{1,64}$/.test(value) && !/^\d{4}-\d\d-\d\d/.test(value)
}

function isUnique(
  values: readonly (string | undefined)[],
  fits: (value: string) => boolean = () => true,
): boolean {
  return values.every((value) => value !== undefined && fits(value)) && new Set(values).size === values.length
}

function allowed(header: string | undefined): ReadonlySet<string> | undefined {
  if (header === undefined) return undefined
  const methods = header.split(',').map((method) => method.trim().toUpperCase())
  return methods.includes('GET') ? new Set(methods) : undefined
}
