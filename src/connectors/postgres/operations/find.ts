/** Looks rows up by our marker or by values, through the database's own comparison. */
import { IsthmusError } from '../../../model/errors.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, FindRequest, FindResult } from '../../kit/contract.ts'
import { type BoundTable, from, givenColumns, isDeleted, of, ridOf, rowsOf } from '../statements.ts'
import { boundTable, readFailure, type TableOwner } from './table-owner.ts'

/** Rows that a search hands on. */
export const foundMax = 100

/** Searches the whole table; without an index on the columns that reads all of it. */
export async function findRows(
  owner: TableOwner,
  request: FindRequest,
  context: CallContext,
): Promise<FindResult> {
  try {
    const bound = await boundTable(owner, context)
    const values = wantedBy(bound, request)
    const columns = givenColumns(values)
    const { source, parameter } = rowsOf(bound, columns, [{ values }])
    const same = columns.map((column, index) => `${of(column)} = v.c${index}`)
    const text = `select ${ridOf(bound)} as rid from ${from(bound)} as t, ${source}
where ${same.join(' and ')} and not (${isDeleted(bound)}) limit ${foundMax}`
    const rows = await owner.client.read({ text, values: [parameter] }, context)
    const rids = rows.flatMap(({ rid }) => (rid === null || rid === undefined ? [] : [rid]))
    return { kind: 'found', rids, capped: rows.length >= foundMax }
  } catch (problem) {
    return { kind: 'unknown', failure: readFailure(owner, problem, 'Searching') }
  }
}

function wantedBy({ config, name }: BoundTable, request: FindRequest): NativeRecord {
  if (request.by === 'values') {
    if (givenColumns(request.values).length > 0) return request.values
    throw new IsthmusError('CONNECTOR_COLUMN_UNKNOWN', `A search in ${name} needs at least one value.`)
  }
  const column = markerColumn(config)
  if (column !== undefined) return { [column]: request.recordId }
  throw new IsthmusError('CONNECTOR_COLUMN_UNKNOWN', `The table ${name} has no column for record ids.`)
}

/** The column that keeps our record ids, if there is one. */
export function markerColumn({ create, key }: BoundTable['config']): string | undefined {
  if (create.as === 'marker') return create.column
  return create.as === 'recordId' ? key[0] : undefined
}
