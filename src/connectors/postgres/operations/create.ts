/** Creates a row with one statement that commits on its own. */
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, CreateRequest, WriteResult } from '../../kit/contract.ts'
import type { TextRow } from '../client.ts'
import { type BoundTable, from, givenColumns, isDeleted, of, quoted, rowsOf, shown } from '../statements.ts'
import { markerColumn } from './find.ts'
import { boundTable, type TableOwner, tableName, writeResult } from './table-owner.ts'
import { answered, settled, suppressed, touched, written } from './written-row.ts'

/** Creates a row, or finds that it already exists, by the identity that the definition names. */
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

/** The values of a create, with our record id in its place. */
export function createdValues({ config }: TableOwner, body: NativeRecord, recordId: string): NativeRecord {
  const marker = markerColumn(config)
  return marker === undefined ? body : { ...body, [marker]: recordId }
}

/** Columns by which an existing row is recognised; none when nothing identifies it. */
export function conflictTarget({ config }: TableOwner): readonly string[] {
  const { create, key } = config
  if (create.as === 'key' || create.as === 'recordId') return key
  return create.as === 'marker' && create.unique ? [create.column] : []
}

/** Without its key, such a row could be created twice. */
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

/**
 * The treatment of an existing row with the same key or marker. One that is marked as deleted is never
 * overwritten.
 */
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

/**
 * The insert created nothing, since the row exists: from an earlier attempt of ours, or from another writer.
 */
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

/**
 * A row that existed before the create. One that counts as deleted is not taken for a new record: that would
 * propagate the deletion.
 */
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
