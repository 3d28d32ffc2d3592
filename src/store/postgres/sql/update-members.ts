import { type Lane, laneUntil } from '../../../model/lane.ts'
import type { MemberUpdate } from '../../contract.ts'
import { writeEvidence } from '../../documents.ts'
import type { Session } from '../database.ts'
import { packBytes } from '../packed-bytes.ts'
import { toText } from '../text.ts'

export interface MemberChange {
  readonly recordId: string
  readonly entity: string
  readonly update: Omit<MemberUpdate, 'fields'>
  readonly fields: Uint8Array | undefined
  readonly shadowMac: Uint8Array | undefined
}

/** Keys of an update that are columns of their own; the system names the row, and documents travel packed. */
type Key = Exclude<keyof MemberUpdate, 'system' | 'fields'>

type Values = { readonly [K in Key]-?: NonNullable<MemberUpdate[K]> }

interface Column<Value> {
  readonly name: string
  readonly type: 'text' | 'bigint' | 'integer'
  readonly of: (value: Value) => string | number | null
  /** What a new row has where the update says nothing, as SQL. @default null */
  readonly initial?: string
}

function text(name: string, initial?: string): Column<string> {
  return { name, type: 'text', of: toText, ...(initial === undefined ? {} : { initial }) }
}

function number(name: string, type: 'bigint' | 'integer' = 'bigint', initial?: string): Column<number> {
  return { name, type, of: (value) => value, ...(initial === undefined ? {} : { initial }) }
}

/**
 * The columns that each key of an update writes: the statements, their parameters and the mask are made of
 * this list. `null` in the update clears them, a missing key keeps them.
 */
const columns: { readonly [K in keyof Values]: readonly Column<Values[K]>[] } = {
  nativeId: [text('rid')],
  state: [text('state', `'absent'`)],
  floor: [text('floor')],
  absorbedVersion: [text('absorbed_version')],
  asof: [number('asof', 'bigint', '0')],
  settleAt: [number('settle_at')],
  lane: [
    { name: 'lane', type: 'text', of: (lane: Lane) => lane.state, initial: `'open'` },
    { name: 'lane_until', type: 'bigint', of: (lane: Lane) => laneUntil(lane) ?? null },
    { name: 'lane_reason', type: 'text', of: (lane: Lane) => lane.reason ?? null },
  ],
  laneAttempts: [number('lane_attempts', 'integer', '0')],
  goneSince: [number('gone_since')],
  goneConfirmedAt: [number('gone_confirmed_at')],
  reappearedAt: [number('reappeared_at')],
  createWantedAt: [number('create_wanted_at')],
  lens: [number('lens', 'integer')],
  evidence: [{ name: 'evidence', type: 'text', of: writeEvidence }],
}

/** Keys in the order of their bits. */
const keys = Object.keys(columns) as readonly Key[]

interface BoundColumn {
  readonly column: Omit<Column<unknown>, 'of'>
  readonly bit: number
  readonly read: (update: MemberChange['update']) => string | number | null
}

function bind<K extends Key>(key: K, index: number): readonly BoundColumn[] {
  const own: readonly Column<Values[K]>[] = columns[key]
  return own.map((column) => ({
    column,
    bit: 1 << index,
    read: (update) => {
      // The compiler does not see through the mapped type: this is what `Values` says of each key.
      const value = update[key] as Values[K] | null | undefined
      return value === undefined || value === null ? null : column.of(value)
    },
  }))
}

const bound = keys.flatMap((key, index) => bind(key, index))

/** Updates existing rows and inserts missing ones. */
export async function updateMembers(session: Session, changes: readonly MemberChange[]): Promise<void> {
  if (changes.length === 0) return
  const updated = await session.rows<{ n: number }>(update, parametersOf(changes))
  if (updated.length === changes.length) return
  const done = new Set(updated.map(({ n }) => n - 1))
  const missing = changes.filter((_change, index) => !done.has(index))
  await session.rows(insert, parametersOf(missing))
}

/** The parameters before the columns; the first is not one of the rows. */
const fixed = [
  ['record_id', 'uuid'],
  ['entity', 'text'],
  ['system', 'text'],
  ['mask', 'integer'],
  ['start', 'integer'],
  ['length', 'integer'],
  ['shadow_mac', 'bytea'],
] as const

function parametersOf(changes: readonly MemberChange[]): unknown[] {
  const column = <T>(pick: (change: MemberChange) => T): T[] => changes.map(pick)
  const documents = packBytes(column(({ fields }) => fields))
  return [
    documents.bytes,
    column(({ recordId }) => recordId),
    column(({ entity }) => entity),
    column((change) => change.update.system),
    column((change) => maskOf(change.update)),
    documents.starts,
    documents.lengths,
    column(({ shadowMac }) => shadowMac ?? null),
    ...bound.map(({ read }) => column((change) => read(change.update))),
  ]
}

function maskOf(update: MemberChange['update']): number {
  return keys.reduce((mask, key, index) => (update[key] === undefined ? mask : mask | (1 << index)), 0)
}

const unnested = [...fixed, ...bound.map(({ column }) => [column.name, column.type] as const)]
const changesTable = `
  unnest(${unnested.map(([, type], index) => `$${index + 2}::${type}[]`).join(', ')}) with ordinality
    as u (${unnested.map(([name]) => name).join(', ')}, n)`

const document = `substring($1::bytea from u.start for u.length)`
const nativeIdBit = 1 << keys.indexOf('nativeId')

const update = {
  name: 'update-members',
  text: `
    update member m set
      fields = coalesce(${document}, m.fields),
      shadow_mac = coalesce(u.shadow_mac, m.shadow_mac),
      linked_at = case
        when u.mask & ${nativeIdBit} = 0 or u.rid is not distinct from m.rid then m.linked_at
        when u.rid is null then null
        else now_ms()
      end,
      ${bound.map(({ column: { name }, bit }) => `${name} = case when u.mask & ${bit} <> 0 then u.${name} else m.${name} end`).join(',\n      ')}
    from ${changesTable}
    where m.record_id = u.record_id and m.system = u.system
    returning u.n`,
}

const insert = {
  name: 'insert-members',
  text: `
    insert into member (record_id, system, entity, fields, shadow_mac, linked_at, ${bound.map(({ column }) => column.name).join(', ')})
    select u.record_id, u.system, u.entity, ${document}, u.shadow_mac, case when u.rid is null then null else now_ms() end,
      ${bound.map(({ column: { name, initial } }) => (initial === undefined ? `u.${name}` : `coalesce(u.${name}, ${initial})`)).join(', ')}
    from ${changesTable}`,
}
