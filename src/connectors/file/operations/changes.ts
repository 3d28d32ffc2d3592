import type { ChangesResult } from '../../kit/contract.ts'
import { type FileOwner, fileFailure } from '../file-owner.ts'
import type { RecordSource } from '../record-source.ts'

/** Returns changes after a cursor. Never throws. */
export async function changesAfter(
  owner: FileOwner,
  source: RecordSource,
  cursor: string | undefined,
): Promise<ChangesResult> {
  const failed = (problem: unknown): ChangesResult => ({
    kind: 'unknown',
    failure: fileFailure(problem, `Reading the changes of ${owner.resource}`),
  })
  try {
    return (await source.changes?.(cursor)) ?? failed(undefined)
  } catch (problem) {
    return failed(problem)
  }
}
