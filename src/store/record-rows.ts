/**
 * Reads the rows of records each by itself, so that one that can't be read costs only its own record. Used by
 * both stores.
 */
import type { Intent, Member, SyncRecord } from '../model/state.ts'
import { isUnreadable, readOrElse, type UnreadableRow } from '../model/unreadable-row.ts'
import type { ClaimedRecord, ClaimResult, Lease, UnreadableRecord } from './contract.ts'

/**
 * Reads one row; where it can't be read, adds what is wrong to `problems` and returns undefined. Other errors
 * are thrown.
 */
function readOrNote<Out>(
  problems: UnreadableRow[],
  system: string | undefined,
  read: () => Out,
): Out | undefined {
  try {
    return read()
  } catch (error) {
    if (!isUnreadable(error)) throw error
    const { code, message } = error
    problems.push({ code, message, ...(system === undefined ? {} : { system }) })
    return undefined
  }
}

/** The rows of one record as a store has them, and how each is read. */
export interface RecordRows<MemberRow, IntentRow> {
  readonly record: () => SyncRecord
  readonly members: readonly MemberRow[]
  readonly toMember: (row: MemberRow) => Member
  /** The member without its fields, for one whose fields can't be read because its record can't. */
  readonly toBareMember: (row: MemberRow) => Member
  readonly intents: readonly IntentRow[]
  readonly toIntent: (row: IntentRow) => Intent
}

/** The rows that can be read, and what is wrong with the others. */
export interface ReadRows {
  readonly record: SyncRecord | undefined
  readonly members: readonly Member[]
  readonly intents: readonly Intent[]
  readonly unreadable: readonly UnreadableRow[]
}

/** Reads each row of a record by itself. */
export function readRecordRows<
  MemberRow extends { readonly system: string },
  IntentRow extends { readonly system: string },
>({
  record,
  members,
  toMember,
  toBareMember,
  intents,
  toIntent,
}: RecordRows<MemberRow, IntentRow>): ReadRows {
  const unreadable: UnreadableRow[] = []
  const read = readOrNote(unreadable, undefined, record)
  const readMember = (row: MemberRow): Member =>
    read === undefined
      ? readOrElse(
          () => toMember(row),
          () => toBareMember(row),
        )
      : toMember(row)
  return {
    record: read,
    members: members.flatMap((row) => readOrNote(unreadable, row.system, () => [readMember(row)]) ?? []),
    intents: intents.flatMap((row) => readOrNote(unreadable, row.system, () => [toIntent(row)]) ?? []),
    unreadable,
  }
}

/** What a claim found of one record. */
export interface ClaimedRows {
  readonly lease: Lease
  readonly entity: string
  /** Systems in which it has a row. */
  readonly systems: readonly string[]
  readonly read: ReadRows
  /** `UnreadableRecord.times`; undefined when no such failure is open. */
  readonly times: number | undefined
}

/** Separates the records that can be passed on from those that have to be given back. */
export function separateUnreadable(
  claimed: readonly ClaimedRows[],
): Pick<ClaimResult, 'records' | 'unreadable'> {
  const records: ClaimedRecord[] = []
  const unreadable: UnreadableRecord[] = []
  for (const { lease, entity, systems, read, times } of claimed) {
    const { record, members, intents: openIntents } = read
    const [problem] = read.unreadable
    if (record !== undefined && problem === undefined) {
      const earlier = times === undefined ? {} : ({ wasUnreadable: true } as const)
      records.push({ lease, record, members, openIntents, ...earlier })
    } else if (problem !== undefined) {
      // Failures are kept by system: a row of the record itself concerns all of them, and is reported once.
      const system = problem.system ?? systems[0] ?? ''
      unreadable.push({ ...problem, lease, entity, system, times: times ?? 0 })
    }
  }
  return { records, ...(unreadable.length === 0 ? {} : { unreadable }) }
}
