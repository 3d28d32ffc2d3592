/** Checks that can refuse an item of a pass, under the records' locks, before anything is written. */
import type { CreateCheck, Decision, Lease, MemberUpdate } from '../contract.ts'
import { hashKeyMacs, matchKeyMac } from '../documents.ts'
import type { PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import { byRecord } from './read-rows.ts'
import { findDuplicateCreates } from './sql/find-duplicate-creates.ts'
import { findNatives } from './sql/find-natives.ts'
import { findSharedKeys, type KeyQuery } from './sql/find-shared-keys.ts'
import { findUnreadHits } from './sql/find-unread-hits.ts'
import { findWaitingCreates } from './sql/find-waiting-creates.ts'
import { type LockedRecord, lockRecords } from './sql/lock-records.ts'
import { readKeys, type StoredKey } from './sql/match-keys.ts'
import { type IntentColumns, readOpenIntents } from './sql/read-intents.ts'
import { readNow } from './sql/read-now.ts'

/** An item with a valid lease. */
export interface Held<Item> {
  readonly item: Item
  readonly record: LockedRecord
}

export interface Refusal {
  readonly kind: 'create-waits' | 'no-evidence' | 'taken' | 'rematch' | 'duplicate'
  readonly system: string
  readonly recordId: string
}

/** Locks the records and returns the items whose lease is still valid, in the order given. */
export async function lockLeased<Item extends { readonly lease: Lease }>(
  session: Session,
  items: readonly Item[],
): Promise<readonly Held<Item>[]> {
  const records = await lockRecords(
    session,
    items.map(({ lease }) => lease.recordId),
  )
  const byId = new Map(records.map((record) => [record.id, record]))
  return items.flatMap((item) => {
    const record = byId.get(item.lease.recordId)
    const holds = record?.owner === item.lease.worker && record.epoch === item.lease.epoch
    return record !== undefined && holds ? [{ item, record }] : []
  })
}

/** Removes the items that were claimed under another definition than the bound one. */
export function ofBoundDefinition<Item extends { readonly lease: Lease }>(
  held: readonly Held<Item>[],
): readonly Held<Item>[] {
  return held.filter(({ item: { lease }, record }) => (lease.binding ?? record.bound) === record.bound)
}

/**
 * Refuses creates that have to wait or to match again. The entities are locked, so no candidate can register
 * its keys meanwhile.
 */
export async function refuseCreates(
  { codec }: PostgresContext,
  session: Session,
  held: readonly Held<Decision>[],
): Promise<ReadonlyMap<Decision, Refusal>> {
  const checks = held.flatMap(({ item, record }) =>
    (item.createChecks ?? []).map((check) => ({
      ...check,
      item,
      recordId: record.id,
      entity: record.entity,
    })),
  )
  if (checks.length === 0) return new Map()
  const withStored = checks.filter(({ item }) => item.matchKeys === undefined)
  const stored = await readKeys(session, [...new Set(withStored.map(({ recordId }) => recordId))])
  const keys = checks.map(
    ({ item, recordId, entity }): readonly Key[] =>
      item.matchKeys?.map((key) => ({ kind: key.kind, mac: matchKeyMac(codec, entity, key) })) ??
      stored.filter((key) => key.recordId === recordId),
  )
  const queries = checks.flatMap(({ recordId, system }, n): KeyQuery[] =>
    (keys[n] ?? []).flatMap(({ kind, mac }) => (kind === 'exact' ? [{ n, recordId, system, mac }] : [])),
  )
  const hits = checks.flatMap(({ system, entity, evidence }, n) =>
    (evidence?.nativeIds ?? []).map((nativeId) => ({
      n,
      system,
      entity,
      nativeId,
      since: evidence?.takenAt ?? 0,
    })),
  )
  const [duplicates, shared, waiting, unread, now] = await Promise.all([
    findDuplicateCreates(session, [...new Set(checks.map(({ recordId }) => recordId))]),
    findSharedKeys(session, queries),
    findWaitingCreates(session, checks),
    findUnreadHits(session, hits),
    checks.some(({ evidence }) => evidence !== undefined) ? readNow(session) : 0,
  ])
  const refused = new Map<Decision, Refusal>()
  checks.forEach((check, n) => {
    const { item, system, recordId } = check
    const other = shared.get(n)
    const duplicate = duplicates.get(recordId)
    if (refused.has(item)) return
    if (duplicate !== undefined) refused.set(item, { kind: 'duplicate', system, recordId: duplicate })
    else if (other !== undefined) refused.set(item, { kind: 'rematch', system, recordId: other })
    else if (waiting.has(n) || unread.has(n)) refused.set(item, { kind: 'create-waits', system, recordId })
    else if (!isEvident(check, keys[n] ?? [], now))
      refused.set(item, { kind: 'no-evidence', system, recordId })
  })
  return refused
}

type Key = Pick<StoredKey, 'kind' | 'mac'>

/**
 * True when the evidence, where it is required, is for the keys that the record has with this commit, and not
 * too old.
 */
function isEvident({ evidence }: CreateCheck, keys: readonly Key[], now: number): boolean {
  if (evidence === undefined) return true
  return now <= evidence.goodUntil && evidence.keys === hashKeyMacs(keys.map(({ mac }) => mac))
}

/** Returns the open intents of the records that are about to get another one. */
export function openIntentsOf(
  session: Session,
  items: readonly Decision[],
): Promise<readonly IntentColumns[]> {
  const opening = items.filter(({ intents }) => (intents ?? []).length > 0)
  if (opening.length === 0) return Promise.resolve([])
  return readOpenIntents(
    session,
    opening.map(({ lease }) => lease.recordId),
  )
}

/**
 * Returns the items that would open a second intent in a lane: an error of the caller, kept out of the batch.
 */
export function lanesTaken(
  held: readonly Held<Decision>[],
  open: readonly IntentColumns[],
): ReadonlySet<Decision> {
  const openOf = byRecord(open)
  const taken = held.filter(({ item, record }) => {
    const opening = item.intents ?? []
    if (opening.length === 0) return false
    const resolved = new Set(
      (item.resolved ?? []).filter(({ state }) => state !== 'open').map(({ id }) => id),
    )
    const still = (openOf.get(record.id) ?? []).filter((intent) => !resolved.has(intent.id))
    const lanes = [...still, ...opening].map(({ system }) => system)
    return new Set(lanes).size !== lanes.length
  })
  return new Set(taken.map(({ item }) => item))
}

export interface NativeClaims<Item> {
  readonly refused: ReadonlyMap<Item, Refusal>
  /** Candidates for the same native records, with the record that replaces them. */
  readonly absorbed: readonly { readonly item: Item; readonly holderId: string; readonly system: string }[]
}

type WithMembers = { readonly lease: Lease; readonly members?: readonly MemberUpdate[] }

/**
 * Returns the holder of the native ids that the items claim for their members: none, a candidate that will be
 * removed, or a record that keeps it.
 */
export async function claimNatives<Item extends WithMembers>(
  session: Session,
  held: readonly Held<Item>[],
): Promise<NativeClaims<Item>> {
  const wanted = held.flatMap(({ item, record }) =>
    (item.members ?? []).flatMap(({ system, nativeId }) =>
      nativeId === undefined || nativeId === null
        ? []
        : [{ item, record, system, entity: record.entity, nativeId }],
    ),
  )
  const refused = new Map<Item, Refusal>()
  const absorbed: { item: Item; holderId: string; system: string }[] = []
  if (wanted.length === 0) return { refused, absorbed }
  const holderOf = await lockHolders(session, wanted)
  const takenInBatch = new Map<string, string>()
  wanted.forEach(({ item, record, system, entity, nativeId }, n) => {
    const key = JSON.stringify([system, entity, nativeId])
    const earlier = takenInBatch.get(key)
    const holder = holderOf.get(n)
    if (refused.has(item)) return
    if (earlier !== undefined && earlier !== record.id) {
      refused.set(item, { kind: 'taken', system, recordId: earlier })
    } else if (holder !== undefined && holder.id !== record.id && !absorbable(holder)) {
      refused.set(item, { kind: 'taken', system, recordId: holder.id })
    } else {
      takenInBatch.set(key, record.id)
      if (holder !== undefined && holder.id !== record.id)
        absorbed.push({ item, holderId: holder.id, system })
    }
  })
  return { refused, absorbed: absorbed.filter(({ item }) => !refused.has(item)) }
}

/** The state is read again under the lock: a candidate may have been promoted meanwhile. */
async function lockHolders(
  session: Session,
  wanted: readonly { readonly system: string; readonly entity: string; readonly nativeId: string }[],
): Promise<ReadonlyMap<number, LockedRecord>> {
  const holders = await findNatives(session, wanted)
  if (holders.length === 0) return new Map()
  const locked = await lockRecords(session, [...new Set(holders.map((row) => row.record_id))])
  const byId = new Map(locked.map((record) => [record.id, record]))
  return new Map(
    holders.flatMap((row) => {
      const record = byId.get(row.record_id)
      return record === undefined ? [] : [[row.n, record] as const]
    }),
  )
}

function absorbable({ state }: LockedRecord): boolean {
  return state === 'candidate' || state === 'review' || state === 'ignored'
}
