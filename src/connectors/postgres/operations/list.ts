/**
 * Full listings from one snapshot: the counted rows are the listed ones, regardless of concurrent writes.
 *
 * Small tables are read through a cursor, large ones through COPY, both with memory bounded by a page: the
 * server waits while no page is requested. The snapshot is open for as long as the listing takes, and VACUUM
 * can't clean up newer versions until then.
 */
import { StringDecoder } from 'node:string_decoder'
import { to as copyTo } from 'pg-copy-streams'
import { IsthmusError, isIsthmusError } from '../../../model/errors.ts'
import type { CallContext, ListEnd, ListedRecord } from '../../kit/contract.ts'
import { readEach } from '../../kit/entries.ts'
import { judgedList, type ListPage } from '../../kit/list.ts'
import { unusable } from '../../kit/unusable.ts'
import type { Lease, TextRow } from '../client.ts'
import { isDataError } from '../failures.ts'
import { listedRow } from '../record.ts'
import { type BoundTable, from, isDeleted, shown } from '../statements.ts'
import { rowsByKey } from './rows-by-key.ts'
import { boundTable, readFailure, type TableOwner } from './table-owner.ts'

/** Counting more rows than this takes too long: the end of the snapshot is sufficient proof. */
const countedMax = 5_000_000
/** Maximum number of characters in one row of COPY. */
const rowMax = 64 * 1024 * 1024
/** How much is kept of a longer one. */
const keyMax = 16 * 1024

/** Yields every existing row. @throws IsthmusError CONNECTOR_TABLE_MISSING · POSTGRES_LIST_BROKEN */
export async function* listAll(
  owner: TableOwner,
  context: CallContext,
): AsyncGenerator<readonly ListedRecord[], ListEnd> {
  return yield* judgedList(pagesOf(owner, context), { paging: 'keyset' })
}

async function* pagesOf(owner: TableOwner, context: CallContext): AsyncGenerator<ListPage> {
  try {
    const bound = await boundTable(owner, context)
    const lease = await owner.client.lease(context.signal)
    let ended = false
    try {
      yield* snapshotPages(owner, bound, lease)
      ended = true
    } finally {
      lease.end(!ended)
    }
  } catch (problem) {
    if (isIsthmusError(problem)) throw problem
    const { message } = readFailure(owner, problem, 'Listing')
    throw new IsthmusError('POSTGRES_LIST_BROKEN', message, { cause: problem })
  }
}

async function* snapshotPages(owner: TableOwner, bound: BoundTable, lease: Lease): AsyncGenerator<ListPage> {
  const { session } = lease
  await session.query('begin transaction isolation level repeatable read read only')
  // The engine limits the wait for each page; the whole listing may take as long as the table requires.
  await session.query('set local statement_timeout = 0')
  const where = `from ${from(bound)} as t where not (${isDeleted(bound)})`
  const expected = await countedRows(bound, lease, where)
  const query = `select ${shown(bound)} ${where}`
  const pages =
    expected === undefined || expected > owner.copyFrom
      ? copiedPages(lease, query, owner.pageSize)
      : cursorPages(lease, query, owner.pageSize)
  let isFirst = true
  for await (const rows of bound.table.isView ? allOfView(owner, { bound, lease, where, pages }) : pages) {
    yield {
      ...readEach(rows, listedOrBare),
      ...(isFirst && expected !== undefined ? { expected } : {}),
    }
    isFirst = false
  }
  if (isFirst && expected !== undefined) yield { records: [], expected }
  await session.query('commit')
}

/** An expression of a view may fail on a row. The others are still listed. */
async function* allOfView(
  owner: TableOwner,
  view: {
    readonly bound: BoundTable
    readonly lease: Lease
    readonly where: string
    readonly pages: AsyncIterable<readonly TextRow[]>
  },
): AsyncGenerator<readonly TextRow[]> {
  const { session } = view.lease
  const listed = new Set<string>()
  await session.query('savepoint isthmus_view')
  try {
    for await (const rows of view.pages) {
      for (const { nativeId } of rows) if (nativeId !== null && nativeId !== undefined) listed.add(nativeId)
      yield rows
    }
  } catch (problem) {
    if (!isDataError(problem)) throw problem
    await session.query('rollback to savepoint isthmus_view')
    yield* rowsByKey({ ...view, pageSize: owner.pageSize, listed })
  }
}

/**
 * A row whose JSON can't be parsed still has its key: it is read by that, and its own lane reports the error.
 */
function listedOrBare(row: TextRow): ListedRecord {
  try {
    return listedRow(row)
  } catch (error) {
    if (row.nativeId === null || row.nativeId === undefined) throw error
    return { nativeId: row.nativeId, native: {} }
  }
}

async function countedRows(
  { table }: BoundTable,
  { session }: Lease,
  where: string,
): Promise<number | undefined> {
  if (table.estimate > countedMax) return undefined
  const { rows } = await session.query<{ count: string }>(`select count(*)::text as count ${where}`)
  const [row] = rows
  if (row === undefined) throw unusable('a count came back empty')
  return Number(row.count)
}

async function* cursorPages(
  { session }: Lease,
  query: string,
  pageSize: number,
): AsyncGenerator<readonly TextRow[]> {
  await session.query(`declare isthmus_list no scroll cursor for ${query}`)
  for (;;) {
    const { rows } = await session.query<TextRow>(`fetch forward ${pageSize} from isthmus_list`)
    if (rows.length === 0) return
    yield rows
  }
}

async function* copiedPages(
  { session }: Lease,
  query: string,
  pageSize: number,
): AsyncGenerator<readonly TextRow[]> {
  const stream = session.query(copyTo(`copy (${query}) to stdout`))
  const decoder = new StringDecoder('utf8')
  const line = new LineUnderWay()
  let rows: TextRow[] = []
  for await (const chunk of stream) {
    const [first = '', ...others] = decoder.write(chunk).split('\n')
    line.add(first)
    for (const next of others) {
      rows.push(line.end())
      line.add(next)
      if (rows.length < pageSize) continue
      yield rows
      rows = []
    }
  }
  if (line.isBegun) throw unusable('COPY ended within a row')
  if (rows.length > 0) yield rows
}

/**
 * One line of COPY, in the chunks in which it arrives. A line that is too long is kept only up to its
 * beginning, which contains the key.
 */
class LineUnderWay {
  #pieces: string[] = []
  #length = 0

  get isBegun(): boolean {
    return this.#length > 0
  }

  add(piece: string): void {
    if (this.#length <= rowMax) this.#pieces.push(piece)
    this.#length += piece.length
    if (this.#length > rowMax) this.#pieces = [this.#pieces.join('').slice(0, keyMax)]
  }

  end(): TextRow {
    const text = this.#pieces.join('')
    const row = this.#length > rowMax ? tooLong(text) : copiedRow(text)
    this.#pieces = []
    this.#length = 0
    return row
  }
}

/** A row of which only the key is known. */
function tooLong(beginning: string): TextRow {
  const key = beginning.indexOf('\t')
  const row = copiedRow(key === -1 ? '\\N' : beginning.slice(0, key))
  return { ...row, record: null }
}

/**
 * A line of COPY's text format: tabs between values, `\N` for null, escapes for characters that would be
 * ambiguous.
 */
function copiedRow(line: string): TextRow {
  const [nativeId, version, changed, deleted, record] = line.split('\t').map(copiedValue)
  return {
    nativeId: nativeId ?? null,
    version: version ?? null,
    changed: changed ?? null,
    deleted: deleted ?? null,
    record: record ?? null,
  }
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function copiedValue(text: string): string | null {
  if (text === '\\N') return null
  if (!text.includes('\\')) return text
  return text.replace(/\\(.)/gs, (_, character: string) => escapes[character] ?? character)
}
