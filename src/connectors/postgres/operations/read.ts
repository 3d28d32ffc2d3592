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

/** Reads several rows from one snapshot. A row that is not in it does not exist. */
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

/** A row that can't be read says nothing about its own record, and nothing about the others. */
function observedOrFailed(owner: TableOwner, row: TextRow): ReadResult {
  try {
    return observedRow(row)
  } catch (problem) {
    return { kind: 'unknown', failure: { ...readFailure(owner, problem, 'Reading'), scope: 'record' } }
  }
}

/** A single invalid id must not fail the others. */
async function readOneByOne(
  owner: TableOwner,
  nativeIds: readonly string[],
  context: CallContext,
): Promise<readonly ReadResult[]> {
  const results: ReadResult[] = []
  for (const nativeId of nativeIds) results.push(await readOne(owner, nativeId, context))
  return results
}

/** Returns whether the key could not be parsed as a value. A view may fail on a column of an existing row. */
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
