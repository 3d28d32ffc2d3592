/** Lists for people, page by page, newest first. */
import type { ConflictRow, FailureRow, HoldRow, Page, PageRequest, ReviewRow } from '../admin-contract.ts'
import { conflictPlace } from '../conflict-candidates.ts'
import type { RunRow } from '../contract.ts'
import { decodePlain } from '../documents.ts'
import { type ConflictTableRow, type FailureTableRow, key, type MemoryContext, membersOf } from './tables.ts'

/** Maximum number of rows of a page. */
export const pageRowsMax = 200

/** Sorts by `order` descending and cuts the page after the cursor, which is the last row's order text. */
export function pageOf<Row, Out>(
  rows: readonly Row[],
  order: (row: Row) => string,
  { limit, cursor }: PageRequest,
  read: (row: Row) => Out,
): Page<Out> {
  const size = Math.min(Math.max(1, limit), pageRowsMax)
  const sorted = rows.toSorted((a, b) => (order(a) < order(b) ? 1 : -1))
  const after = cursor === undefined ? sorted : sorted.filter((row) => order(row) < cursor)
  const page = after.slice(0, size)
  const last = page.at(-1)
  return {
    rows: page.map(read),
    ...(after.length > size && last !== undefined ? { cursor: order(last) } : {}),
  }
}

/** Sorts as text: time first, then the id. */
function byTime(at: number, id: string): string {
  return `${String(at).padStart(16, '0')}/${id}`
}

/** Implements `AdminStore.runs`. */
export function listRuns({ tables }: MemoryContext, page: PageRequest): Page<RunRow> {
  return pageOf(
    [...tables.runs.values()],
    (run) => byTime(run.startedAt, run.id),
    page,
    (run) => run,
  )
}

/** Implements `AdminStore.failures`. */
export function listFailures(
  { tables }: MemoryContext,
  page: PageRequest & { readonly system?: string; readonly signature?: string },
): Page<FailureRow> {
  const open = [...tables.failures.values()].filter(
    (row) =>
      row.closedAt === undefined &&
      (page.system === undefined || row.system === page.system) &&
      (page.signature === undefined || row.signature === page.signature),
  )
  return pageOf(open, (row) => byTime(row.lastAt, key(row.recordId, row.system)), page, readFailure)
}

function readFailure({ closedAt: _open, ...row }: FailureTableRow): FailureRow {
  return row
}

/** Implements `AdminStore.conflicts`. */
export function listConflicts(
  context: MemoryContext,
  page: PageRequest & { readonly state?: 'open' | 'decided' },
): Page<ConflictRow> {
  const rows = [...context.tables.conflicts.values()].filter(
    (row) => page.state === undefined || row.state === page.state,
  )
  return pageOf(
    rows,
    (row) => byTime(row.at, row.id),
    page,
    (row) => readConflict(context, row),
  )
}

export function readConflict({ codec }: MemoryContext, row: ConflictTableRow): ConflictRow {
  const { winner, decidedBy, candidates, ...rest } = row
  const place = conflictPlace(row.id, row.recordId)
  return {
    ...rest,
    ...(winner === undefined ? {} : { winner }),
    ...(decidedBy === undefined ? {} : { decidedBy }),
    candidates: decodePlain<ConflictRow['candidates']>(codec, place, candidates),
  }
}

/** Implements `AdminStore.reviews`. */
export function listReviews({ tables }: MemoryContext, page: PageRequest): Page<ReviewRow> {
  return pageOf(
    [...tables.reviews.values()],
    (row) => byTime(row.at, row.recordId),
    page,
    (row): ReviewRow => {
      const member = membersOf(tables, row.recordId).find(({ nativeId }) => nativeId !== undefined)
      return {
        recordId: row.recordId,
        entity: tables.records.get(row.recordId)?.entity ?? '',
        system: member?.system ?? '',
        nativeId: member?.nativeId ?? '',
        at: row.at,
        candidates: row.candidates,
      }
    },
  )
}

/** Implements `AdminStore.holds`. */
export function listHolds({ tables }: MemoryContext, page: PageRequest): Page<HoldRow> {
  const open = [...tables.holds.values()].filter((row) => row.closedAt === undefined)
  return pageOf(
    open,
    (row) => byTime(row.at, row.id),
    page,
    ({ closedAt: _open, decision: _none, ...row }): HoldRow => row,
  )
}
