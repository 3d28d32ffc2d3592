/**
 * Full listings, and when they count as evidence of absence.
 *
 * A list is complete only if its paging can't skip records while others are deleted, it reached its end
 * without an error or a cap, and it returned at least as many records as the system reports. Any other list
 * still finds changes but never causes a deletion. An unreadable entry may be any record, so a list with one
 * is not complete; its other entries count.
 */
import { IsthmusError } from '../../model/errors.ts'
import type { ListEnd, ListedRecord } from './contract.ts'
import { addUnreadable, type UnreadableEntries, wordsOfUnreadable } from './entries.ts'

/** One page of a listing. */
export interface ListPage {
  /** Records of the page, in order. */
  readonly records: readonly ListedRecord[]
  /** Records that were received but are not passed on because they count as deleted. @default 0 */
  readonly withheld?: number
  /** Entries of the page that are not records. @default none */
  readonly unreadable?: UnreadableEntries | undefined
  /** Number of records in the whole list, if this page reports it. */
  readonly expected?: number
}

/** Rules for whether a listing counts as evidence of absence. */
export interface ListRules {
  /** `offset`: deleting a record shifts the others, so one may be skipped · `keyset`: none can be skipped. */
  readonly paging: 'offset' | 'keyset'
  /** Number of records after which the system silently stops, if it does. */
  readonly cap?: number
  /** Number of pages after which the listing is abandoned. @default 1000000 */
  readonly pagesMax?: number
}

/** Yields pages and returns the verdict. An error of the source ends the listing as an error. */
export async function* judgedList(
  pages: AsyncIterable<ListPage>,
  rules: ListRules,
): AsyncGenerator<readonly ListedRecord[], ListEnd> {
  const pagesMax = rules.pagesMax ?? 1_000_000
  let seen = 0
  let withheld = 0
  let count = 0
  let expected: number | undefined
  let unreadable: UnreadableEntries | undefined
  for await (const page of pages) {
    expected ??= page.expected
    unreadable = addUnreadable(unreadable, page.unreadable)
    const notHandedOn = (page.withheld ?? 0) + (page.unreadable?.count ?? 0)
    seen += page.records.length + notHandedOn
    withheld += notHandedOn
    count += 1
    if (page.records.length > 0) yield page.records
    if (count >= pagesMax)
      return ending(rules, `given up after ${pagesMax} pages`, { expected: handedOn(expected, withheld) })
  }
  // A list of nothing but such entries points to wrong rules, not to a bad record.
  if (unreadable !== undefined && unreadable.count === seen)
    throw new IsthmusError('CONNECTOR_RESPONSE_UNUSABLE', unreadable.problem)
  const found = { expected: handedOn(expected, withheld), unreadable }
  return ending(rules, doubt(rules, seen, expected), found)
}

/** Subtracts withheld records from the system's count, since readers of the list don't receive them. */
function handedOn(expected: number | undefined, withheld: number): number | undefined {
  return expected === undefined ? undefined : Math.max(0, expected - withheld)
}

function doubt(rules: ListRules, seen: number, expected: number | undefined): string | undefined {
  if (rules.cap !== undefined && seen >= rules.cap)
    return `the system lists no more than ${rules.cap} records`
  if (expected !== undefined && seen < expected)
    return `${seen} records came, the system says it has ${expected}`
  return undefined
}

const offsetDoubt = 'its pages can skip records while others are deleted'

function ending(
  rules: ListRules,
  doubt: string | undefined,
  {
    expected,
    unreadable,
  }: { readonly expected: number | undefined; readonly unreadable?: UnreadableEntries | undefined },
): ListEnd {
  const odd = unreadable === undefined ? undefined : wordsOfUnreadable(unreadable)
  const reason = doubt ?? odd ?? (rules.paging === 'offset' ? offsetDoubt : undefined)
  return {
    complete: reason === undefined,
    ...(reason !== undefined && doubt === undefined ? { ended: true } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(expected === undefined ? {} : { expected }),
    ...(unreadable === undefined ? {} : { unreadable: unreadable.count }),
  }
}
