/** Lists a resource page by page, with the paging that the manifest names. */
import type { CallContext, ListEnd, ListedRecord } from '../../kit/contract.ts'
import { readEach } from '../../kit/entries.ts'
import { judgedList, type ListPage } from '../../kit/list.ts'
import { isOutside } from '../../kit/manifest/record-marks.ts'
import type { ListManifest } from '../manifests/manifest.ts'
import { recordsOf } from './envelope.ts'
import { expectedOf, isRepeated, paginationOf } from './paging.ts'
import { isTombstone, listedRecord } from './record.ts'
import type { ResourceContext } from './resource-context.ts'

/**
 * The capability that each kind of paging provides. A list in one response is a snapshot and skips nothing.
 */
export function pagingEvidence(list: ListManifest): 'offset' | 'keyset' {
  switch (list.paging) {
    case 'single':
    case 'keyset':
      return 'keyset'
    case 'cursor':
    case 'link':
    case 'next':
      return list.stable ? 'keyset' : 'offset'
    case 'page':
    case 'offset':
      return 'offset'
  }
}

/**
 * Yields every page, and returns whether the listing was complete. @throws the error that ended the listing
 */
export async function* listAll(
  owner: ResourceContext,
  list: ListManifest | undefined,
  context: CallContext,
): AsyncGenerator<readonly ListedRecord[], ListEnd> {
  if (list === undefined) return { complete: false, reason: 'the manifest has no list for the resource' }
  return yield* judgedList(pagesOf(owner, list, context), {
    paging: pagingEvidence(list),
    ...(list.cap === undefined ? {} : { cap: list.cap }),
  })
}

/**
 * The completeness check of the list counts pages as well, and ends the list with its result instead of an
 * error.
 */
const pagesMax = 2_000_000

async function* pagesOf(
  { resource, client }: ResourceContext,
  list: ListManifest,
  context: CallContext,
): AsyncGenerator<ListPage> {
  const size = list.size.parameter === undefined ? {} : { [list.size.parameter]: list.size.value }
  const options = {
    paginate: paginationOf(list, resource),
    query: { ...list.query, ...size },
    items: list.items ?? '',
    pagesMax,
  }
  // A full run compares values only, so the time of each record is not parsed.
  const { changedAt: _unused, ...untimed } = resource
  let expected: number | undefined
  let last: string | undefined
  for await (const page of client.pages(resource.path, options, context)) {
    const { records, unreadable } = readEach(recordsOf(resource, page.data, list.items), (value) =>
      listedRecord(untimed, value),
    )
    const fresh = isRepeated(list, records[0]?.nativeId, last) ? records.slice(1) : records
    const living = fresh.filter(
      ({ native }) => !isTombstone(resource, native) && !isOutside(resource, native),
    )
    expected ??= expectedOf(list, page)
    last = fresh.at(-1)?.nativeId ?? last
    yield {
      records: living,
      withheld: fresh.length - living.length,
      unreadable,
      ...(expected === undefined ? {} : { expected }),
    }
  }
}
