/**
 * Full listings: pages of a query in the order of ids, or a bulk job when there is much to read.
 *
 * The order is by id, not by time of change: an id never changes, so a record that is edited while the
 * listing runs occurs exactly once, and the number of records is meaningful. In the order of times, such a
 * record would occur twice and hide a missing one.
 */
import type { CallContext, ListEnd, ListedRecord } from '../../kit/contract.ts'
import {
  addUnreadable,
  type ReadEntries,
  readEach,
  type UnreadableEntries,
  wordsOfUnreadable,
} from '../../kit/entries.ts'
import { unusable } from '../../kit/unusable.ts'
import { fitsAddress } from '../client.ts'
import { hasCode } from '../errors.ts'
import { listedRecord } from '../record.ts'
import { soqlText } from '../soql.ts'
import { bulkPages } from './bulk-query.ts'
import { type ObjectContext, type ReadableObject, readableObject } from './object-context.ts'
import { forgetIfStale } from './read.ts'

/** Records of one query; wide ones are split over several responses. */
export const pageSize = 2_000
/** More pages than the largest org has. */
const pagesMax = 1_000_000

/**
 * Yields every record, and returns whether the listing was complete. @throws the error that ended the listing
 */
export async function* listAll(
  owner: ObjectContext,
  context: CallContext,
): AsyncGenerator<readonly ListedRecord[], ListEnd> {
  try {
    const readable = await readableObject(owner, context)
    const counts: (number | undefined)[] = []
    const count = async (): Promise<number | undefined> => {
      const counted = await countAll(owner, context)
      counts.push(counted)
      return counted
    }
    let seen = 0
    let odd: UnreadableEntries | undefined
    for await (const { records, unreadable } of pagesOf(owner, { readable, count }, context)) {
      seen += records.length + (unreadable?.count ?? 0)
      odd = addUnreadable(odd, unreadable)
      // An empty one too: it indicates that a bulk job is still in progress.
      yield records
    }
    await count()
    return withUnreadable(verdict(seen, counts), odd)
  } catch (error) {
    forgetIfStale(owner, error)
    throw error
  }
}

/**
 * Records may be created and deleted while the listing runs: at least the smallest count has to be reached.
 */
function verdict(seen: number, counts: readonly (number | undefined)[]): ListEnd {
  const known = counts.filter((counted) => counted !== undefined)
  if (known.length < counts.length) {
    return { complete: false, ended: true, reason: 'the org could not count the records in time' }
  }
  const expected = Math.min(...known)
  if (seen >= expected) return { complete: true, expected }
  return { complete: false, reason: `${seen} records came, the system says it has ${expected}`, expected }
}

/**
 * An entry that can't be read may be any record, so missing records are read by id before they count as
 * missing.
 */
function withUnreadable(end: ListEnd, odd: UnreadableEntries | undefined): ListEnd {
  if (odd === undefined) return end
  const unreadable = odd.count
  return end.complete
    ? { ...end, complete: false, ended: true, reason: wordsOfUnreadable(odd), unreadable }
    : { ...end, unreadable }
}

/** The number of records that are not deleted; undefined when counting takes the org too long. */
async function countAll(
  { client, object }: ObjectContext,
  context: CallContext,
): Promise<number | undefined> {
  try {
    return (await client.query(`SELECT COUNT() FROM ${object}`, context)).totalSize
  } catch (error) {
    if (hasCode(error, 'QUERY_TIMEOUT', 'OPERATION_TOO_LARGE')) return undefined
    throw error
  }
}

interface Listing {
  readonly readable: ReadableObject
  readonly count: () => Promise<number | undefined>
}

/**
 * The first page is always read by a query, so that reading only a few records starts no job; a job, if
 * worthwhile, reads the rest. Only an object with more fields than fit an address is listed by a job from the
 * beginning.
 */
async function* pagesOf(
  owner: ObjectContext,
  { readable, count }: Listing,
  context: CallContext,
): AsyncGenerator<ReadEntries<ListedRecord>> {
  const { bulk } = owner
  const isWide = !fitsAddress(keysetQuery(owner, readable, { last: '0'.repeat(18), size: pageSize }))
  if (bulk !== false && isWide) {
    yield* bulkPages(owner, { readable, bulk, after: '' }, context)
    return
  }
  const size = bulk === false ? pageSize : Math.min(pageSize, bulk.from)
  const first = await keysetPage(owner, readable, { last: undefined, size }, context)
  const { last } = first
  if (last !== undefined) yield first
  if (last === undefined || first.isLast) return
  const counted = await count()
  if (bulk !== false && (counted === undefined || counted >= bulk.from)) {
    yield* bulkPages(owner, { readable, bulk, after: afterId(last) }, context)
    return
  }
  yield* keysetPages(owner, readable, last, context)
}

async function* keysetPages(
  owner: ObjectContext,
  readable: ReadableObject,
  from: string,
  context: CallContext,
): AsyncGenerator<ReadEntries<ListedRecord>> {
  let last = from
  for (let count = 0; count < pagesMax; count += 1) {
    const page = await keysetPage(owner, readable, { last, size: pageSize }, context)
    if (page.last === undefined) return
    if (page.last === last) throw unusable('a listing came to the same place twice')
    last = page.last
    yield page
    if (page.isLast) return
  }
}

/** The start of a page, and its maximum length. */
interface KeysetPlace {
  readonly last: string | undefined
  readonly size: number
}

interface KeysetPage extends ReadEntries<ListedRecord> {
  /** The id after which the next page begins; undefined for an empty page. */
  readonly last: string | undefined
  readonly isLast: boolean
}

/**
 * @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE for a page without any readable entry: there is no way
 *   past it
 */
async function keysetPage(
  owner: ObjectContext,
  readable: ReadableObject,
  place: KeysetPlace,
  context: CallContext,
): Promise<KeysetPage> {
  const { rows } = await owner.client.query(keysetQuery(owner, readable, place), context)
  const page = readEach(rows, listedRecord)
  const last = page.records.at(-1)?.nativeId
  if (last === undefined && page.unreadable !== undefined) throw unusable(wordsOfUnreadable(page.unreadable))
  return { ...page, last, isLast: rows.length < place.size }
}

function keysetQuery(
  { object }: ObjectContext,
  { names }: ReadableObject,
  { last, size }: KeysetPlace,
): string {
  const after = last === undefined ? '' : afterId(last)
  return `SELECT ${names.join(',')} FROM ${object}${after} ORDER BY Id LIMIT ${size}`
}

function afterId(last: string): string {
  return ` WHERE Id > ${soqlText(last)}`
}
