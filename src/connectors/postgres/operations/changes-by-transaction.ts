/**
 * Changes by the number of the transaction that wrote each row version (`xmin`). Needs no column and no
 * trigger, detects every committed insert and update exactly when it becomes visible, and reads the whole
 * table once per sweep.
 *
 * A *sweep* reports all rows written by transactions from `from` on, in the order of their keys, and records
 * at its beginning the oldest transaction still running (`to`). The next sweep starts there, and reports rows
 * that were uncommitted in the meantime. Rows of transactions that had ended while an older one was still
 * running recur; they are recognised and not reported twice. (The list of running transactions in a snapshot
 * would be more precise, but it omits subtransactions.)
 *
 * Row versions carry the lower 32 bits of the number, which wrap around every 4 billion transactions. Within
 * 2 billion, the whole number follows from the current one; an older cursor has expired. A row written
 * billions of transactions ago may look like a recent one, which only causes another read.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { CallContext, ChangedRecord, ChangesResult } from '../../kit/contract.ts'
import { readEach, wordsOfUnreadable } from '../../kit/entries.ts'
import { unusable } from '../../kit/unusable.ts'
import type { Statement, TextRow } from '../client.ts'
import { type BoundTable, from, isDeleted, nativeIdOf, of, versionOf } from '../statements.ts'
import { boundTable, type TableOwner } from './table-owner.ts'

const number = z.string().regex(/^\d{1,19}$/)

const stateSchema = z.strictObject({
  v: z.literal(1),
  /** The first transaction to report; absent in the very first sweep, which reports everything. */
  from: number.optional(),
  /** Start of the next sweep. */
  to: number.optional(),
  /** The key after which this sweep continues. */
  after: z.array(z.string()).optional(),
  /** Reported rows that will recur. */
  seen: z.array(z.string()),
})

type State = z.infer<typeof stateSchema>

/** Beyond this many, rows are reported again, which only causes more reads. */
const seenMax = 5_000
/**
 * Whole numbers can be derived from their lower halves within this many transactions; the margin is for those
 * that start in the meantime.
 */
const ageMax = 2n ** 31n - 10_000_000n

/** @throws the errors of a read */
export async function changesByTransaction(
  owner: TableOwner,
  cursor: string | undefined,
  context: CallContext,
): Promise<ChangesResult> {
  const state = cursor === undefined ? { v: 1 as const, seen: [] } : parseState(cursor)
  const { oldest, next } = await snapshot(owner, context)
  if (state === undefined || isExpired(state, next)) return { kind: 'expired' }
  const bound = await boundTable(owner, context)
  const to = state.to ?? String(oldest)
  const rows = await owner.client.read(pageStatement(bound, { ...state, to }, next, owner.pageSize), context)
  const seen = new Set(state.seen)
  const { records: changed, unreadable } = readEach(
    rows.filter((row) => !seen.has(hashOf(row))),
    changeOf,
  )
  for (const row of rows) if (row.again === 't') seen.add(hashOf(row))
  // A row without a key comes last in the sort order; the page continues after the last one that has one.
  const after = rows.length === owner.pageSize ? lastKey(bound, rows) : undefined
  const following: State =
    after === undefined ? { v: 1, from: to, seen: newest(seen) } : { ...state, to, after, seen: newest(seen) }
  return {
    kind: 'page',
    changed,
    cursor: JSON.stringify(following),
    more: after !== undefined,
    ...(unreadable === undefined ? {} : { unreadable: wordsOfUnreadable(unreadable) }),
  }
}

function parseState(cursor: string): State | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(cursor)).data
  } catch {
    return undefined
  }
}

/** Full transaction numbers: the oldest one running, and the next one to be assigned. */
async function snapshot(
  owner: TableOwner,
  context: CallContext,
): Promise<{ readonly oldest: bigint; readonly next: bigint }> {
  const text = `select pg_snapshot_xmin(s)::text as oldest, pg_snapshot_xmax(s)::text as next
from pg_current_snapshot() as s`
  const [row] = await owner.client.read({ text, values: [] }, context)
  const { oldest, next } = row ?? {}
  if (typeof oldest !== 'string' || typeof next !== 'string') throw unusable('there is no snapshot')
  return { oldest: BigInt(oldest), next: BigInt(next) }
}

/** Returns true for a cursor that is too old to be unambiguous, or is from another database. */
function isExpired({ from: first }: State, next: bigint): boolean {
  if (first === undefined) return false
  return BigInt(first) > next || next - BigInt(first) > ageMax
}

function pageStatement(bound: BoundTable, state: State, next: bigint, limit: number): Statement {
  const { key } = bound.config
  const values = [String(next), state.to ?? '0']
  // How many transactions ago the row was written. Numbers below 3 are not real transactions and mean "long
  // ago".
  const age = `(($1::bigint - t.xmin::text::bigint) & 4294967295)`
  const conditions = ['true']
  if (state.from !== undefined) {
    values.push(state.from)
    conditions.push(`t.xmin::text::bigint > 2 and ${age} <= $1::bigint - $3::bigint`)
  }
  if (state.after !== undefined) {
    const places = state.after.map((_, index) => `$${values.length + 1 + index}`)
    values.push(...state.after)
    conditions.push(`(${key.map(of).join(', ')}) > (${places.join(', ')})`)
  }
  const keys = key.map((column, index) => `${of(column)}::text as k${index}`)
  return {
    text: `select ${nativeIdOf(bound)} as "nativeId", ${keys.join(', ')}, t.xmin::text as xid, ${versionOf(bound)} as version,
  ${isDeleted(bound)} as deleted, ${age} <= $1::bigint - $2::bigint as again
from ${from(bound)} as t where ${conditions.join(' and ')} order by ${key.map(of).join(', ')} limit ${limit}`,
    values,
  }
}

function changeOf({ nativeId, version, deleted }: TextRow): ChangedRecord {
  if (nativeId === null || nativeId === undefined) throw unusable('a row has no value in its key')
  return {
    nativeId,
    ...(version === null || version === undefined ? {} : { version }),
    ...(deleted === 't' ? { deleted: true } : {}),
  }
}

/** Undefined when no row of the page has its whole key: nothing can follow such rows. */
function lastKey({ config }: BoundTable, rows: readonly TextRow[]): string[] | undefined {
  for (const row of rows.toReversed()) {
    const parts = config.key.map((_, index) => row[`k${index}`])
    if (parts.every((part) => typeof part === 'string')) return parts
  }
  return undefined
}

function hashOf({ nativeId, xid }: TextRow): string {
  return createHash('sha256')
    .update(JSON.stringify([nativeId, xid]))
    .digest('base64url')
    .slice(0, 12)
}

function newest(seen: ReadonlySet<string>): string[] {
  return [...seen].slice(-seenMax)
}
