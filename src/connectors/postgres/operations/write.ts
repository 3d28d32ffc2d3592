/**
 * Creates, changes and removes, one statement each, committed by itself.
 *
 * A precondition is part of the statement's WHERE. Under PostgreSQL's default isolation a statement that waited for another writer looks at
 * the row again before it changes it, so the comparison holds whoever came first.
 */
import type { NativeRecord } from '../../../model/values.ts'
import type {
  CallContext,
  CreateRequest,
  RemoveRequest,
  RestoreRequest,
  UpdateRequest,
  WriteResult,
} from '../../kit/contract.ts'
import { unusable } from '../../kit/unusable.ts'
import type { TextRow } from '../client.ts'
import { listedRow } from '../record.ts'
import {
  archiving,
  type BoundTable,
  from,
  givenColumns,
  hasKey,
  hasVersion,
  isDeleted,
  keyParts,
  nativeIdOf,
  of,
  quoted,
  rowsOf,
  shown,
  timeFor,
  unarchiving,
} from '../statements.ts'
import { markerColumn } from './find.ts'
import { readOne } from './read.ts'
import { boundTable, type TableOwner, tableName, writeResult } from './table-owner.ts'

/** Makes a row, or finds that it is there already, by the identity that the definition names. */
export async function createRow(
  owner: TableOwner,
  { body, recordId }: CreateRequest,
  context: CallContext,
): Promise<WriteResult> {
  try {
    const bound = await boundTable(owner, context)
    const values = createdValues(owner, body, recordId)
    const target = conflictTarget(owner)
    const refusal = missingKey(owner, values)
    if (refusal !== undefined) return refusal
    const columns = givenColumns(values)
    if (columns.length === 0) {
      const text = `insert into ${from(bound)} as t default values returning ${answered(bound)}`
      const [row] = await owner.client.write({ text, values: [] }, context)
      return row === undefined ? suppressed(owner) : settled(owner, bound, row, context)
    }
    const { source, parameter } = rowsOf(bound, columns, [{ values }])
    const text = `insert into ${from(bound)} as t (${columns.map(quoted).join(', ')})
select ${columns.map((_, index) => `v.c${index}`).join(', ')} from ${source}${onConflict(owner, bound, { columns, target })}
returning ${answered(bound)}`
    const [made] = await owner.client.write({ text, values: [parameter] }, context)
    if (made !== undefined) return await settled(owner, bound, made, context)
    return await adopted(owner, bound, { columns, target, source, parameter }, context)
  } catch (problem) {
    return writeResult(owner, problem, 'Writing to')
  }
}

/** The values of a create, our record id where it goes. */
export function createdValues({ config }: TableOwner, body: NativeRecord, recordId: string): NativeRecord {
  const marker = markerColumn(config)
  return marker === undefined ? body : { ...body, [marker]: recordId }
}

/** Columns by which a row that is there already is recognised; none where nothing tells. */
export function conflictTarget({ config }: TableOwner): readonly string[] {
  const { create, key } = config
  if (create.as === 'key' || create.as === 'recordId') return key
  return create.as === 'marker' && create.unique ? [create.column] : []
}

/** Without its key such a row could be made twice. */
export function missingKey(owner: TableOwner, values: NativeRecord): WriteResult | undefined {
  const missing = conflictTarget(owner).filter((column) => (values[column] ?? null) === null)
  if (missing.length === 0) return undefined
  return {
    kind: 'rejected',
    failure: {
      code: 'POSTGRES_KEY_MISSING',
      message: `A row of ${tableName(owner)} can't be made without ${missing.join(', ')}.`,
      scope: 'record',
    },
    fields: missing,
  }
}

/** What happens to a row of the same key or marker that is there already. One that is marked as deleted is never written over. */
export function onConflict(
  owner: TableOwner,
  bound: BoundTable,
  { columns, target }: { readonly columns: readonly string[]; readonly target: readonly string[] },
): string {
  if (target.length === 0) return ''
  const others = columns.filter((column) => !target.includes(column))
  const on = `\non conflict (${target.map(quoted).join(', ')})`
  if (owner.config.existing === 'adopt' || others.length === 0) return `${on} do nothing`
  const sets = others.map((one) => `${quoted(one)} = excluded.${quoted(one)}`)
  return `${on} do update set ${[...sets, ...touched(bound, columns)].join(', ')} where not (${isDeleted(bound)})`
}

interface Upsert {
  readonly columns: readonly string[]
  readonly target: readonly string[]
  readonly source: string
  readonly parameter: string
}

/** The insert made nothing, since the row is there: from an earlier attempt of ours, or somebody else's. */
async function adopted(
  owner: TableOwner,
  bound: BoundTable,
  { columns, target, source, parameter }: Upsert,
  context: CallContext,
): Promise<WriteResult> {
  if (target.length === 0) return suppressed(owner)
  const same = target.map((column) => `${of(column)} = v.c${columns.indexOf(column)}`)
  const text = `select ${shown(bound)} from ${from(bound)} as t, ${source} where ${same.join(' and ')}`
  const [row] = await owner.client.write({ text, values: [parameter] }, context)
  return row === undefined ? suppressed(owner) : present(owner, row)
}

/** A row that was there before the create. One that counts as deleted is not taken for a new record: that would carry the deletion on. */
export function present(owner: TableOwner, row: TextRow): WriteResult {
  if (row.deleted !== 't') return written(row)
  return {
    kind: 'rejected',
    failure: {
      code: 'POSTGRES_ROW_DELETED',
      message: `A row of ${tableName(owner)} with this key is there, but marked as deleted.`,
      scope: 'record',
    },
  }
}

/** Changes the named columns of a row. */
export async function updateRow(
  owner: TableOwner,
  { nativeId, patch, ifVersion }: UpdateRequest,
  context: CallContext,
): Promise<WriteResult> {
  try {
    const bound = await boundTable(owner, context)
    const parts = keyParts(bound, nativeId)
    if (parts === undefined) return { kind: 'gone' }
    const values = withoutKey(owner, patch, parts)
    if (values === undefined) return keyChanged(owner)
    const columns = givenColumns(values)
    const { source, parameter } = rowsOf(bound, columns, [{ values }])
    const sets = [
      ...columns.map((column, index) => `${quoted(column)} = v.c${index}`),
      ...touched(bound, columns),
    ]
    if (sets.length === 0) return await unchanged(owner, { nativeId, ifVersion }, context)
    const parameters = [parameter, ...parts, ...(ifVersion === undefined ? [] : [ifVersion])]
    const text = `update ${from(bound)} as t set ${sets.join(', ')} from ${source}
where ${hasKey(bound, 2)} and not (${isDeleted(bound)})${precondition(bound, parts.length + 2, ifVersion)}
returning ${answered(bound)}`
    const [row] = await owner.client.write({ text, values: parameters }, context)
    if (row !== undefined) return await settled(owner, bound, row, context)
    return await missed(owner, { nativeId, ifVersion }, context)
  } catch (problem) {
    return writeResult(owner, problem, 'Writing to')
  }
}

/** Columns that our updates set to the time, unless the patch does. */
export function touched(bound: BoundTable, columns: readonly string[]): readonly string[] {
  return bound.config.touch
    .filter((column) => !columns.includes(column))
    .map((column) => `${quoted(column)} = ${timeFor(bound, column, 'clock_timestamp()')}`)
}

/** The patch without key columns that say what the row's key says anyway; undefined when one would change it. */
export function withoutKey(
  { config }: TableOwner,
  patch: NativeRecord,
  parts: readonly string[],
): NativeRecord | undefined {
  const changes = config.key.some(
    (column, index) => patch[column] !== undefined && String(patch[column]) !== parts[index],
  )
  if (changes) return undefined
  return Object.fromEntries(Object.entries(patch).filter(([column]) => !config.key.includes(column)))
}

export function keyChanged(owner: TableOwner): WriteResult {
  return {
    kind: 'rejected',
    failure: {
      code: 'POSTGRES_KEY_CHANGED',
      message: `The key of a row of ${tableName(owner)} can't be changed: it is the record's id.`,
      scope: 'record',
    },
    fields: owner.config.key,
  }
}

function precondition(bound: BoundTable, place: number, ifVersion: string | undefined): string {
  return ifVersion === undefined ? '' : ` and ${hasVersion(bound, `$${place}`)}`
}

/** Nothing was named to change: only the row and its version are looked at. */
async function unchanged(
  owner: TableOwner,
  { nativeId, ifVersion }: { readonly nativeId: string; readonly ifVersion: string | undefined },
  context: CallContext,
): Promise<WriteResult> {
  const read = await readOne(owner, nativeId, context)
  if (read.kind === 'unknown') return { kind: 'not-sent', failure: read.failure }
  if (read.kind === 'gone') return read
  if (ifVersion !== undefined && read.version !== ifVersion) return { kind: 'stale' }
  const { native, version } = read
  return { kind: 'ok', nativeId, native, ...(version === undefined ? {} : { version }) }
}

/** The statement met no row, so it changed nothing for certain; why is to be seen. */
async function missed(
  owner: TableOwner,
  { nativeId, ifVersion }: { readonly nativeId: string; readonly ifVersion: string | undefined },
  context: CallContext,
): Promise<WriteResult> {
  const read = await readOne(owner, nativeId, context)
  if (read.kind === 'unknown') return { kind: 'not-sent', failure: read.failure }
  if (read.kind === 'gone') return read
  return ifVersion !== undefined && read.version !== ifVersion ? { kind: 'stale' } : suppressed(owner)
}

function suppressed(owner: TableOwner): WriteResult {
  return {
    kind: 'rejected',
    failure: {
      code: 'POSTGRES_SUPPRESSED',
      message: `A trigger or policy of ${tableName(owner)} took the write without an effect.`,
      scope: 'record',
    },
  }
}

/** What a write answers: the row, or only its id where it is read once more. */
function answered(bound: BoundTable): string {
  return bound.table.readsBack ? `${nativeIdOf(bound)} as "nativeId"` : shown(bound)
}

/** What the row holds after the write, read once more where the response can't tell (see the catalogue's `readsBack`). */
async function settled(
  owner: TableOwner,
  { table }: BoundTable,
  row: TextRow,
  context: CallContext,
): Promise<WriteResult> {
  if (!table.readsBack) return written(row)
  const { nativeId } = row
  if (typeof nativeId !== 'string') throw unusable('a row has no value in its key')
  const read = await readOne(owner, nativeId, context)
  if (read.kind !== 'live') return { kind: 'ok', nativeId }
  return {
    kind: 'ok',
    nativeId,
    native: read.native,
    ...(read.version === undefined ? {} : { version: read.version }),
  }
}

/** The result of a write that answered its row. */
export function written(row: TextRow): WriteResult {
  const { nativeId, native, version } = listedRow(row)
  return { kind: 'ok', nativeId, native, ...(version === undefined ? {} : { version }) }
}

/** Deletes a row, or marks it as deleted. */
export async function removeRow(
  owner: TableOwner,
  { nativeId, mode, ifVersion }: RemoveRequest,
  context: CallContext,
): Promise<WriteResult> {
  try {
    const bound = await boundTable(owner, context)
    const parts = keyParts(bound, nativeId)
    if (parts === undefined) return { kind: 'gone' }
    const values = [...parts, ...(ifVersion === undefined ? [] : [ifVersion])]
    const where = `${hasKey(bound, 1)}${precondition(bound, parts.length + 1, ifVersion)}`
    const sets = [archiving(bound), ...touched(bound, [])].join(', ')
    const text =
      mode === 'delete'
        ? `delete from ${from(bound)} as t where ${where} returning 1`
        : `update ${from(bound)} as t set ${sets} where ${where} and not (${isDeleted(bound)}) returning 1`
    const rows = await owner.client.write({ text, values }, context)
    return rows.length > 0 ? { kind: 'ok', nativeId } : await missed(owner, { nativeId, ifVersion }, context)
  } catch (problem) {
    return writeResult(owner, problem, 'Removing from')
  }
}

/** Takes a row back that is marked as deleted. */
export async function restoreRow(
  owner: TableOwner,
  { nativeId }: RestoreRequest,
  context: CallContext,
): Promise<WriteResult> {
  try {
    const bound = await boundTable(owner, context)
    const parts = keyParts(bound, nativeId)
    if (parts === undefined) return { kind: 'gone' }
    const sets = [unarchiving(bound), ...touched(bound, [])].join(', ')
    const text = `update ${from(bound)} as t set ${sets} where ${hasKey(bound, 1)} and ${isDeleted(bound)} returning 1`
    const rows = await owner.client.write({ text, values: parts }, context)
    if (rows.length > 0) return { kind: 'ok', nativeId }
    const read = await readOne(owner, nativeId, context)
    // One that is not marked has nothing to be taken back from.
    if (read.kind === 'live') return { kind: 'ok', nativeId }
    return read.kind === 'gone' ? read : { kind: 'not-sent', failure: read.failure }
  } catch (problem) {
    return writeResult(owner, problem, 'Restoring in')
  }
}
