/**
 * Full listings: pages of a query in the order of ids, or a bulk job when there is much to read.
 *
 * The order is that of ids, not of times of change: an id never changes, so a record that is edited while the listing runs is met exactly
 * once, and counting what came proves something. In the order of times such a record would come twice and hide one that is missing.
 */
import type { CallContext, ListEnd, ListedRecord } from '../../kit/contract.ts'
import { fitsAddress, unusable } from '../client.ts'
import { hasCode } from '../errors.ts'
import { listedRecord } from '../record.ts'
import { soqlText } from '../soql.ts'
import { bulkPages } from './bulk-query.ts'
import { type ObjectContext, type ReadableObject, readableObject } from './object-context.ts'
import { forgetIfStale } from './read.ts'

/** Records of one query; wide ones come in several answers. */
export const pageSize = 2_000
/** More pages than the largest org has. */
const pagesMax = 1_000_000

/** Hands on every record, and ends with the verdict whether that was everything. @throws the error that ended the listing */
export async function* listAll(
  owner: ObjectContext,
  context: CallContext,
): AsyncGenerator<readonly ListedRecord[], ListEnd> {
  try {
    const readable = await readableObject(owner, context)
    const before = await countAll(owner, context)
    const { bulk } = owner
    // An object with very many fields is listed by a job too: only its query may be that long.
    const isWide = !fitsAddress(keysetQuery(owner, readable, '0'.repeat(18)))
    const pages =
      bulk !== false && (isWide || before === undefined || before >= bulk.from)
        ? bulkPages(owner, { readable, bulk }, context)
        : keysetPages(owner, readable, context)
    let seen = 0
    for await (const page of pages) {
      seen += page.length
      // Also an empty one: it says that a bulk job is still at work.
      yield page
    }
    return verdict(seen, before, seen === before ? before : await countAll(owner, context))
  } catch (error) {
    forgetIfStale(owner, error)
    throw error
  }
}

/** Records may be created and deleted while the listing runs: the smaller of both counts has to have come. */
function verdict(seen: number, before: number | undefined, after: number | undefined): ListEnd {
  if (before === undefined || after === undefined) {
    return { complete: false, ended: true, reason: 'the org could not count the records in time' }
  }
  const expected = Math.min(before, after)
  if (seen >= expected) return { complete: true, expected }
  return { complete: false, reason: `${seen} records came, the system says it has ${expected}`, expected }
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

async function* keysetPages(
  owner: ObjectContext,
  readable: ReadableObject,
  context: CallContext,
): AsyncGenerator<readonly ListedRecord[]> {
  let last: string | undefined
  for (let page = 0; page < pagesMax; page += 1) {
    const { rows } = await owner.client.query(keysetQuery(owner, readable, last), context)
    const records = rows.map(listedRecord)
    if (records.length === 0) return
    const next = records.at(-1)?.rid
    if (next === last) throw unusable('a listing came to the same place twice')
    last = next
    yield records
    if (records.length < pageSize) return
  }
}

function keysetQuery({ object }: ObjectContext, { names }: ReadableObject, last: string | undefined): string {
  const after = last === undefined ? '' : ` WHERE Id > ${soqlText(last)}`
  return `SELECT ${names.join(',')} FROM ${object}${after} ORDER BY Id LIMIT ${pageSize}`
}
