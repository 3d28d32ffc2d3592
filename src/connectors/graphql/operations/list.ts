/** Walks the list of a resource, page by page, by whichever way of paging the manifest names. */
import type { CallContext, ListEnd, ListedRecord } from '../../kit/contract.ts'
import { judgedList, type ListPage } from '../../kit/list.ts'
import { isOutside } from '../../kit/manifest/record-marks.ts'
import { textAt, valueAt } from '../../kit/native.ts'
import { askedBy, type GraphqlResponse, type Variables } from '../client.ts'
import { type GraphqlDocument, scalarFor } from '../documents.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'
import { isTombstone, listedRecord, recordsAt, unusable } from './record.ts'
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
    const records = recordsOf(owner, document, response)
    const living = records.filter(
      ({ native }) => !isTombstone(resource, native) && !isOutside(resource, native),
    )
    walk = {
      seen: walk.seen + records.length,
      expected: walk.expected ?? totalOf(list, response),
      last: records.at(-1)?.nativeId ?? walk.last,
    }
    yield {
      records: living,
      withheld: records.length - living.length,
      ...(walk.expected === undefined ? {} : { expected: walk.expected }),
    }
    place = nextPlace(list, { document, response, walk, count: records.length })
    if (place !== undefined) loop.step(JSON.stringify(place))
  }
}

/** The records of a page. A page with an error in it is no page. @throws GraphqlError, IsthmusError CONNECTOR_RESPONSE_UNUSABLE */
export function recordsOf(
  { resource, client }: ResourceContext,
  document: GraphqlDocument,
  { data, problems }: GraphqlResponse,
): readonly ListedRecord[] {
  if (problems.length > 0) {
    const label = `The query ${document.root}`
    throw client.failure(problems, true, {
      rules: resource.errors,
      label,
      text: document.text,
      asked: askedBy(document),
    })
  }
  return recordsAt(data, document.records ?? []).map((value) => listedRecord(resource, value))
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
