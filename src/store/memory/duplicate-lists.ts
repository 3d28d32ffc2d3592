/** Duplicates for review. */
import type { Page, PageRequest } from '../admin-contract.ts'
import type { CrowdedKey, DuplicateRow, DuplicateSide, HeldByDuplicate } from '../duplicates-contract.ts'
import { overlapsOf } from '../merge-plan.ts'
import { holdersMax } from './duplicates.ts'
import { pageOf } from './lists.ts'
import { type DuplicateTableRow, type MemoryContext, membersOf } from './tables.ts'

/** Implements `AdminStore.duplicates`. */
export function listDuplicates(
  context: MemoryContext,
  page: PageRequest & { readonly state?: 'open' | 'decided' },
): Page<DuplicateRow> {
  const wanted = page.state ?? 'open'
  const rows = [...context.tables.duplicates.values()].filter(({ state }) =>
    wanted === 'open' ? state === 'open' : state === 'same' || state === 'apart',
  )
  return pageOf(
    rows,
    (row) => `${String(row.closedAt ?? row.at).padStart(16, '0')}/${row.id}`,
    page,
    (row) => readDuplicate(context, row),
  )
}

/** Implements `AdminStore.duplicate`. */
export function findDuplicate(context: MemoryContext, id: string): DuplicateRow | undefined {
  const row = [...context.tables.duplicates.values()].find((other) => other.id === id)
  return row === undefined || row.state === 'over' ? undefined : readDuplicate(context, row)
}

/** Implements `AdminStore.crowdedKeys`. */
export function crowdedKeys({ tables }: MemoryContext, limit: number): readonly CrowdedKey[] {
  const matchable = new Set(['candidate', 'review', 'active'])
  const crowded: CrowdedKey[] = []
  for (const [mac, ids] of tables.keyRecords) {
    const holders = [...ids].filter((id) => matchable.has(tables.records.get(id)?.state ?? '')).sort()
    const [first] = holders
    const key = first === undefined ? undefined : tables.recordKeys.get(first)?.get(mac)
    if (first === undefined || key?.kind !== 'exact' || holders.length <= holdersMax) continue
    const entity = tables.records.get(first)?.entity ?? ''
    crowded.push({ entity, rule: key.rule, holders: holders.length, examples: holders.slice(0, 3) })
  }
  return crowded.sort((a, b) => b.holders - a.holders).slice(0, limit)
}

function readDuplicate(context: MemoryContext, row: DuplicateTableRow): DuplicateRow {
  const [kept, dropped] = inOrder(context, row)
  const own = sideOf(context, kept)
  const theirs = sideOf(context, dropped)
  return {
    id: row.id,
    entity: row.entity,
    cause: row.cause,
    state: row.state === 'over' ? 'open' : row.state,
    at: row.at,
    sides: [own, theirs],
    overlaps: overlapsOf(own, theirs),
    held: [kept, dropped].flatMap((id) => heldOf(context, id)),
    ...(row.system === undefined ? {} : { system: row.system }),
    ...(row.closedAt === undefined ? {} : { decidedAt: row.closedAt }),
    ...(row.decidedBy === undefined ? {} : { decidedBy: row.decidedBy }),
  }
}

/**
 * The survivor of a merge stays; otherwise a record takes precedence over an unmatched one, and the older
 * over the younger.
 */
function inOrder({ tables }: MemoryContext, row: DuplicateTableRow): readonly [string, string] {
  const { recordId: one, otherId: other, survivorId } = row
  if (survivorId !== undefined) return survivorId === one ? [one, other] : [other, one]
  const isActive = (id: string) => tables.records.get(id)?.state === 'active'
  return isActive(other) && !isActive(one) ? [other, one] : [one, other]
}

export function sideOf({ tables }: MemoryContext, recordId: string): DuplicateSide {
  const creates = (tables.recordIntents.get(recordId) ?? []).filter(
    (intent) => intent.operation === 'create' && intent.state === 'done',
  )
  return {
    recordId,
    state: tables.records.get(recordId)?.state ?? 'gone',
    natives: membersOf(tables, recordId)
      .flatMap(({ system, nativeId, state }) =>
        nativeId === undefined
          ? []
          : [{ system, nativeId, state, madeHere: creates.some((intent) => intent.system === system) }],
      )
      .sort((a, b) => (a.system < b.system ? -1 : 1)),
  }
}

function heldOf({ tables }: MemoryContext, recordId: string): readonly HeldByDuplicate[] {
  const holds = [...tables.holds.values()].filter(
    (hold) => hold.recordId === recordId && hold.kind === 'delete-waits' && hold.closedAt === undefined,
  )
  return membersOf(tables, recordId)
    .toSorted((a, b) => (a.system < b.system ? -1 : 1))
    .flatMap(({ system, lane }): HeldByDuplicate[] => [
      ...(lane.reason === 'duplicate' ? [{ recordId, system, what: 'create' as const }] : []),
      ...(holds.some((hold) => hold.system === system)
        ? [{ recordId, system, what: 'deletion' as const }]
        : []),
    ])
}
