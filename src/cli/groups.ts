/**
 * Groups rows that concern several records for the same reason into one line, because a person decides about
 * the cause and not about each record.
 */
import type { FailureRow, HoldRow, Page, PageRequest } from '../store/admin-contract.ts'
import { readPages } from './pages.ts'

/** Maximum number of rows that are counted; beyond it, a count is a lower bound. */
export const groupedMax = 20_000
/** Number of example records of a group. */
const examplesMax = 3

/** The properties that all records of a group share, with some example records. */
export interface Group {
  readonly records: number
  /** Epoch ms. */
  readonly firstAt: number
  readonly lastAt: number
  readonly examples: readonly string[]
}

/** Failures with one signature. */
export interface FailureGroup extends Group {
  readonly signature: string
  readonly system: string
  readonly operation: string
  readonly code: string
  readonly message: string
  readonly replay: FailureRow['replay']
  readonly times: number
}

/** Holds with the same kind and reason in one place. */
export interface HoldGroup extends Group {
  readonly kind: string
  readonly entity: string
  readonly system?: string
  readonly field?: string
  readonly reason: string
}

/** Reads rows for a grouped list, and the first `limit` of them for an ungrouped list. */
export async function readForGroups<Row>(
  limit: number,
  read: (page: PageRequest) => Promise<Page<Row>>,
): Promise<{ readonly all: readonly Row[]; readonly some: readonly Row[]; readonly cut: boolean }> {
  const { rows, cut } = await readPages(Math.max(limit, groupedMax), read)
  return { all: rows, some: rows.slice(0, limit), cut }
}

/** Failures by signature, the most frequent first. */
export function groupFailures(rows: readonly FailureRow[]): readonly FailureGroup[] {
  return groupBy(rows, ({ signature }) => signature).map((group) => {
    const [first] = group
    const { signature, system, operation, code, message, replay } = first
    const times = group.reduce((sum, { count }) => sum + count, 0)
    const span = spanOf(group.flatMap(({ firstAt, lastAt }) => [firstAt, lastAt]))
    return { signature, system, operation, code, message, replay, times, ...span, ...recordsOf(group) }
  })
}

/** Holds by kind, place and reason, the most frequent first. */
export function groupHolds(rows: readonly HoldRow[]): readonly HoldGroup[] {
  const keyOf = ({ kind, entity, system, field, reason }: HoldRow): string =>
    JSON.stringify([kind, entity, system, field, reason])
  return groupBy(rows, keyOf).map((group) => {
    const [{ kind, entity, system, field, reason }] = group
    return {
      kind,
      entity,
      reason,
      ...(system === undefined ? {} : { system }),
      ...(field === undefined ? {} : { field }),
      ...spanOf(group.map(({ at }) => at)),
      ...recordsOf(group),
    }
  })
}

/** `8613`, or `20000+` if not all were counted. */
export function countOf({ records }: Group, cut: boolean): string {
  return cut ? `${records}+` : String(records)
}

/** The record of a group of one, otherwise some example records. */
export function examplesOf({ examples, records }: Group): string {
  return records > examples.length ? `${examples.join(', ')}, …` : examples.join(', ')
}

type Filled<Row> = readonly [Row, ...Row[]]

function groupBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): readonly Filled<Row>[] {
  const groups = new Map<string, [Row, ...Row[]]>()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return [...groups.values()].toSorted((one, other) => other.length - one.length)
}

function spanOf(times: readonly number[]): Pick<Group, 'firstAt' | 'lastAt'> {
  return times.reduce(
    ({ firstAt, lastAt }, at) => ({ firstAt: Math.min(firstAt, at), lastAt: Math.max(lastAt, at) }),
    { firstAt: Number.POSITIVE_INFINITY, lastAt: 0 },
  )
}

function recordsOf(rows: readonly { readonly recordId: string }[]): Pick<Group, 'records' | 'examples'> {
  const ids = new Set(rows.map(({ recordId }) => recordId))
  return { records: ids.size, examples: [...ids].slice(0, examplesMax) }
}
