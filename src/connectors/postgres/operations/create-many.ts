/** Creates several rows in one statement. */
import type { CallContext, CreateRequest, WriteResult } from '../../kit/contract.ts'
import { from, of, quoted, shown } from '../statements.ts'
import { conflictTarget, createdValues, createRow, missingKey, onConflict } from './create.ts'
import { type Batch, grouped, inBatches, lost, runGroup } from './statement-batch.ts'
import type { TableOwner } from './table-owner.ts'

/**
 * Creates several rows. Only for identities that a conflict reveals, since the rows of one INSERT are
 * returned in no order.
 */
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

/** Inserted rows, and those that existed when the statement began. */
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
