/**
 * Reads the rows of a view of which some raise an error: the keys are listed first, and the rows are read by
 * their keys, in smaller groups around those that fail. A failing row is listed by its key alone, so that it
 * is read by id and its own failure reports the cause.
 */
import type { Lease, TextRow } from '../client.ts'
import { isDataError } from '../failures.ts'
import { type BoundTable, keyParts, nativeIdOf, readManyStatement } from '../statements.ts'

/** With more failing rows than this, the view itself is considered to fail: the error is thrown. */
const failingMax = 1_000

export interface RowsByKey {
  readonly bound: BoundTable
  readonly lease: Lease
  /** `from … where …` of the listing. */
  readonly where: string
  readonly pageSize: number
  /** Ids that were already yielded. */
  readonly listed: ReadonlySet<string>
}

/**
 * Yields pages of rows; a failing row has only its key. Runs in the transaction of the session and uses
 * savepoints.
 */
export async function* rowsByKey({
  bound,
  lease,
  where,
  pageSize,
  listed,
}: RowsByKey): AsyncGenerator<readonly TextRow[]> {
  const { session } = lease
  let failing = 0
  const read = async (ids: readonly string[]): Promise<readonly TextRow[]> => {
    if (ids.length === 0) return []
    await session.query('savepoint isthmus_part')
    try {
      const keys = ids.flatMap((id) => {
        const parts = keyParts(bound, id)
        return parts === undefined ? [] : [parts]
      })
      const { text, values } = readManyStatement(bound, keys)
      const { rows } = await session.query<TextRow>(text, [...values])
      return rows
    } catch (problem) {
      if (!isDataError(problem)) throw problem
      await session.query('rollback to savepoint isthmus_part')
      const [only = ''] = ids
      if (ids.length > 1) {
        const middle = ids.length >> 1
        return [...(await read(ids.slice(0, middle))), ...(await read(ids.slice(middle)))]
      }
      failing += 1
      if (failing > failingMax) throw problem
      return [bareRow(only)]
    }
  }
  await session.query(
    `declare isthmus_keys no scroll cursor for select ${nativeIdOf(bound)} as "nativeId" ${where}`,
  )
  for (;;) {
    const { rows } = await session.query<TextRow>(`fetch forward ${pageSize} from isthmus_keys`)
    if (rows.length === 0) return
    const withoutKey = rows.filter(({ nativeId }) => nativeId === null)
    const ids = rows.flatMap(({ nativeId }) =>
      nativeId === null || nativeId === undefined || listed.has(nativeId) ? [] : [nativeId],
    )
    yield [...withoutKey, ...(await read(ids))]
  }
}

function bareRow(nativeId: string): TextRow {
  return { nativeId, version: null, changed: null, deleted: null, record: null }
}
