/**
 * Duplicates depend on match keys and counterparts: they are updated in the transaction that changes either.
 */
import type { Decision, MemberUpdate, RecordUpdate } from '../contract.ts'
import type { OpenMatters } from '../duplicates-contract.ts'
import type { PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import { findOpenMatters } from './sql/find-open-matters.ts'
import { markDirty } from './sql/mark-dirty.ts'
import { type KeyRow, replaceKeys } from './sql/match-keys.ts'
import { closeDuplicates, findCrossing, openDuplicates } from './sql/refresh-duplicates.ts'

/**
 * Replaces the keys of these records. Returns the records whose duplicates are affected, for {@link
 * refreshDuplicates}.
 */
export async function changeKeys(
  session: Session,
  recordIds: readonly string[],
  keys: readonly KeyRow[],
): Promise<readonly string[]> {
  if (recordIds.length === 0) return []
  const before = await findCrossing(session, recordIds)
  await replaceKeys(session, recordIds, keys)
  const after = await findCrossing(session, recordIds)
  return [...new Set([...recordIds, ...before, ...after])]
}

/**
 * Opens and closes the duplicates of these records. Work that a closed one blocked continues: both of its
 * records are due.
 */
export async function refreshDuplicates(session: Session, recordIds: readonly string[]): Promise<void> {
  if (recordIds.length === 0) return
  await openDuplicates(session, recordIds)
  const ended = await closeDuplicates(session, recordIds)
  await markDirty(
    session,
    ended.flatMap(({ record_id: one, other_id: other }) => [
      { recordId: one, system: '*', cause: 'record' as const },
      { recordId: other, system: '*', cause: 'record' as const },
    ]),
  )
}

/** Implements `Store.openMatters`. */
export async function openMatters(
  context: PostgresContext,
  query: Parameters<typeof findOpenMatters>[1],
): Promise<OpenMatters> {
  const session = context.database.session('looking for what is undecided')
  const { duplicates, ...rest } = await findOpenMatters(session, query)
  return {
    ...rest,
    duplicates: duplicates.map(({ survivorId, ...pair }) => ({
      ...pair,
      ...(survivorId === null ? {} : { survivorId }),
    })),
  }
}

/**
 * True for a commit after which a record may share a key, or a system, with others than before. Most commits
 * only change values.
 */
export function changesIdentity(item: {
  readonly matchKeys?: Decision['matchKeys']
  readonly record?: RecordUpdate
  readonly members?: readonly MemberUpdate[]
}): boolean {
  if (item.matchKeys !== undefined || item.record?.state !== undefined) return true
  return (item.members ?? []).some(({ nativeId, state }) => nativeId !== undefined || state === 'gone')
}
