/** The account that a system responds as. */
import type { AccountVerdict } from '../admin-contract.ts'
import { appendJournal, type MemoryContext } from './tables.ts'

/** Implements `AdminStore.acceptAccount`. */
export function acceptAccount(context: MemoryContext, system: string, actor: string): AccountVerdict {
  const { fingerprints, seenFingerprints } = context.tables
  const before = fingerprints.get(system)
  const seen = seenFingerprints.get(system)
  if (before === undefined) return { kind: 'unknown' }
  if (seen === undefined || seen === before) return { kind: 'same', account: before }
  fingerprints.set(system, seen)
  const body = { acceptedAccount: system, before, seen }
  appendJournal(context, [{ kind: 'person', actor, body }])
  return { kind: 'accepted', before, account: seen }
}
