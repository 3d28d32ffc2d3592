import type { CallContext, RemoveRequest, WriteResult } from '../../kit/contract.ts'
import { archiving, from, hasKey, isDeleted, keyParts } from '../statements.ts'
import { boundTable, type TableOwner, writeResult } from './table-owner.ts'
import { missed, precondition, touched } from './written-row.ts'

/** Deletes a row, or marks it as deleted. */
export async function removeRow(
  owner: TableOwner,
  { nativeId, mode, ifVersion }: RemoveRequest,
  context: CallContext,
): Promise<WriteResult> {
  try {
    const bound = await boundTable(owner, context)
    const parts = keyParts(bound, nativeId)
    if (parts === undefined) return { kind: 'gone' }
    const values = [...parts, ...(ifVersion === undefined ? [] : [ifVersion])]
    const where = `${hasKey(bound, 1)}${precondition(bound, parts.length + 1, ifVersion)}`
    const sets = [archiving(bound), ...touched(bound, [])].join(', ')
    const text =
      mode === 'delete'
        ? `delete from ${from(bound)} as t where ${where} returning 1`
        : `update ${from(bound)} as t set ${sets} where ${where} and not (${isDeleted(bound)}) returning 1`
    const rows = await owner.client.write({ text, values }, context)
    return rows.length > 0 ? { kind: 'ok', nativeId } : await missed(owner, { nativeId, ifVersion }, context)
  } catch (problem) {
    return writeResult(owner, problem, 'Removing from')
  }
}
