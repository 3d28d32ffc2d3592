import type { CallContext, RestoreRequest, WriteResult } from '../../kit/contract.ts'
import { from, hasKey, isDeleted, keyParts, unarchiving } from '../statements.ts'
import { readOne } from './read.ts'
import { boundTable, type TableOwner, writeResult } from './table-owner.ts'
import { touched } from './written-row.ts'

/** Restores a row that is marked as deleted. */
export async function restoreRow(
  owner: TableOwner,
  { nativeId }: RestoreRequest,
  context: CallContext,
): Promise<WriteResult> {
  try {
    const bound = await boundTable(owner, context)
    const parts = keyParts(bound, nativeId)
    if (parts === undefined) return { kind: 'gone' }
    const sets = [unarchiving(bound), ...touched(bound, [])].join(', ')
    const text = `update ${from(bound)} as t set ${sets} where ${hasKey(bound, 1)} and ${isDeleted(bound)} returning 1`
    const rows = await owner.client.write({ text, values: parts }, context)
    if (rows.length > 0) return { kind: 'ok', nativeId }
    const read = await readOne(owner, nativeId, context)
    // A row without the mark needs no restore.
    if (read.kind === 'live') return { kind: 'ok', nativeId }
    return read.kind === 'gone' ? read : { kind: 'not-sent', failure: read.failure }
  } catch (problem) {
    return writeResult(owner, problem, 'Restoring in')
  }
}
