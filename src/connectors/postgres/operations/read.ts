/** Reads by key: one row, or many with one statement. */
import type { CallContext, ReadResult } from '../../kit/contract.ts'
import type { TextRow } from '../client.ts'
import { isDataError } from '../failures.ts'
import { observedRow } from '../record.ts'
import { keyParts, keyStatement, readManyStatement, readStatement } from '../statements.ts'
import { boundTable, readFailure, type TableOwner } from './table-owner.ts'

/** Reads one row. Never throws: a failure is no information. */
export async function readOne(
  owner: TableOwner,
  nativeId: string,
  context: CallContext,
): Promise<ReadResult> {
  try {
    const bound = await boundTable(owner, context)
    const parts = keyParts(bound, nativeId)
    if (parts === undefined) return { kind: 'gone' }
    const [row] = await owner.client.read(readStatement(bound, parts), context)
    return row === undefined ? { kind: 'gone' } : observedRow(row)
  } catch (problem) {
    // A key that the column's type can't hold is the key of no row.
    if (isDataError(problem) && (await isNoKey(owner, nativeId, context))) return { kind: 'gone' }
    return { kind: 'unknown', failure: readFailure(owner, problem, 'Reading') }
  }
}

/** Reads many rows, one snapshot for all of them. What is not in it is not there. */
export async function readMany(
  owner: TableOwner,
  nativeIds: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  try {
    const bound = await boundTable(owner, context)
    const asked = nativeIds.flatMap((nativeId, place) => {
      const parts = keyParts(bound, nativeId)
      return parts === undefined ? [] : [{ parts, place }]
    })
    const statement = readManyStatement(
      bound,
      asked.map(({ parts }) => parts),
    )
    const rows = asked.length === 0 ? [] : await owner.client.read(statement, context)
    const found = new Map(
      rows.map((row) => [asked[Number(row.place) - 1]?.place, observedOrFailed(owner, row)] as const),
    )
    return nativeIds.map((_, place) => found.get(place) ?? { kind: 'gone' })
  } catch (problem) {
    if (isDataError(problem)) return readOneByOne(owner, nativeIds, context)
    const failure = readFailure(owner, problem, 'Reading')
    return nativeIds.map(() => ({ kind: 'unknown', failure }))
  }
}

/** A row that can't be read says nothing of its own record, and nothing of the others. */
function observedOrFailed(owner: TableOwner, row: TextRow): ReadResult {
  try {
    return observedRow(row)
  } catch (problem) {
    return { kind: 'unknown', failure: { ...readFailure(owner, problem, 'Reading'), scope: 'record' } }
  }
}

/** One id that is none must not take the others along. */
async function readOneByOne(
  owner: TableOwner,
  nativeIds: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  const results: ReadResult[] = []
  for (const nativeId of nativeIds) results.push(await readOne(owner, nativeId, context))
  return results
}

/** Whether it was the key that could not be read as a value. A view may fail on a column of a row that is there. */
async function isNoKey(owner: TableOwner, nativeId: string, context: CallContext): Promise<boolean> {
  try {
    const bound = await boundTable(owner, context)
    const parts = keyParts(bound, nativeId)
    if (parts === undefined) return true
    await owner.client.read(keyStatement(bound, parts), context)
    return false
  } catch (problem) {
    return isDataError(problem)
  }
}
