/** Duplicates depend on match keys and counterparts. */
import type { Cause } from '../../model/cause.ts'
import type { OpenMatters } from '../duplicates-contract.ts'
import {
  apartKey,
  type DuplicateTableRow,
  type MemberRow,
  type MemoryContext,
  markDirty,
  membersOf,
  type RecordRow,
} from './tables.ts'

/** A key held by more records than this distinguishes none of them: it makes no duplicates. */
export const holdersMax = 5
const namedMax = 10

const matchable: ReadonlySet<string> = new Set(['candidate', 'review', 'active'])

/**
 * Opens and closes the duplicates of a record. Work that a closed one blocked continues: both of its records
 * are due.
 */
export function refreshDuplicates(context: MemoryContext, recordId: string): void {
  openShared(context, recordId)
  for (const row of openDuplicatesOf(context, recordId)) {
    if (isStill(context, row)) continue
    row.state = 'over'
    row.closedAt = context.now()
    for (const id of [row.recordId, row.otherId]) markAll(context, id, 'record')
  }
}

/** The open duplicates of a record. */
export function openDuplicatesOf({ tables }: MemoryContext, recordId: string): readonly DuplicateTableRow[] {
  return [...(tables.recordDuplicates.get(recordId) ?? [])].filter((row) => row.state === 'open')
}

/** The other record of a pair. */
export function otherOf(row: DuplicateTableRow, recordId: string): string {
  return row.recordId === recordId ? row.otherId : row.recordId
}

/** Returns the row of a pair; a new one is closed until it is opened. */
export function pairRow(context: MemoryContext, one: RecordRow, otherId: string): DuplicateTableRow {
  const { tables } = context
  const known = tables.duplicates.get(apartKey(one.id, otherId))
  if (known !== undefined) return known
  const [recordId, second] = one.id < otherId ? [one.id, otherId] : [otherId, one.id]
  const row: DuplicateTableRow = {
    id: context.uuid(),
    entity: one.entity,
    recordId,
    otherId: second,
    cause: 'key',
    state: 'over',
    at: context.now(),
    closedAt: undefined,
    system: undefined,
    survivorId: undefined,
    decidedBy: undefined,
    before: undefined,
  }
  tables.duplicates.set(apartKey(one.id, otherId), row)
  for (const id of [recordId, second]) {
    const rows = tables.recordDuplicates.get(id) ?? new Set<DuplicateTableRow>()
    tables.recordDuplicates.set(id, rows.add(row))
  }
  return row
}

export function openMergeDuplicate(
  context: MemoryContext,
  loser: RecordRow,
  survivor: RecordRow,
  system: string,
): void {
  const row = pairRow(context, loser, survivor.id)
  if (row.state === 'open' && row.cause === 'merge') return
  reopen(context, row)
  row.cause = 'merge'
  row.system = system
  row.survivorId = survivor.id
}

/** Open duplicates of a record that becomes part of another one pass on to that. */
export function inheritDuplicates(
  context: MemoryContext,
  loser: RecordRow,
  survivor: RecordRow,
  system: string | undefined,
): void {
  for (const known of openDuplicatesOf(context, loser.id)) {
    const otherId = otherOf(known, loser.id)
    if (otherId === survivor.id || context.tables.apart.has(apartKey(survivor.id, otherId))) continue
    const row = pairRow(context, survivor, otherId)
    if (row.state === 'open' && (row.cause === 'merge' || known.survivorId === undefined)) continue
    reopen(context, row)
    row.cause = 'merge'
    row.system = known.system ?? system
    row.survivorId = known.survivorId === loser.id ? survivor.id : known.survivorId
  }
}

export function reopen(context: MemoryContext, row: DuplicateTableRow): void {
  row.state = 'open'
  row.at = context.now()
  row.closedAt = undefined
  row.decidedBy = undefined
  row.before = undefined
}

export function markAll(context: MemoryContext, recordId: string, cause: Cause): void {
  const record = context.tables.records.get(recordId)
  if (record !== undefined) markDirty(context.tables, record, ['*'], { now: context.now(), cause })
}

/** A native record that is not known to be gone. */
export function isThere({ nativeId, state }: MemberRow): boolean {
  return nativeId !== undefined && state !== 'gone'
}

/** Returns what is undecided about a record before a deletion of it is confirmed. */
export function openMatters(
  context: MemoryContext,
  query: {
    readonly recordId: string
    readonly system: string
    readonly entity: string
    readonly before: number
  },
): OpenMatters {
  const { tables } = context
  const { recordId, system, entity, before } = query
  const matches = sharersOf(context, recordId).filter((id) => {
    const state = tables.records.get(id)?.state
    return (state === 'candidate' || state === 'review') && !tables.apart.has(apartKey(recordId, id))
  })
  const unread = [...tables.dirty].some((id) => {
    const member = tables.members.get(id)?.get(system)
    return (
      member?.state === 'unread' &&
      member.entity === entity &&
      member.lane.state !== 'quarantined' &&
      member.lane.state !== 'backoff' &&
      tables.records.get(id)?.state === 'candidate' &&
      (member.discoveredAt ?? 0) < before
    )
  })
  return {
    duplicates: openDuplicatesOf(context, recordId)
      .slice(0, namedMax)
      .map((row) => ({
        recordId: otherOf(row, recordId),
        cause: row.cause,
        ...(row.survivorId === undefined ? {} : { survivorId: row.survivorId }),
      })),
    matches: matches.slice(0, namedMax),
    unread,
  }
}

function openShared(context: MemoryContext, recordId: string): void {
  const { tables } = context
  const own = tables.records.get(recordId)
  if (own === undefined || !matchable.has(own.state)) return
  for (const id of sharersOf(context, recordId)) {
    if (tables.apart.has(apartKey(recordId, id)) || !overlaps(context, recordId, id)) continue
    const row = pairRow(context, own, id)
    if (row.state !== 'over' && row.state !== 'apart') continue
    reopen(context, row)
    row.cause = 'key'
    row.system = undefined
    row.survivorId = undefined
  }
}

/**
 * Returns all holders of keys of this record that exactly one record more than allowed holds: when such a
 * holder appears or disappears, all pairs of that key start or stop being duplicates.
 */
export function holdersOfCrossing({ tables }: MemoryContext, recordId: string): readonly string[] {
  return [...(tables.recordKeys.get(recordId) ?? [])].flatMap(([mac, { kind }]) => {
    const holders = [...(tables.keyRecords.get(mac) ?? [])].filter((id) =>
      matchable.has(tables.records.get(id)?.state ?? ''),
    )
    return kind === 'exact' && holders.length === holdersMax + 1 ? holders : []
  })
}

/** Other records that share an exact key which distinguishes records. */
function sharersOf({ tables }: MemoryContext, recordId: string): readonly string[] {
  const found = new Set<string>()
  for (const [mac, { kind }] of tables.recordKeys.get(recordId) ?? []) {
    if (kind !== 'exact') continue
    const holders = [...(tables.keyRecords.get(mac) ?? [])].filter((id) =>
      matchable.has(tables.records.get(id)?.state ?? ''),
    )
    if (holders.length <= holdersMax) for (const id of holders) found.add(id)
  }
  found.delete(recordId)
  return [...found].sort()
}

/** Both have a native record in some system; two complete records are duplicates even without. */
function overlaps({ tables }: MemoryContext, one: string, other: string): boolean {
  const own = membersOf(tables, one).filter(isThere)
  const theirs = membersOf(tables, other).filter(isThere)
  if (own.length > 1 && theirs.length > 1) return true
  return own.some(({ system }) => theirs.some((member) => member.system === system))
}

function isStill(context: MemoryContext, row: DuplicateTableRow): boolean {
  const { tables } = context
  const states = [row.recordId, row.otherId].map((id) => tables.records.get(id)?.state ?? '')
  if (!states.every((state) => matchable.has(state))) return false
  if (tables.apart.has(apartKey(row.recordId, row.otherId))) return false
  // A merge by a system stays a duplicate until it is decided.
  if (row.cause === 'merge') return true
  return (
    overlaps(context, row.recordId, row.otherId) && sharersOf(context, row.recordId).includes(row.otherId)
  )
}
