/**
 * Finds records by our id or by values. A query reads the records themselves, not the search index, so it has
 * no lag.
 */
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, FindRequest, FindResult } from '../../kit/contract.ts'
import { readEach } from '../../kit/entries.ts'
import { textAt } from '../../kit/native.ts'
import { unusable } from '../../kit/unusable.ts'
import { readFailure } from '../errors.ts'
import type { ObjectSchema } from '../schema.ts'
import { soqlText, soqlValue } from '../soql.ts'
import type { ObjectContext } from './object-context.ts'
import { forgetIfStale } from './read.ts'

/** Maximum number of hits returned for one search. */
export const hitsMax = 50

/** Searches. Never throws: a failure is no information. */
export async function findRecords(
  owner: ObjectContext,
  request: FindRequest,
  context: CallContext,
): Promise<FindResult> {
  try {
    const schema = await owner.schemas.of(owner.object, context)
    const where =
      request.by === 'marker'
        ? `${markerField(owner)} = ${soqlText(request.recordId)}`
        : conditionsOf(schema, request.values)
    const soql = `SELECT Id FROM ${owner.object} WHERE ${where} ORDER BY Id LIMIT ${hitsMax}`
    const { rows } = await owner.client.query(soql, context)
    const { records: nativeIds, unreadable } = readEach(rows, idOfRow)
    // A row that can't be read may be the record in question: finding none proves nothing then.
    const capped = unreadable !== undefined || nativeIds.length >= hitsMax
    return { kind: 'found', nativeIds, capped, ...narrowness(schema, request) }
  } catch (error) {
    forgetIfStale(owner, error)
    return { kind: 'unknown', failure: readFailure(error) }
  }
}

/** Returns the id of a row of a query. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE */
export function idOfRow(row: unknown): string {
  const nativeId = textAt(row, ['Id'])
  if (nativeId === undefined) throw unusable('a record has no Id')
  return nativeId
}

/** Returns the field that holds our record ids. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE */
export function markerField({ config, object }: ObjectContext): string {
  if (config.externalId !== undefined) return config.externalId
  throw unusable(`${object} has no field for our record ids (externalId)`)
}

/** SOQL ignores case, except for fields declared case-sensitive. */
export function narrowness(schema: ObjectSchema, request: FindRequest): { readonly narrow?: true } {
  const names = request.by === 'marker' ? [] : Object.keys(request.values)
  return names.some((name) => schema.fields.get(name)?.caseSensitive === true) ? { narrow: true } : {}
}

function conditionsOf(schema: ObjectSchema, values: NativeRecord): string {
  const conditions = Object.entries(values).map(
    ([name, value]) => `${name} = ${conditionValue(schema, name, value)}`,
  )
  if (conditions.length === 0) throw unusable('a search needs at least one value')
  return conditions.join(' AND ')
}

/**
 * Formats a value for a condition on its field. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE for one that
 * can't be searched by
 */
export function conditionValue(schema: ObjectSchema, name: string, value: unknown): string {
  const field = schema.fields.get(name)
  const text = field?.filterable === true ? soqlValue(value, field.type) : undefined
  if (text === undefined) throw unusable(`${schema.name} can't be searched by ${name}`)
  return text
}
