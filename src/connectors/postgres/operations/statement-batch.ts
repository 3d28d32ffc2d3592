/**
 * Several creates or updates in one statement. Rows with the same columns are combined; the statement takes
 * effect whole or not at all.
 *
 * When the server refuses a value, everything was rolled back, and the rows are written one by one, so that
 * only the faulty one is refused. When there is no response, the outcome of every row of the statement is
 * unknown.
 */
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, WriteResult } from '../../kit/contract.ts'
import type { TextRow } from '../client.ts'
import { isRowsFault } from '../failures.ts'
import { type BoundTable, givenColumns, rowsOf } from '../statements.ts'
import { present } from './create.ts'
import { boundTable, type TableOwner, writeResult } from './table-owner.ts'
import { written } from './written-row.ts'

/** One write of a batch, with its position in the request. */
export interface Item {
  readonly place: number
  readonly values: NativeRecord
  readonly version?: string | undefined
}

export interface Batch {
  readonly owner: TableOwner
  readonly bound: BoundTable
  readonly context: CallContext
  readonly results: (WriteResult | undefined)[]
  /** Writes one of them separately, which also reports why it could not be part of a batch. */
  readonly alone: (place: number) => Promise<WriteResult>
}

export const lost: WriteResult = {
  kind: 'not-sent',
  failure: { code: 'INTERNAL', message: 'There is no such write in the batch.', scope: 'record' },
}

export async function inBatches(
  owner: TableOwner,
  context: CallContext,
  writes: { readonly count: number; readonly alone: Batch['alone'] },
  run: (batch: Batch) => Promise<void>,
): Promise<readonly WriteResult[]> {
  const results: (WriteResult | undefined)[] = Array.from({ length: writes.count })
  try {
    const bound = await boundTable(owner, context)
    await run({ owner, bound, context, results, alone: writes.alone })
  } catch {
    // The cause of the failure recurs in each row's own write, which reports it.
  }
  for (let place = 0; place < writes.count; place += 1) results[place] ??= await writes.alone(place)
  return results.map((result) => result ?? lost)
}

/** Rows with the same columns; a batch with an unknown column is left to the rows' own writes. */
export function grouped(items: readonly Item[], { table }: BoundTable): readonly (readonly Item[])[] {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const columns = givenColumns(item.values).toSorted()
    if (columns.length === 0 || columns.some((column) => !table.columns.has(column))) continue
    const key = JSON.stringify(columns)
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return [...groups.values()].filter((group) => group.length > 1)
}

/** Writes one group. Rows missing from the response had no effect, and are written separately afterwards. */
export async function runGroup(
  { owner, bound, context, results }: Batch,
  group: readonly Item[],
  textOf: (columns: readonly string[]) => (source: string) => string,
): Promise<void> {
  const columns = givenColumns(group[0]?.values ?? {}).toSorted()
  try {
    const { source, parameter } = rowsOf(bound, columns, group)
    const rows = await owner.client.write({ text: textOf(columns)(source), values: [parameter] }, context)
    for (const row of rows) {
      const place = group[Number(row.n)]?.place
      if (place !== undefined) results[place] = resultOf(owner, row)
    }
  } catch (problem) {
    if (isRowsFault(problem)) return
    const result = writeResult(owner, problem, 'Writing to')
    for (const { place } of group) results[place] = result
  }
}

function resultOf(owner: TableOwner, row: TextRow): WriteResult {
  return row.was === 't' ? present(owner, row) : written(row)
}
