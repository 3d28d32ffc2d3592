/** A manifest's way of paging as the API client's. */
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

/** What a page is told by: enough to say how many records the list has. */
type ReportingPage = Pick<PageSoFar, 'data' | 'headers'>

/** The way of paging for one walk; a walk's progress is in it, so each needs its own. */
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

/** How many records the whole list has, by the word of this page. */
export function expectedOf({ total }: ListManifest, page: ReportingPage): number | undefined {
  const fromBody = total?.path === undefined ? undefined : textAt(page.data, total.path)
  const text = fromBody ?? (total?.header === undefined ? undefined : page.headers[total.header])
  const expected = text === undefined ? Number.NaN : Number(text)
  return Number.isSafeInteger(expected) && expected >= 0 ? expected : undefined
}

/**
 * Ends once as many records came as there are. Where the system does not say, the end is an empty page: one that is merely shorter than
 * asked for may be a bound of the system's own.
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

/** After the id of the last record, or after what the response says. */
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
      // Not by the number of records: one that is added in the midst while another vanishes would hide the last.
      return fresh.length === 0 ? undefined : after(list, last)
    },
  }
}

/** An inclusive page begins with the last record of the page before. */
export function isRepeated(list: ListManifest, first: string | undefined, last: string | undefined): boolean {
  return list.paging === 'keyset' && list.inclusive && last !== undefined && first === last
}

function after(list: KeysetList, value: string | undefined): ReturnType<Pagination['next']> {
  return value === undefined ? undefined : { query: { [list.after]: value } }
}
