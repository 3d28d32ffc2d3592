import type { Resource } from '../../kit/contract.ts'
import { startBeforeOf, type Write } from './file-write.ts'

/** Changes rows, one by one or several at once. */
export function updates(write: Write): Pick<Resource, 'update' | 'updateMany'> {
  const update: NonNullable<Resource['update']> = ({ nativeId, patch, base, ifVersion }, context) =>
    write({ kind: 'update', nativeId, patch, base, ifVersion, startBefore: startBeforeOf(context) })
  return {
    update,
    updateMany: (requests, context) => Promise.all(requests.map((request) => update(request, context))),
  }
}
