import type { Resource } from '../../kit/contract.ts'
import { startBeforeOf, type Write } from './file-write.ts'

/** Deletes rows. */
export function removes(write: Write): Pick<Resource, 'remove'> {
  return {
    remove: ({ nativeId, ifVersion }, context) =>
      write({ kind: 'delete', nativeId, ifVersion, startBefore: startBeforeOf(context) }),
  }
}
