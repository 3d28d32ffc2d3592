/**
 * Shared by the writes: their precondition, and the resulting row.
 *
 * A precondition is part of the statement's WHERE. Under PostgreSQL's default isolation, a statement that
 * waited for another writer evaluates it again on the new state of the row, so it holds in either order.
 */
import type { CallContext, WriteResult } from '../../kit/contract.ts'
import { unusable } from '../../kit/unusable.ts'
import type { TextRow } from '../client.ts'
import { listedRow } from '../record.ts'
import { type BoundTable, hasVersion, nativeIdOf, quoted, shown, timeFor } from '../statements.ts'
import { readOne } from './read.ts'
import { type TableOwner, tableName } from './table-owner.ts'

/** Columns that our updates set to the time, unless the patch sets them. */
export function touched(bound: BoundTable, columns: readonly string[]): readonly string[] {
  return bound.config.touch
    .filter((column) => !columns.includes(column))
    .map((column) => `${quoted(column)} = ${timeFor(bound, column, 'clock_timestamp()')}`)
}

export function precondition(bound: BoundTable, place: number, ifVersion: string | undefined): string {
  return ifVersion === undefined ? '' : ` and ${hasVersion(bound, `$${place}`)}`
}

/** The statement matched no row, so it certainly changed nothing; a read shows why. */
export async function missed(
  owner: TableOwner,
  { nativeId, ifVersion }: { readonly nativeId: string; readonly ifVersion: string | undefined },
  context: CallContext,
): Promise<WriteResult> {
  const read = await readOne(owner, nativeId, context)
  if (read.kind === 'unknown') return { kind: 'not-sent', failure: read.failure }
  if (read.kind === 'gone') return read
  return ifVersion !== undefined && read.version !== ifVersion ? { kind: 'stale' } : suppressed(owner)
}

export function suppressed(owner: TableOwner): WriteResult {
  return {
    kind: 'rejected',
    failure: {
      code: 'POSTGRES_SUPPRESSED',
      message: `A trigger or policy of ${tableName(owner)} took the write without an effect.`,
      scope: 'record',
    },
  }
}

/** The result of a write: the row, or only its id when it is read again. */
export function answered(bound: BoundTable): string {
  return bound.table.readsBack ? `${nativeIdOf(bound)} as "nativeId"` : shown(bound)
}

/** The row after the write, read again when the response can't show it (see the catalogue's `readsBack`). */
export async function settled(
  owner: TableOwner,
  { table }: BoundTable,
  row: TextRow,
  context: CallContext,
): Promise<WriteResult> {
  if (!table.readsBack) return written(row)
  const { nativeId } = row
  if (typeof nativeId !== 'string') throw unusable('a row has no value in its key')
  const read = await readOne(owner, nativeId, context)
  if (read.kind !== 'live') return { kind: 'ok', nativeId }
  return {
    kind: 'ok',
    nativeId,
    native: read.native,
    ...(read.version === undefined ? {} : { version: read.version }),
  }
}

/** Converts the result of a write that returned its row. */
export function written(row: TextRow): WriteResult {
  const { nativeId, native, version } = listedRow(row)
  return { kind: 'ok', nativeId, native, ...(version === undefined ? {} : { version }) }
}
