/** Records that wait for a value which another record holds. */
import type { PassRows } from '../contract.ts'
import { cycleMax, type ValueWait, valueKey } from '../value-wait-contract.ts'
import { key, type MemoryContext, markDirty, type ValueWaitRow } from './tables.ts'

export function writeValueWaits(context: MemoryContext, rows: PassRows): void {
  const { valueWaits } = context.tables
  for (const { value, ...place } of rows.releasedValues ?? []) {
    const released = valueKey(place, value)
    endWhere(context, ({ wanted }) => wanted === released)
  }
  for (const { recordId, system, field } of rows.clearedValueWaits ?? [])
    valueWaits.delete(key(recordId, system, field))
  for (const { recordId, wanted, holds, ...place } of rows.valueWaits ?? []) {
    valueWaits.set(key(recordId, place.system, place.field), {
      ...place,
      recordId,
      wanted: valueKey(place, wanted),
      holds: holds === undefined ? undefined : valueKey(place, holds),
    })
  }
}

export function endValueWaits(context: MemoryContext, system: string, entity: string): number {
  return endWhere(context, (row) => row.system === system && row.entity === entity)
}

function endWhere(context: MemoryContext, matches: (row: ValueWaitRow) => boolean): number {
  const { tables, now } = context
  let count = 0
  for (const [rowKey, row] of tables.valueWaits) {
    if (!matches(row)) continue
    tables.valueWaits.delete(rowKey)
    const record = tables.records.get(row.recordId)
    if (record !== undefined) markDirty(tables, record, [row.system], { now: now(), cause: 'record' })
    count += 1
  }
  return count
}

export function readValueWaits({ tables }: MemoryContext, recordId: string): readonly ValueWait[] {
  const rows = [...tables.valueWaits.values()]
  return rows
    .filter((row) => row.recordId === recordId)
    .map((own) => {
      const cycle = cycleFrom(rows, own)
      const { system, field } = own
      return {
        system,
        field,
        ...(cycle === undefined ? {} : { cycle: { first: firstOf(cycle) } }),
      }
    })
}

function firstOf(cycle: readonly string[]): string {
  return cycle.reduce((first, id) => (id < first ? id : first))
}

/** The records of the cycle that the wait is a part of. */
function cycleFrom(rows: readonly ValueWaitRow[], own: ValueWaitRow): readonly string[] | undefined {
  const ids: string[] = [own.recordId]
  let at: ValueWaitRow | undefined = own
  for (let depth = 0; depth < cycleMax; depth += 1) {
    const { wanted }: ValueWaitRow = at
    at = rows.find(({ holds }) => holds === wanted)
    if (at === undefined) return undefined
    if (at.recordId === own.recordId) return ids
    ids.push(at.recordId)
  }
  return undefined
}
