/**
 * Finds objects by our marker or by values, with Stripe's search.
 *
 * Its index lags: usually under a minute, during outages up to an hour, which `searchLag` accounts for. Hits
 * are compared again here, since the index may contain values that an object no longer has.
 */
import { isLosslessNumber } from '../../../http/json.ts'
import { IsthmusError } from '../../../model/errors.ts'
import type { NativePath } from '../../../model/lens/spec.ts'
import type { CallContext, FindRequest, FindResult } from '../../kit/contract.ts'
import { readEach } from '../../kit/entries.ts'
import { isNativeRecord, textAt } from '../../kit/native.ts'
import { withMinorAmounts } from '../amounts.ts'
import { stripeFailure } from '../errors.ts'
import { expansion, listOf, type ResourceContext, received } from '../record.ts'

/** Maximum number of hits of one search. */
export const hitsMax = 100

interface Wanted {
  readonly path: NativePath
  readonly value: string
  readonly isText: boolean
}

/** Searches. Never throws: a failure is no information. */
export async function findObjects(
  owner: ResourceContext,
  request: FindRequest,
  context: CallContext,
): Promise<FindResult> {
  try {
    const wanted = wantedBy(owner, request)
    const query = { query: wanted.map(clause).join(' AND '), limit: hitsMax, ...expansion(owner, true) }
    const response = await owner.client.read({ route: `${owner.resource.path}/search` }, query, context)
    const { data, more } = listOf(response.data)
    const { records: objects, unreadable } = readEach(data, (value) =>
      received({ ...owner, amounts: 'minor' }, value),
    )
    const nativeIds = objects.flatMap((object) =>
      object.kind === 'record' && wanted.every((one) => fits(object.record.native, one))
        ? [object.record.nativeId]
        : [],
    )
    // An object that can't be read may be the one in question: finding none proves nothing then.
    return { kind: 'found', nativeIds: [...new Set(nativeIds)], capped: more || unreadable !== undefined }
  } catch (error) {
    return { kind: 'unknown', failure: stripeFailure(error) }
  }
}

function wantedBy(owner: ResourceContext, request: FindRequest): readonly Wanted[] {
  const { resource, marker, amounts } = owner
  if (request.by === 'marker') return [{ path: ['metadata', marker], value: request.recordId, isText: true }]
  const values =
    amounts === 'decimal' ? withMinorAmounts(request.values, resource.amounts, undefined) : request.values
  const wanted = Object.entries(values).flatMap(([name, value]): Wanted[] => {
    if (name === 'metadata' && isNativeRecord(value)) {
      return Object.entries(value).map(([key, inner]) => wantedAt(['metadata', key], inner))
    }
    if (resource.searchable.includes(name)) return [wantedAt([name], value)]
    throw notSearchable(resource.name, name)
  })
  if (wanted.length === 0) throw notSearchable(resource.name, 'nothing')
  return wanted
}

function wantedAt(path: NativePath, value: unknown): Wanted {
  if (typeof value === 'string' && value !== '') return { path, value, isText: true }
  if (
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    typeof value === 'boolean' ||
    isLosslessNumber(value)
  )
    return { path, value: value.toString(), isText: false }
  throw new IsthmusError('MAPPING_FAILED', `${path.join('.')} has no value that can be searched for`)
}

function notSearchable(resource: string, name: string): IsthmusError {
  return new IsthmusError(
    'MAPPING_FAILED',
    `Stripe can't search ${resource} by ${name}: give the entity a key in metadata, such as metadata.isthmus_id`,
  )
}

/**
 * `metadata['isthmus_id']:'…'`, `email:'…'`, `amount:1099`. A quote within a text is escaped with a
 * backslash.
 */
function clause({ path, value, isText }: Wanted): string {
  const [name, key] = path
  const field = key === undefined ? String(name) : `${name}[${quoted(String(key))}]`
  return `${field}:${isText ? quoted(value) : value}`
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, (character) => `\\${character}`)}'`
}

/** The search ignores case; the engine compares the hits exactly afterwards. */
function fits(native: unknown, { path, value }: Wanted): boolean {
  return textAt(native, path)?.toLowerCase() === value.toLowerCase()
}
