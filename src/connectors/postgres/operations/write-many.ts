/**
 * Several creates or updates in one statement. Rows with the same columns travel together; the statement takes effect whole or not at all.
 *
 * When the server refuses a value, everything was rolled back, and the rows are written one by one, so that only the culprit is refused.
 * When nobody answers, every row of the statement is in doubt.
 */
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, CreateRequest, UpdateRequest, WriteResult } from '../../kit/contract.ts'
import type { TextRow } from '../client.ts'
import { isRowsFault } from '../failures.ts'
import {
  type BoundTable,
  from,
  givenColumns,
  hasVersion,
  isDeleted,
  keyParts,
  of,
  quoted,
  rowsOf,
  shown,
} from '../statements.ts'
import { boundTable, type TableOwner, writeResult } from './table-owner.ts'
import {
  conflictTarget,
  createdValues,
  createRow,
  missingKey,
  onConflict,
  present,
  touched,
  updateRow,
  withoutKey,
  written,
} from './write.ts'

/** One write of a batch, with its place in the request. */
interface Item {
  readonly place: number
  readonly values: NativeRecord
  readonly version?: string | undefined
}

interface Batch {
  readonly owner: TableOwner
  readonly bound: BoundTable
  readonly context: CallContext
  readonly results: (WriteResult | undefined)[]
  /** Writes one of them by itself, which also tells why it could not be part of a batch. */
  readonly alone: (place: number) => Promise<WriteResult>
}

/** Creates many rows. Only for identities that a conflict tells, since the rows of one INSERT come back in no order. */
export async function createRows(
  owner: TableOwner,
  requests: readonly CreateRequest[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const alone = (place: number): Promise<WriteResult> => {
    const request = requests[place]
    return request === undefined ? Promise.resolve(lost) : createRow(owner, request, context)
  }
  return inBatches(owner, context, { count: requests.length, alone }, async (batch) => {
    const target = conflictTarget(owner)
    const items = requests.map(({ body, recordId }, place) => ({
      place,
      values: createdValues(owner, body, recordId),
    }))
    const whole = batch.bound.table.readsBack || target.length === 0 ? [] : items
    const complete = whole.filter(({ values }) => missingKey(owner, values) === undefined)
    for (const group of grouped(complete, batch.bound)) {
      await runGroup(batch, group, (columns) => insertText(batch, columns, target))
    }
  })
}

/** Changes many rows. */
export async function updateRows(
  owner: TableOwner,
  requests: readonly UpdateRequest[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const alone = (place: number): Promise<WriteResult> => {
    const request = requests[place]
    return request === undefined ? Promise.resolve(lost) : updateRow(owner, request, context)
  }
  return inBatches(owner, context, { count: requests.length, alone }, async (batch) => {
    const { key } = owner.config
    const taken = new Set<string>()
    const items = requests.flatMap(({ nativeId, patch, ifVersion }, place): Item[] => {
      const parts = keyParts(batch.bound, nativeId)
      const values = parts === undefined ? undefined : withoutKey(owner, patch, parts)
      // One statement changes a row once; a second change of it is written by itself afterwards.
      if (parts === undefined || values === undefined || taken.has(nativeId)) return []
      if (givenColumns(values).length === 0) return []
      taken.add(nativeId)
      const keyed = Object.fromEntries(key.map((column, index) => [column, parts[index]]))
      return [{ place, values: { ...values, ...keyed }, version: ifVersion }]
    })
    const whole = batch.bound.table.readsBack ? [] : items
    for (const group of grouped(whole, batch.bound)) {
      await runGroup(batch, group, (columns) => updateText(batch, columns))
    }
  })
}

const lost: WriteResult = {
  kind: 'not-sent',
  failure: { code: 'INTERNAL', message: 'There is no such write in the batch.', scope: 'record' },
}

async function inBatches(
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
    // Whatever prevented the batch is met and told by each row's own write.
  }
  for (let place = 0; place < writes.count; place += 1) results[place] ??= await writes.alone(place)
  return results.map((result) => result ?? lost)
}

/** Rows with the same columns; a batch whose column nobody knows is left to the rows' own writes. */
function grouped(items: readonly Item[], { table }: BoundTable): readonly (readonly Item[])[] {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const columns = givenColumns(item.values).toSorted()
    if (columns.length === 0 || columns.some((column) => !table.columns.has(column))) continue
    const key = JSON.stringify(columns)
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return [...groups.values()].filter((group) => group.length > 1)
}

/** Writes one group. Rows that it says nothing about had no effect, and are written by themselves afterwards. */
async function runGroup(
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

/** Inserted rows, and those that were there when the statement began. */
function insertText(
  { owner, bound }: Batch,
  columns: readonly string[],
  target: readonly string[],
): (source: string) => string {
  const keys = target.map((column, index) => `${of(column)} as x${index}`).join(', ')
  const place = (column: string): number => columns.indexOf(column)
  const isMade = target.map((column, index) => `m.x${index} = v.c${place(column)}`).join(' and ')
  const isSame = target.map((column) => `${of(column)} = v.c${place(column)}`).join(' and ')
  return (source) => `with v as materialized (select * from ${source}), made as (
insert into ${from(bound)} as t (${columns.map(quoted).join(', ')})
select ${columns.map((_, index) => `v.c${index}`).join(', ')}
from v order by ${target.map((column) => `v.c${place(column)}`).join(', ')}${onConflict(owner, bound, { columns, target })}
returning ${shown(bound)}, ${keys})
select v.n::text as n, 'f' as was, m."nativeId", m.version, m.changed, m.deleted, m.record
from v join made as m on ${isMade}
union all
select v.n::text, 't', ${shown(bound)} from v join ${from(bound)} as t on ${isSame}
where not exists (select from made as m where ${isMade})`
}

function updateText({ owner, bound }: Batch, columns: readonly string[]): (source: string) => string {
  const { key } = owner.config
  const sets = columns.flatMap((column, index) =>
    key.includes(column) ? [] : [`${quoted(column)} = v.c${index}`],
  )
  const same = key.map((column) => `${of(column)} = v.c${columns.indexOf(column)}`)
  return (source) => `update ${from(bound)} as t set ${[...sets, ...touched(bound, columns)].join(', ')}
from ${source}
where ${same.join(' and ')} and not (${isDeleted(bound)}) and (v.ver is null or ${hasVersion(bound, 'v.ver')})
returning v.n::text as n, 'f' as was, ${shown(bound)}`
}
