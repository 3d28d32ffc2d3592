/** Changes a row with one statement that commits on its own. */
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, UpdateRequest, WriteResult } from '../../kit/contract.ts'
import { from, givenColumns, hasKey, isDeleted, keyParts, quoted, rowsOf } from '../statements.ts'
import { readOne } from './read.ts'
import { boundTable, type TableOwner, tableName, writeResult } from './table-owner.ts'
import { answered, missed, precondition, settled, touched } from './written-row.ts'

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

/** Returns the patch without key columns that match the row's key; undefined when one would change it. */
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

/** Nothing to change: only the row and its version are read. */
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
