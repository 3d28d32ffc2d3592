/** Converts the paging of a manifest to that of the API client. */
import {
  cursor,
  linkHeader,
  nextAddress,
  offsetLimit,
  type PageSoFar,
  type Pagination,
  pageNumber,
} from '../../../http/pagination/paginate.ts'
import { textAt } from '../../kit/native.ts'
import type { ListManifest, ResourceManifest } from '../manifests/manifest.ts'
import { idOfElement } from './envelope.ts'

type KeysetList = Extract<ListManifest, { paging: 'keyset' }>

/** What is known of a page: enough to determine the length of the list. */
type ReportingPage = Pick<PageSoFar, 'data' | 'headers'>

/** Creates the paging for one listing; it holds the progress, so each listing needs its own. */
export function paginationOf(list: ListManifest, resource: ResourceManifest): Pagination {
  switch (list.paging) {
    case 'single':
      return { name: 'single', items: '', first: () => ({ query: {} }), next: () => undefined }
    case 'link':
      return linkHeader()
    case 'cursor':
      return cursor({
        parameter: list.after,
        next: list.next,
        ...(list.more === undefined ? {} : { more: list.more }),
      })
    case 'next':
      return nextAddress({ next: list.next })
    case 'keyset':
      return keyset(list, resource)
    case 'page':
      return untilTotal(list, pageNumber({ parameter: list.parameter, first: list.first }))
    case 'offset':
      return untilTotal(list, offsetLimit({ parameter: list.parameter }))
  }
}

/** The length of the whole list as reported by this page. */
export function expectedOf({ total }: ListManifest, page: ReportingPage): number | undefined {
  const fromBody = total?.path === undefined ? undefined : textAt(page.data, total.path)
  const text = fromBody ?? (total?.header === undefined ? undefined : page.headers[total.header])
  const expected = text === undefined ? Number.NaN : Number(text)
  return Number.isSafeInteger(expected) && expected >= 0 ? expected : undefined
}

/**
 * Ends once all records are received. When the system does not report their number, the end is an empty page:
 * a page that is merely shorter than requested may be limited by the system.
 */
function untilTotal(list: ListManifest, inner: Pagination): Pagination {
  let expected: number | undefined
  return {
    ...inner,
    next(page) {
      expected ??= expectedOf(list, page)
      return expected !== undefined && page.count >= expected ? undefined : inner.next(page)
    },
  }
}

/** Continues after the id of the last record, or after the cursor in the response. */
function keyset(list: KeysetList, resource: ResourceManifest): Pagination {
  let last: string | undefined
  return {
    name: 'keyset',
    items: '',
    first: () => ({ query: {} }),
    next(page) {
      const ids = (page.items ?? []).map((item) => idOfElement(resource, item))
      const fresh = ids.slice(isRepeated(list, ids[0], last) ? 1 : 0)
      last = fresh.at(-1) ?? last
      if (list.next !== undefined) return after(list, textAt(page.data, list.next))
      // Not compared by the number of records: one that is added while another disappears would hide the last
      // one.
      return fresh.length === 0 ? undefined : after(list, last)
    },
  }
}

/** An inclusive page begins with the last record of the previous page. */
export function isRepeated(list: ListManifest, first: string | undefined, last: string | undefined): boolean {
  return list.paging === 'keyset' && list.inclusive && last !== undefined && first === last
}

function after(list: KeysetList, value: string | undefined): ReturnType<Pagination['next']> {
  return value === undefined ? undefined : { query: { [list.after]: value } }
}
