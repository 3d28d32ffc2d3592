/** Renders the rows of lists as resources. */
import type { z } from 'zod'
import { describeRunEnd } from '../../model/run-reasons.ts'
import type { ConflictRow, Page, ReviewRow, SchemaRow } from '../../store/admin-contract.ts'
import type { DuplicateRow } from '../../store/duplicates-contract.ts'
import type { RunRow } from '../../store/run-contract.ts'
import type {
  conflictResource,
  duplicateResource,
  matchResource,
  runResource,
  schemaResource,
} from '../contract/resources.ts'
import type { Visibility } from './records.ts'

/** A conflict as its resource. */
export function presentConflict(
  { candidates, ...row }: ConflictRow,
  { values }: Visibility,
): z.input<typeof conflictResource> {
  return {
    ...row,
    candidates: candidates.map(({ system, value, at }) => ({
      system,
      at,
      ...(values ? { value: value ?? null } : {}),
    })),
  }
}

/** A match as its resource. */
export function presentMatch({ candidates, ...row }: ReviewRow): z.input<typeof matchResource> {
  // The store keeps scores in thousandths.
  return { ...row, candidates: candidates.map((one) => ({ ...one, score: one.score / 1000 })) }
}

/** A duplicate as its resource. */
export function presentDuplicate({
  sides,
  overlaps,
  held,
  ...row
}: DuplicateRow): z.input<typeof duplicateResource> {
  return {
    ...row,
    sides: sides.map(({ natives, ...side }) => ({ ...side, natives: [...natives] })),
    overlaps: [...overlaps],
    held: [...held],
  }
}

/** A run as its resource. */
export function presentRun(run: RunRow): z.input<typeof runResource> {
  const { reason: _reason, unreadable: _unreadable, missingObserved: _observed, ...row } = run
  const why = run.finishedAt === undefined ? undefined : describeRunEnd(run)
  return { ...row, ...(why === undefined ? {} : { reason: why }) }
}

/** A schema as its resource. */
export function presentSchema(row: SchemaRow): z.input<typeof schemaResource> {
  return { ...row, drifted: row.accepted !== row.seen }
}

/** A page with its rows rendered. */
export function presentPage<Row, Resource>(
  { rows, cursor }: Page<Row>,
  present: (row: Row) => Resource,
): { rows: Resource[]; cursor?: string } {
  return { rows: rows.map(present), ...(cursor === undefined ? {} : { cursor }) }
}
