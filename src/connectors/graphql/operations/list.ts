/** Walks the list of a resource, page by page, by whichever way of paging the manifest names. */
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

/** The capability that a way of paging gives. A list in one response is a snapshot and skips nothing. */
export function pagingEvidence(list: ListManifest): 'offset' | 'keyset' {
  if (list.paging === 'connection') return list.stable ? 'keyset' : 'offset'
  return list.paging === 'offset' ? 'offset' : 'keyset'
}

/** Hands on every page, and ends with the verdict whether that was everything. @throws the error that ended the listing */
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

/** How far the walk has come. */
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

/** The records of a page, and how many entries it has. */
export interface PageRecords extends ReadEntries<ListedRecord> {
  readonly count: number
  /** Some of what it holds is missing because of an error. */
  readonly damaged: boolean
}

/**
 * The records of a page. An error within single entries is their affair: a null instead of one is an entry that can't be read, and one with a
 * field that failed differs from what is known, so that it is looked at by id and fails alone. Any other error makes it no page.
 *
 * @throws GraphqlError, IsthmusError CONNECTOR_RESPONSE_UNUSABLE
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

/** Positions of entries with an error in them; undefined when an error is about the page, or about the whole API. */
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
      // Not by the number of records: one that is added in the midst while another vanishes would hide the last.
      return count === 0 || walk.last === undefined
        ? undefined
        : { after: scalarFor(document.variables.get('after'), walk.last) }
    case 'offset':
      return atEnd ? undefined : { offset: walk.seen }
  }
}

/** Where a connection goes on; undefined at its end. @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when it does not say */
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

/** Notices a walk that goes in circles, however large, keeping one place (Brent's way of finding cycles). */
export class LoopCheck {
  #kept: string | undefined
  #steps = 0
  #until = 1

  /** @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when the place was met before */
  step(place: string): void {
    if (place === this.#kept) throw unusable('the pages lead back to one that was read already')
    this.#steps += 1
    if (this.#steps < this.#until) return
    this.#kept = place
    this.#steps = 0
    this.#until *= 2
  }
}
