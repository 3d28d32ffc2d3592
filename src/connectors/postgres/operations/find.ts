/** Finds rows by our marker or by values, through the database's own comparison. */
import { IsthmusError } from '../../../model/errors.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, FindRequest, FindResult } from '../../kit/contract.ts'
import type { Statement } from '../client.ts'
import { sqlState } from '../failures.ts'
import {
  type BoundTable,
  columnOf,
  from,
  givenColumns,
  isDeleted,
  nativeIdOf,
  of,
  rowsOf,
} from '../statements.ts'
import { boundTable, readFailure, type TableOwner } from './table-owner.ts'

/** Maximum number of rows returned for one search. */
export const foundMax = 100
/** Maximum number of searches in one statement. */
export const searchBatch = 200

/** Searches the whole table; without an index on the columns, that is a full scan. */
export async function findRows(
  owner: TableOwner,
  request: FindRequest,
  context: CallContext,
): Promise<FindResult> {
  try {
    const bound = await boundTable(owner, context)
    const [result] = await search(owner, bound, [wantedBy(bound, request)], context)
    return result ?? { kind: 'found', nativeIds: [], capped: false }
  } catch (problem) {
    return { kind: 'unknown', failure: readFailure(owner, problem, 'Searching') }
  }
}

/** Searches with one statement for all searches by the same columns, each with its own limit of rows. */
export async function findManyRows(
  owner: TableOwner,
  requests: readonly FindRequest[],
  context: CallContext,
): Promise<readonly FindResult[]> {
  try {
    const bound = await boundTable(owner, context)
    const groups = new Map<string, { readonly place: number; readonly values: NativeRecord }[]>()
    for (const [place, request] of requests.entries()) {
      const values = wantedBy(bound, request)
      const key = JSON.stringify(givenColumns(values))
      groups.set(key, [...(groups.get(key) ?? []), { place, values }])
    }
    const results = new Map<number, FindResult>()
    for (const group of groups.values()) {
      const responses = await search(
        owner,
        bound,
        group.map(({ values }) => values),
        context,
      )
      for (const [index, { place }] of group.entries()) {
        const response = responses[index]
        if (response !== undefined) results.set(place, response)
      }
    }
    return requests.map((_, place) => results.get(place) ?? { kind: 'found', nativeIds: [], capped: false })
  } catch (problem) {
    if (isOfOne(problem)) return oneByOne(owner, requests, context)
    const failure = readFailure(owner, problem, 'Searching')
    return requests.map(() => ({ kind: 'unknown', failure }))
  }
}

/** A value that the column's type can't hold, or an empty request, must not fail the other searches. */
function isOfOne(problem: unknown): boolean {
  return problem instanceof IsthmusError || sqlState(problem)?.startsWith('22') === true
}

async function oneByOne(
  owner: TableOwner,
  requests: readonly FindRequest[],
  context: CallContext,
): Promise<readonly FindResult[]> {
  const results: FindResult[] = []
  for (const request of requests) results.push(await findRows(owner, request, context))
  return results
}

async function search(
  owner: TableOwner,
  bound: BoundTable,
  wanted: readonly NativeRecord[],
  context: CallContext,
): Promise<readonly FindResult[]> {
  const rows = await owner.client.read(findStatement(bound, wanted), context)
  return wanted.map((_, place) => {
    const nativeIds = rows.flatMap(({ n, nativeId }) =>
      Number(n) === place && nativeId !== null && nativeId !== undefined ? [nativeId] : [],
    )
    return {
      kind: 'found',
      nativeIds,
      capped: nativeIds.length >= foundMax,
      ...narrowness(bound, wanted[place] ?? {}),
    }
  })
}

/** All searches are by the same columns. */
function findStatement(bound: BoundTable, wanted: readonly NativeRecord[]): Statement {
  const columns = givenColumns(wanted[0] ?? {})
  const { source, parameter } = rowsOf(
    bound,
    columns,
    wanted.map((values) => ({ values })),
  )
  const same = columns.map((column, index) => comparison(bound, column, `v.c${index}`))
  const text = `select v.n::text as n, found."nativeId" from ${source} cross join lateral (
select ${nativeIdOf(bound)} as "nativeId" from ${from(bound)} as t
where ${same.join(' and ')} and not (${isDeleted(bound)}) limit ${foundMax}) as found`
  return { text, values: [parameter] }
}

const textTypes: ReadonlySet<string> = new Set(['text', 'varchar', 'bpchar', 'citext', 'name'])
/**
 * Blanks around a text: those that JavaScript and the normaliser `trim` remove, as far as they occur in
 * texts.
 */
const blanks = String.raw`U&' \0009\000a\000b\000c\000d\00a0\2028\2029\202f\205f\3000\feff'`

/** `=` of the column's type, or the declared comparison of the table. */
function comparison(bound: BoundTable, column: string, value: string): string {
  const { equality } = bound.config.search
  const { base, isArray } = columnOf(bound, column)
  if (equality === 'exact' || isArray || !textTypes.has(base)) return `${of(column)} = ${value}`
  const form = (text: string): string =>
    equality === 'ignoringCase' ? `lower(${text}::text)` : `lower(btrim(${text}::text, ${blanks}))`
  return `${form(of(column))} = ${form(value)}`
}

/**
 * The treatment of letters beyond ASCII by `lower` depends on the database's locale: "C" leaves them
 * unchanged.
 */
function narrowness({ config }: BoundTable, values: NativeRecord): { readonly narrow?: true } {
  const isPlain = Object.values(values).every(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly the characters of ASCII are meant
    (value) => typeof value !== 'string' || /^[\u0000-\u007f]*$/.test(value),
  )
  return config.search.equality === 'exact' || isPlain ? {} : { narrow: true }
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

/** The column that stores our record ids, if there is one. */
export function markerColumn({ create, key }: BoundTable['config']): string | undefined {
  if (create.as === 'marker') return create.column
  return create.as === 'recordId' ? key[0] : undefined
}
