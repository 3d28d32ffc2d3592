/** Lists a resource page by page, with the paging that the manifest names. */
import type { CallContext, ListEnd, ListedRecord } from '../../kit/contract.ts'
import { type ReadEntries, readEach } from '../../kit/entries.ts'
import { judgedList, type ListPage } from '../../kit/list.ts'
import { isOutside } from '../../kit/manifest/record-marks.ts'
import { textAt, valueAt } from '../../kit/native.ts'
import { unusable } from '../../kit/unusable.ts'
import { askedBy, type GraphqlResponse, type Variables } from '../client.ts'
import { type GraphqlDocument, scalarFor } from '../documents.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'
import { type GraphqlProblem, verdictOfCode } from '../response-errors.ts'
import { isTombstone, listedRecord, recordsAt } from './record.ts'
import type { ResourceContext } from './resource-context.ts'

type ListManifest = NonNullable<ResourceManifest['list']>

/**
 * The capability that each kind of paging provides. A list in one response is a snapshot and skips nothing.
 */
export function pagingEvidence(list: ListManifest): 'offset' | 'keyset' {
  if (list.paging === 'connection') return list.stable ? 'keyset' : 'offset'
  return list.paging === 'offset' ? 'offset' : 'keyset'
}

/**
 * Yields every page, and returns whether the listing was complete. @throws the error that ended the listing
 */
export async function* listAll(
  owner: ResourceContext,
  context: CallContext,
): AsyncGenerator<readonly ListedRecord[], ListEnd> {
  const { list } = owner.resource
  const document = owner.documents.list
  if (list === undefined || document === undefined)
    return { complete: false, reason: 'the manifest has no list for the resource' }
  return yield* judgedList(pagesOf(owner, { list, document, context }), {
    paging: pagingEvidence(list),
    ...(list.cap === undefined ? {} : { cap: list.cap }),
  })
}

interface Listing {
  readonly list: ListManifest
  readonly document: GraphqlDocument
  readonly context: CallContext
}

/** The progress of a walk. */
interface Walk {
  readonly seen: number
  readonly expected: number | undefined
  readonly last: string | undefined
}

async function* pagesOf(
  owner: ResourceContext,
  { list, document, context }: Listing,
): AsyncGenerator<ListPage> {
  const { resource, client } = owner
  const loop = new LoopCheck()
  let place: Variables | undefined = list.paging === 'offset' ? { offset: 0 } : {}
  let walk: Walk = { seen: 0, expected: undefined, last: undefined }
  while (place !== undefined) {
    const variables = { first: list.size, ...place }
    const response: GraphqlResponse = await client.send({
      document,
      variables,
      rules: resource.errors,
      context,
    })
    const { records, unreadable, count } = recordsOf(owner, document, response)
    const living = records.filter(
      ({ native }) => !isTombstone(resource, native) && !isOutside(resource, native),
    )
    walk = {
      seen: walk.seen + count,
      expected: walk.expected ?? totalOf(list, response),
      last: records.at(-1)?.nativeId ?? walk.last,
    }
    yield {
      records: living,
      withheld: records.length - living.length,
      unreadable,
      ...(walk.expected === undefined ? {} : { expected: walk.expected }),
    }
    place = nextPlace(list, { document, response, walk, count })
    if (place !== undefined) loop.step(JSON.stringify(place))
  }
}

/** The records of a page, and its number of entries. */
export interface PageRecords extends ReadEntries<ListedRecord> {
  readonly count: number
  /** Some of its content is missing because of an error. */
  readonly damaged: boolean
}

/**
 * Reads the records of a page. An error within a single entry affects only that entry: null in its place is
 * an entry that can't be read, and one with a failed field differs from what is known, so that it is read by
 * id and fails alone. Any other error makes the page unusable.
 *
 * @throws IsthmusError CONNECTOR_RESPONSE_ERRORS, CONNECTOR_RESPONSE_UNUSABLE
 */
export function recordsOf(
  { resource, client }: ResourceContext,
  document: GraphqlDocument,
  { data, problems }: GraphqlResponse,
): PageRecords {
  const path = document.records ?? []
  const damaged = damagedEntries(problems, path, resource)
  const entries = damaged === undefined ? [] : recordsAt(data, path)
  if (damaged === undefined || (damaged.size > 1 && damaged.size >= entries.length)) {
    const label = `The query ${document.root}`
    throw client.failure(problems, true, {
      rules: resource.errors,
      label,
      text: document.text,
      asked: askedBy(document),
    })
  }
  const read = readEach(entries, (value) => listedRecord(resource, value))
  return { ...read, count: entries.length, damaged: damaged.size > 0 || read.unreadable !== undefined }
}

/** Positions of entries that contain an error; undefined when an error concerns the page or the whole API. */
function damagedEntries(
  problems: readonly GraphqlProblem[],
  records: readonly string[],
  { errors }: ResourceManifest,
): ReadonlySet<number> | undefined {
  const found = new Set<number>()
  for (const { code, path } of problems) {
    const at = path?.findIndex((step) => typeof step === 'number') ?? -1
    const position = path?.[at]
    const isInList =
      at > 0 && at <= records.length && path?.slice(0, at).join('.') === records.slice(0, at).join('.')
    if (!isInList || typeof position !== 'number') return undefined
    if (verdictOfCode(code, errors) === 'throttled') return undefined
    found.add(position)
  }
  return found
}

interface Page {
  readonly document: GraphqlDocument
  readonly response: GraphqlResponse
  readonly walk: Walk
  readonly count: number
}

function nextPlace(list: ListManifest, { document, response, walk, count }: Page): Variables | undefined {
  const atEnd = count === 0 || (walk.expected !== undefined && walk.seen >= walk.expected)
  switch (list.paging) {
    case 'single':
      return undefined
    case 'connection': {
      const after = nextCursor(document, response)
      return after === undefined ? undefined : { after }
    }
    case 'keyset':
      // Not compared by the number of records: one that is added while another disappears would hide the last
      // one.
      return count === 0 || walk.last === undefined
        ? undefined
        : { after: scalarFor(document.variables.get('after'), walk.last) }
    case 'offset':
      return atEnd ? undefined : { offset: walk.seen }
  }
}

/**
 * Returns the cursor of a connection's next page; undefined at its end. @throws IsthmusError
 * CONNECTOR_RESPONSE_UNUSABLE when it is missing
 */
export function nextCursor(document: GraphqlDocument, { data }: GraphqlResponse): string | undefined {
  const pageInfo = valueAt(data, [...(document.connection ?? []), 'pageInfo'])
  const hasNext = valueAt(pageInfo, ['hasNextPage'])
  if (hasNext === false) return undefined
  if (hasNext !== true) throw unusable('pageInfo does not say whether there is a next page')
  const cursor = textAt(pageInfo, ['endCursor'])
  if (cursor === undefined) throw unusable('there is a next page, but no endCursor to ask for it')
  return cursor
}

function totalOf(list: ListManifest, { data }: GraphqlResponse): number | undefined {
  const text = list.total === undefined ? undefined : textAt(data, list.total)
  const total = text === undefined ? Number.NaN : Number(text)
  return Number.isSafeInteger(total) && total >= 0 ? total : undefined
}

/** Detects a walk that goes in circles of any length while storing one position (Brent's cycle detection). */
export class LoopCheck {
  #kept: string | undefined
  #steps = 0
  #until = 1

  /** @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when the position was seen before */
  step(place: string): void {
    if (place === this.#kept) throw unusable('the pages lead back to a page that was already read')
    this.#steps += 1
    if (this.#steps < this.#until) return
    this.#kept = place
    this.#steps = 0
    this.#until *= 2
  }
}
