import { isUnreadable } from '../model/unreadable-row.ts'
import type { Unstorable } from './pass-contract.ts'

/** Reads the result of one item of a batch. A stored row that can't be read fails this item, and no other. */
export function unlessUnreadable<Out>(read: () => Out): Out | Unstorable {
  try {
    return read()
  } catch (error) {
    if (isUnreadable(error)) return { kind: 'unstorable', error }
    throw error
  }
}
