/** Blind index of match keys. */

import type { RecordState } from '../../model/state.ts'
import type { MatchHit, MatchKey, MatchRequest } from '../contract.ts'
import { hashKeyMacs, matchKeyMac } from '../documents.ts'
import { holdersOfCrossing, refreshDuplicates } from './duplicates.ts'
import { leased } from './lease.ts'
import { readRecord } from './read-rows.ts'
import { apartKey, dropKeys, type MemoryContext, membersOf, openIntentsOf, type RecordRow } from './tables.ts'

/**
 * Records that a key may lead to. A tombstone is not one: a later record with the same key is another one.
 */
const matchable: ReadonlySet<RecordState> = new Set(['candidate', 'review', 'active', 'deleting'])

type KeyIndex = ReadonlyMap<string, { readonly rule: number; readonly kind: 'exact' | 'block' }>

/** Replaces the match keys of a record. */
export function registerKeys(context: MemoryContext, record: RecordRow, keys: readonly MatchKey[]): void {
  const { tables } = context
  dropKeys(tables, record.id)
  const own = indexKeys(context, record, keys)
  for (const mac of own.keys()) {
    const holders = tables.keyRecords.get(mac) ?? new Set<string>()
    tables.keyRecords.set(mac, holders.add(record.id))
  }
  tables.recordKeys.set(record.id, own)
}

/** Registers the keys, and opens and closes the duplicates that depend on them. */
export function changeKeys(context: MemoryContext, record: RecordRow, keys: readonly MatchKey[]): void {
  const before = holdersOfCrossing(context, record.id)
  registerKeys(context, record, keys)
  for (const id of new Set([record.id, ...before, ...holdersOfCrossing(context, record.id)])) {
    refreshDuplicates(context, id)
  }
}

function indexKeys({ codec }: MemoryContext, record: RecordRow, keys: readonly MatchKey[]): KeyIndex {
  return new Map(
    keys.map((matchKey) => [
      Buffer.from(matchKeyMac(codec, record.entity, matchKey)).toString('hex'),
      { rule: matchKey.rule, kind: matchKey.kind },
    ]),
  )
}

/** One item of `Store.match`. */
export function matchOne(context: MemoryContext, request: MatchRequest): readonly MatchHit[] | 'fenced' {
  const record = leased(context, request.lease)
  if (record === undefined) return 'fenced'
  changeKeys(context, record, request.keys)
  return sharing(context, record, undefined).map(({ other, rule, kind }): MatchHit => {
    const members = membersOf(context.tables, other.id)
    return {
      recordId: other.id,
      state: other.state,
      rule,
      kind,
      linked: members.filter((member) => member.nativeId !== undefined).map((member) => member.system),
      creating: openIntentsOf(context.tables, other.id)
        .filter((intent) => intent.operation === 'create')
        .map((intent) => intent.system),
      fields: readRecord(context, other).fields,
      keptApart: context.tables.apart.has(apartKey(record.id, other.id)),
      busy: other.leaseOwner !== undefined,
    }
  })
}

/**
 * Another record with a native record of that system and the same exact key, not kept apart. `keys` replace
 * the registered ones.
 */
export function sharedExactKey(
  context: MemoryContext,
  record: RecordRow,
  system: string,
  keys: readonly MatchKey[] | undefined,
): string | undefined {
  const found = sharing(context, record, keys).find(
    ({ other, kind }) =>
      kind === 'exact' &&
      context.tables.members.get(other.id)?.get(system)?.nativeId !== undefined &&
      !context.tables.apart.has(apartKey(record.id, other.id)),
  )
  return found?.other.id
}

/** The hash of the keys that the record is registered under; `keys` replace them. */
export function keysHash(
  context: MemoryContext,
  record: RecordRow,
  keys: readonly MatchKey[] | undefined,
): string {
  const own = keys === undefined ? context.tables.recordKeys.get(record.id) : indexKeys(context, record, keys)
  return hashKeyMacs([...(own?.keys() ?? [])].map((mac) => Buffer.from(mac, 'hex')))
}

function sharing(context: MemoryContext, record: RecordRow, keys: readonly MatchKey[] | undefined) {
  const { tables } = context
  const own = keys === undefined ? tables.recordKeys.get(record.id) : indexKeys(context, record, keys)
  const hits: { other: RecordRow; rule: number; kind: 'exact' | 'block' }[] = []
  for (const [mac, { rule, kind }] of own ?? []) {
    for (const id of tables.keyRecords.get(mac) ?? []) {
      const other = id === record.id ? undefined : tables.records.get(id)
      if (other !== undefined && matchable.has(other.state)) hits.push({ other, rule, kind })
    }
  }
  return hits.sort((a, b) => a.rule - b.rule || (a.other.id < b.other.id ? -1 : 1))
}
