/** Pages of lists: the cursor is the position of the last row, (time, id). */
import type { Page, PageRequest } from '../admin-contract.ts'

export type Place = readonly [at: number, id: string]

/** Before the first row of a list that shows the newest first. */
export const newest: Place = [Number.MAX_SAFE_INTEGER, 'ffffffff-ffff-ffff-ffff-ffffffffffff']

const pageRowsMax = 200

export function pageSize({ limit }: PageRequest): number {
  return Math.min(Math.max(1, Math.trunc(limit)), pageRowsMax)
}

/** Undefined for the first page, and for an invalid cursor. */
export function placeOf({ cursor }: PageRequest): Place | undefined {
  const at = cursor?.indexOf('/') ?? -1
  if (cursor === undefined || at < 0) return undefined
  const time = Number(cursor.slice(0, at))
  return Number.isSafeInteger(time) ? [time, cursor.slice(at + 1)] : undefined
}

/** `rows` contains one more than the page, if there are more. */
export function pageOf<Row, Out>(
  request: PageRequest,
  rows: readonly Row[],
  place: (row: Row) => Place,
  read: (row: Row) => Out,
): Page<Out> {
  const size = pageSize(request)
  const page = rows.slice(0, size)
  const last = page.at(-1)
  const more = rows.length > size && last !== undefined
  return { rows: page.map(read), ...(more ? { cursor: place(last).join('/') } : {}) }
}
