/** Lists for people, newest first. */
import { readOrElse } from '../../../model/unreadable-row.ts'
import type { ConflictRow, FailureRow, HoldRow, Page, PageRequest, ReviewRow } from '../../admin-contract.ts'
import { conflictPlace } from '../../conflict-candidates.ts'
import type { FieldCodec, RunRow } from '../../contract.ts'
import { decodePlain } from '../../documents.ts'
import type { PostgresContext } from '../context.ts'
import { pageOf, pageSize, placeOf } from '../paging.ts'
import { failureMessagePlace } from '../pass-writes.ts'
import { reviewPlace } from '../review.ts'
import { type ConflictColumns, listConflicts as conflictRows } from '../sql/list-conflicts.ts'
import { type FailureColumns, listFailures as failureRows } from '../sql/list-failures.ts'
import { listHolds as holdRows } from '../sql/list-holds.ts'
import { listRecordIds } from '../sql/list-record-ids.ts'
import { listReviews as reviewRows } from '../sql/list-reviews.ts'
import { listRuns as runRows, toRun } from '../sql/runs.ts'
import { fromText } from '../text.ts'

const zeroId = '00000000-0000-0000-0000-000000000000'

/** A modified cursor could contain anything; a text that is not an id becomes the lowest id. */
function idPlace(page: PageRequest): readonly [number, string] | undefined {
  const place = placeOf(page)
  if (place === undefined) return undefined
  return [place[0], /^[0-9a-f-]{36}$/.test(place[1]) ? place[1] : zeroId]
}

/** Implements `AdminStore.runs`. */
export async function listRuns(context: PostgresContext, page: PageRequest): Promise<Page<RunRow>> {
  const rows = await runRows(context.database.session('listing runs'), pageSize(page) + 1, placeOf(page))
  return pageOf(page, rows, (row) => [row.started_at, row.id], toRun)
}

/** Implements `AdminStore.failures`. */
export async function listFailures(
  context: PostgresContext,
  page: PageRequest & { readonly system?: string; readonly signature?: string },
): Promise<Page<FailureRow>> {
  const rows = await failureRows(context.database.session('listing failures'), {
    limit: pageSize(page) + 1,
    after: placeOf(page),
    system: page.system,
    signature: page.signature,
  })
  const codec = await context.codecs.forReading(
    rows.flatMap((row) => (row.message_document === null ? [] : row.record_id)),
  )
  return pageOf(
    page,
    rows,
    (row) => [row.last_at, `${row.record_id}/${row.system}`],
    (row): FailureRow => ({
      recordId: row.record_id,
      entity: row.entity,
      system: row.system,
      operation: row.operation,
      code: row.code,
      message: messageOf(codec, row),
      signature: fromText(row.signature),
      replay: row.replay,
      ...(row.pass_id === null ? {} : { passId: row.pass_id }),
      firstAt: row.first_at,
      lastAt: row.last_at,
      count: row.count,
    }),
  )
}

/** A message that can't be read is replaced by what is wrong with it. */
function messageOf(codec: FieldCodec, row: FailureColumns): string {
  const { message_document: document, record_id: recordId, system } = row
  if (document === null) return fromText(row.message)
  return readOrElse(
    () => decodePlain<string>(codec, failureMessagePlace(recordId, system), document),
    (unreadable) => unreadable,
  )
}

/** Implements `AdminStore.conflicts`. */
export async function listConflicts(
  context: PostgresContext,
  page: PageRequest & { readonly state?: 'open' | 'decided' },
): Promise<Page<ConflictRow>> {
  const session = context.database.session('listing conflicts')
  const rows = await conflictRows(session, pageSize(page) + 1, idPlace(page), page.state)
  const codec = await context.codecs.forReading(rows.map((row) => row.record_id))
  return pageOf(
    page,
    rows,
    (row) => [row.at, row.id],
    (row) =>
      readOrElse(
        () => toConflict(codec, row),
        (unreadable) => ({ ...withoutCandidates(row), candidates: [], unreadable }),
      ),
  )
}

/** A row as the conflict of the contract, decoded. */
export function toConflict(codec: FieldCodec, row: ConflictColumns): ConflictRow {
  const place = conflictPlace(row.id, row.record_id)
  const candidates = decodePlain<ConflictRow['candidates']>(codec, place, row.candidates)
  return { ...withoutCandidates(row), candidates }
}

function withoutCandidates(row: ConflictColumns): Omit<ConflictRow, 'candidates'> {
  return {
    id: row.id,
    recordId: row.record_id,
    entity: row.entity,
    field: row.field,
    policy: row.policy,
    state: row.state,
    at: row.at,
    ...(row.winner === null ? {} : { winner: row.winner }),
    ...(row.decided_by === null ? {} : { decidedBy: fromText(row.decided_by) }),
  }
}

/** Implements `AdminStore.reviews`. */
export async function listReviews(context: PostgresContext, page: PageRequest): Promise<Page<ReviewRow>> {
  const session = context.database.session('listing reviews')
  const rows = await reviewRows(session, pageSize(page) + 1, idPlace(page))
  const codec = await context.codecs.forReading(rows.map((row) => row.record_id))
  return pageOf(
    page,
    rows,
    (row) => [row.at, row.record_id],
    (row): ReviewRow => ({
      recordId: row.record_id,
      entity: row.entity,
      system: row.system,
      nativeId: fromText(row.rid),
      at: row.at,
      ...readOrElse<Pick<ReviewRow, 'candidates' | 'unreadable'>>(
        () => ({ candidates: decodePlain(codec, reviewPlace(row.record_id), row.candidates) }),
        (unreadable) => ({ candidates: [], unreadable }),
      ),
    }),
  )
}

/** Implements `AdminStore.holds`. */
export async function listHolds(context: PostgresContext, page: PageRequest): Promise<Page<HoldRow>> {
  const session = context.database.session('listing holds')
  const rows = await holdRows(session, pageSize(page) + 1, idPlace(page))
  return pageOf(
    page,
    rows,
    (row) => [row.at, row.id],
    (row): HoldRow => ({
      id: row.id,
      recordId: row.record_id,
      entity: row.entity,
      kind: row.kind,
      reason: fromText(row.reason),
      at: row.at,
      ...(row.system === null ? {} : { system: row.system }),
      ...(row.field === null ? {} : { field: row.field }),
    }),
  )
}

/** Implements `AdminStore.recordIds`. */
export async function recordIds(
  context: PostgresContext,
  entity: string,
  page: PageRequest,
): Promise<Page<string>> {
  const session = context.database.session('listing records')
  const rows = await listRecordIds(session, entity, pageSize(page) + 1, idPlace(page)?.[1])
  return pageOf(
    page,
    rows,
    (row) => [0, row.id],
    (row) => row.id,
  )
}
