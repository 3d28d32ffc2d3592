/**
 * Duplicates for review: the members of the two records, the suggestions, and what waits for the decision.
 */
import type { Page, PageRequest } from '../../admin-contract.ts'
import type {
  CrowdedKey,
  DuplicateNative,
  DuplicateRow,
  DuplicateSide,
  HeldByDuplicate,
} from '../../duplicates-contract.ts'
import { overlapsOf } from '../../merge-plan.ts'
import type { PostgresContext } from '../context.ts'
import type { Session } from '../database.ts'
import { pageOf, pageSize, placeOf } from '../paging.ts'
import {
  type DuplicateColumns,
  listDuplicates as duplicateRows,
  readDuplicate,
} from '../sql/decide-duplicates.ts'
import { findCrowdedKeys } from '../sql/find-crowded-keys.ts'
import { type PairDetailColumns, readPairDetails } from '../sql/read-pair-details.ts'
import { holdersMax } from '../sql/refresh-duplicates.ts'
import { fromText } from '../text.ts'
import { isUuid } from './ids.ts'

/** Implements `AdminStore.duplicates`. */
export async function listDuplicates(
  context: PostgresContext,
  page: PageRequest & { readonly state?: 'open' | 'decided' },
): Promise<Page<DuplicateRow>> {
  const session = context.database.session('listing duplicates')
  const place = placeOf(page)
  const after = place !== undefined && isUuid(place[1]) ? place : undefined
  const rows = await duplicateRows(session, pageSize(page) + 1, after, page.state ?? 'open')
  const read = await detailed(session, rows)
  return pageOf(
    page,
    rows,
    (row) => [row.state === 'open' ? row.at : (row.closed_at ?? row.at), row.id],
    read,
  )
}

/** Implements `AdminStore.duplicate`. */
export async function findDuplicate(context: PostgresContext, id: string): Promise<DuplicateRow | undefined> {
  if (!isUuid(id)) return undefined
  const session = context.database.session('reading a duplicate')
  const row = await readDuplicate(session, id)
  if (row === undefined || row.state === 'over') return undefined
  return (await detailed(session, [row]))(row)
}

/** Implements `AdminStore.crowdedKeys`. */
export async function crowdedKeys(context: PostgresContext, limit: number): Promise<readonly CrowdedKey[]> {
  const rows = await findCrowdedKeys(context.database.session('counting shared keys'), holdersMax, limit)
  return rows
}

/** Reads the data that the rows refer to, and returns each in its displayed form. */
async function detailed(
  session: Session,
  rows: readonly DuplicateColumns[],
): Promise<(row: DuplicateColumns) => DuplicateRow> {
  const ids = [...new Set(rows.flatMap((row) => [row.record_id, row.other_id]))]
  const details = await readPairDetails(session, ids)
  return (row) => toDuplicate(row, details)
}

function toDuplicate(row: DuplicateColumns, details: readonly PairDetailColumns[]): DuplicateRow {
  const [kept, dropped] = inOrder(row, details)
  const own = sideOf(kept, details)
  const theirs = sideOf(dropped, details)
  return {
    id: row.id,
    entity: row.entity,
    cause: row.cause,
    state: row.state === 'over' ? 'open' : row.state,
    at: row.at,
    sides: [own, theirs],
    overlaps: overlapsOf(own, theirs),
    held: [kept, dropped].flatMap((id) => heldOf(id, details)),
    ...(row.system === null ? {} : { system: row.system }),
    ...(row.closed_at === null ? {} : { decidedAt: row.closed_at }),
    ...(row.decided_by === null ? {} : { decidedBy: fromText(row.decided_by) }),
  }
}

/**
 * The survivor of a merge stays; otherwise a record takes precedence over an unmatched one, and the older
 * over the younger.
 */
function inOrder(
  { record_id: one, other_id: other, survivor_id: survivor }: DuplicateColumns,
  details: readonly PairDetailColumns[],
): readonly [string, string] {
  if (survivor !== null) return survivor === one ? [one, other] : [other, one]
  const isActive = (id: string) =>
    details.some((row) => row.record_id === id && row.record_state === 'active')
  return isActive(other) && !isActive(one) ? [other, one] : [one, other]
}

export function sideOf(recordId: string, details: readonly PairDetailColumns[]): DuplicateSide {
  const own = details.filter((row) => row.record_id === recordId)
  return {
    recordId,
    state: own[0]?.record_state ?? 'gone',
    natives: own.flatMap((row): DuplicateNative[] =>
      row.rid === null
        ? []
        : [{ system: row.system, nativeId: fromText(row.rid), state: row.state, madeHere: row.made_here }],
    ),
  }
}

function heldOf(recordId: string, details: readonly PairDetailColumns[]): readonly HeldByDuplicate[] {
  return details.flatMap((row): HeldByDuplicate[] => {
    if (row.record_id !== recordId) return []
    const { system } = row
    return [
      ...(row.lane_reason === 'duplicate' ? [{ recordId, system, what: 'create' as const }] : []),
      ...(row.deletion_waits ? [{ recordId, system, what: 'deletion' as const }] : []),
    ]
  })
}
