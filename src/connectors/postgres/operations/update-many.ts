/** Changes several rows in one statement. */
import type { CallContext, UpdateRequest, WriteResult } from '../../kit/contract.ts'
import { from, givenColumns, hasVersion, isDeleted, keyParts, of, quoted, shown } from '../statements.ts'
import { type Batch, grouped, type Item, inBatches, lost, runGroup } from './statement-batch.ts'
import type { TableOwner } from './table-owner.ts'
import { updateRow, withoutKey } from './update.ts'
import { touched } from './written-row.ts'

/** Changes several rows. */
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
      // One statement changes a row once; a second change of the same row is written separately afterwards.
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
