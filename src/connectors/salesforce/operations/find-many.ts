/**
 * Several searches as one query: `Email IN ('a@x', 'b@x')`, and `(FirstName = 'Ada' AND LastName = 'Byron')
 * OR (…)` for keys of several fields. A row is assigned to its search by its values; searches that can't be
 * assigned are repeated with fewer at once.
 */
import type { CallContext, FindRequest, FindResult } from '../../kit/contract.ts'
import { textAt } from '../../kit/native.ts'
import { findTogether } from '../../kit/search/find-together.ts'
import { searchForm } from '../../kit/search/search-equality.ts'
import { fitsAddress } from '../client.ts'
import { readFailure } from '../errors.ts'
import type { ObjectSchema } from '../schema.ts'
import { conditionValue, findRecords, hitsMax, idOfRow, markerField, narrowness } from './find.ts'
import type { ObjectContext } from './object-context.ts'
import { forgetIfStale } from './read.ts'

/** Searches of one query. Longer texts reduce the number: the statement has to fit an address. */
export const searchBatch = 100
/** Rows of one query: one page of a response. */
const rowsMax = 2_000

/** Runs the searches; each gets the result that it would get alone. Never throws. */
export function findManyRecords(
  owner: ObjectContext,
  requests: readonly FindRequest[],
  context: CallContext,
): Promise<readonly FindResult[]> {
  return findTogether(requests, {
    together: (some) => queryFor(owner, some, context),
    single: (request) => findRecords(owner, request, context),
  })
}

/** A search as the texts that its fields have to equal. */
type Wanted = Readonly<Record<string, string>>

async function queryFor(
  owner: ObjectContext,
  requests: readonly FindRequest[],
  context: CallContext,
): Promise<readonly FindResult[] | undefined> {
  try {
    const schema = await owner.schemas.of(owner.object, context)
    const wanted = requests.map((request) => wantedBy(owner, request))
    if (!wanted.every((one) => one !== undefined)) return undefined
    const names = [...new Set(['Id', ...wanted.flatMap(Object.keys)])]
    const where = alternatives(schema, wanted)
    const soql = `SELECT ${names.join(', ')} FROM ${owner.object} WHERE ${where} ORDER BY Id LIMIT ${rowsMax}`
    if (!fitsAddress(soql)) return undefined
    const { rows } = await owner.client.query(soql, context)
    if (rows.length >= rowsMax) return undefined
    return shared(schema, requests, wanted, rows)
  } catch (error) {
    forgetIfStale(owner, error)
    const failure = readFailure(error)
    // One value that the org refuses must not fail the other searches; an unreachable system fails all of
    // them.
    if (failure.scope === 'record' && failure.kind === undefined) return undefined
    return requests.map(() => ({ kind: 'unknown', failure }))
  }
}

/** Undefined for a search that can't be compared with a row's texts. */
function wantedBy(owner: ObjectContext, request: FindRequest): Wanted | undefined {
  if (request.by === 'marker') return { [markerField(owner)]: request.recordId }
  const names = Object.keys(request.values)
  const texts = names.map((name) => [name, textAt(request.values, [name])] as const)
  const isWhole = texts.length > 0 && texts.every(([, text]) => text !== undefined && text.trim() !== '')
  return isWhole ? Object.fromEntries(texts.map(([name, text = '']) => [name, text])) : undefined
}

/** `IN` for searches by one field, parenthesised pairs for the others. */
function alternatives(schema: ObjectSchema, wanted: readonly Wanted[]): string {
  const byField = new Map<string, string[]>()
  const others: string[] = []
  for (const one of wanted) {
    const parts = Object.entries(one).map(
      ([name, text]) => [name, conditionValue(schema, name, text)] as const,
    )
    const [only] = parts
    if (only === undefined || parts.length > 1) {
      others.push(`(${parts.map(([name, value]) => `${name} = ${value}`).join(' AND ')})`)
    } else byField.set(only[0], [...(byField.get(only[0]) ?? []), only[1]])
  }
  const lists = [...byField].map(([name, values]) => `${name} IN (${[...new Set(values)].join(', ')})`)
  return [...lists, ...others].join(' OR ')
}

/**
 * The rows of each search; undefined when a row has no id or belongs to none, since our comparison then
 * differs from the org's.
 */
function shared(
  schema: ObjectSchema,
  requests: readonly FindRequest[],
  wanted: readonly Wanted[],
  rows: readonly unknown[],
): readonly FindResult[] | undefined {
  const found = wanted.map(() => [] as string[])
  for (const row of rows) {
    const places = wanted.flatMap((one, place) => (holds(schema, row, one) ? [place] : []))
    if (places.length === 0 || textAt(row, ['Id']) === undefined) return undefined
    for (const place of places) found[place]?.push(idOfRow(row))
  }
  return requests.map((request, place) => {
    const nativeIds = found[place] ?? []
    const capped = nativeIds.length >= hitsMax
    return { kind: 'found', nativeIds: nativeIds.slice(0, hitsMax), capped, ...narrowness(schema, request) }
  })
}

function holds(schema: ObjectSchema, row: unknown, wanted: Wanted): boolean {
  return Object.entries(wanted).every(([name, text]) => {
    const value = textAt(row, [name])
    if (value === undefined) return false
    if (schema.fields.get(name)?.caseSensitive === true) return value.trim() === text.trim()
    const form = (one: string): string => searchForm(one, 'ignoringCaseAndSpace')
    return form(value) === form(text) || isSameNumber(value, text)
  })
}

function isSameNumber(one: string, other: string): boolean {
  const plain = /^-?\d{1,15}(\.\d{1,10})?$/
  return plain.test(one) && plain.test(other) && Number(one) === Number(other)
}
