/** The change feed of a table: by transaction number, or by a timestamp column. */
import type { CallContext, ChangesResult } from '../../kit/contract.ts'
import { changesByColumn } from './changes-by-column.ts'
import { changesByTransaction } from './changes-by-transaction.ts'
import { readFailure, type TableOwner } from './table-owner.ts'

/** Returns the changes after the cursor. Never throws: a failure is no information. */
export async function changesAfter(
  owner: TableOwner,
  cursor: string | undefined,
  context: CallContext,
): Promise<ChangesResult> {
  const { changes } = owner.config
  try {
    return typeof changes === 'string'
      ? await changesByTransaction(owner, cursor, context)
      : await changesByColumn(owner, changes, { cursor, context })
  } catch (problem) {
    return { kind: 'unknown', failure: readFailure(owner, problem, 'Reading the changes of') }
  }
}
