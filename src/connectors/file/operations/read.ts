import type { ReadResult } from '../../kit/contract.ts'
import { type FileOwner, fileFailure } from '../file-owner.ts'
import type { RecordSource } from '../record-source.ts'

/** Reads records by id, in the requested order. Never throws. */
export async function readAll(
  owner: FileOwner,
  source: RecordSource,
  nativeIds: readonly string[],
): Promise<readonly ReadResult[]> {
  try {
    return await source.read(nativeIds)
  } catch (problem) {
    const failure = fileFailure(problem, `Reading ${owner.resource}`)
    return nativeIds.map(() => ({ kind: 'unknown', failure }))
  }
}
